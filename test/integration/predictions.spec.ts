/** Forecasts that are answered and not stored, as a client meets them: a real API and a real worker. */
import { ApiError, prediction as predictionSchema, run as runSchema, trainResult } from '@almanac/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningAlmanac, startAlmanac } from '../support/almanac.js';
import { query } from '../support/database.js';
import { askPython, pythonWith } from '../support/python.js';

const HOUR = 3_600_000;
const START = Date.UTC(2024, 0, 1);
let almanac: RunningAlmanac;

const at = (t: number): string => new Date(START + t * HOUR).toISOString().replace('.000', '');
/** Daily cycle, doubled while the price is cut. */
const cut = (t: number): number => (Math.floor(t / 24) % 3 === 0 ? 1 : 0);
const sales = (t: number): number => (10 + 4 * Math.sin((2 * Math.PI * t) / 24)) * (1 + cut(t));
const hours = (n: number): number[] => Array.from({ length: n }, (_, t) => t);

async function refusal(call: Promise<unknown>): Promise<ApiError['problem']> {
  const error = await call.then(
    (answer) => answer,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApiError)) throw new Error(`Expected a refusal, got ${JSON.stringify(error)}`);
  return error.problem;
}

async function upload(dataset: string, csv: string, options: object = {}): Promise<void> {
  const { runId } = await almanac.client.upload(new Blob([csv]), `${dataset}.csv`, { dataset, ...options });
  expect((await almanac.client.waitForRun(runId)).error).toBeNull();
}

async function train(dataset: string): Promise<void> {
  const { id } = await almanac.client.call('train', {
    body: {
      dataset,
      model: `${dataset}-model`,
      kind: 'segment',
      horizon: 24,
      contextLength: 96,
      steps: 120,
      config: { hidden: 16 },
      seed: 3,
    },
  });
  const run = await almanac.client.waitForRun(id);
  expect(run.error).toBeNull();
  expect(trainResult.parse(run.result).version).toBe(1);
}

beforeAll(async () => {
  almanac = await startAlmanac();
  const rows = hours(24 * 40).map((t) => `shop,${at(t)},${sales(t)}`);
  await upload('plain', `unique_id,ds,y\n${rows.join('\n')}\n`);
  const priced = ['a', 'b'].flatMap((id) =>
    hours(24 * 41).map((t) => `${id},${at(t)},${t < 24 * 40 ? sales(t) * (id === 'a' ? 1 : 3) : ''},${cut(t)}`),
  );
  await upload('priced', `unique_id,ds,y,cut\n${priced.join('\n')}\n`, { futureCovariates: ['cut'], frequency: 'h' });
  await train('plain');
  await train('priced');
});
afterAll(() => almanac?.stop());

describe('POST /v1/forecast', () => {
  it('mixes what needs no training, says how, and answers in the columns of the export, with nothing stored', async () => {
    const months = (n: number): string[] =>
      Array.from({ length: n }, (_, m) => `${2015 + Math.floor(m / 12)}-${String((m % 12) + 1).padStart(2, '0')}-01`);
    const y = months(60).map((_, m) => 100 + m + 20 * Math.sin((2 * Math.PI * m) / 12));
    const order = months(60).map((_, m) => (m * 7) % 60);
    const answer = await almanac.client.predict({
      series: {
        shuffled: { ds: order.map((m) => months(60)[m]!), y: order.map((m) => y[m]!) },
        gapped: { ds: months(60).filter((_, m) => m !== 30), y: y.filter((_, m) => m !== 30) },
      },
      horizon: 12,
      level: [90],
      members: true,
    });
    expect(answer).toMatchObject({ version: null, frequency: 'MS', timeZone: 'UTC', horizon: 12 });
    expect(answer.model).toBe('auto');
    const { members, series, summary } = answer.choice!;
    expect(members.map(({ kind }) => kind)).toEqual(['pretrained', 'optimisedTheta', 'autoEts', 'seasonalNaive']);
    expect(members.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 2);
    expect(series.map(({ uniqueId }) => uniqueId)).toEqual(['shuffled', 'gapped']);
    expect(series[1]!.why).toMatch(/^59 observations, a season of 12 steps, rising trend: /);
    expect(summary).toContain('Budget quick');
    // The median of the mix is that of what its members say.
    const own = answer.members.filter(({ uniqueId }) => uniqueId === 'shuffled');
    const mixed = own.reduce((sum, { share, median }) => sum + share * median[0]!, 0);
    expect(own.length).toBeGreaterThan(1);
    expect(answer.columns['auto']![0]).toBeCloseTo(mixed, 6);
    const { unique_id, ds, cutoff, ...forecasts } = answer.columns;
    expect(Object.keys(forecasts)).toEqual([answer.model, `${answer.model}-lo-90`, `${answer.model}-hi-90`]);
    expect(unique_id).toEqual([...Array<string>(12).fill('shuffled'), ...Array<string>(12).fill('gapped')]);
    expect([ds![0], ds![11], cutoff![0]]).toEqual(['2020-01-01', '2020-12-01', '2019-12-01']);
    forecasts[answer.model]!.forEach((value, i) => {
      const m = 60 + (i % 12);
      expect(Math.abs((value as number) - (100 + m + 20 * Math.sin((2 * Math.PI * m) / 12)))).toBeLessThan(8);
      expect(forecasts[`${answer.model}-lo-90`]![i]).toBeLessThanOrEqual(value as number);
      expect(forecasts[`${answer.model}-hi-90`]![i]).toBeGreaterThanOrEqual(value as number);
    });
    expect(
      await query(almanac.databaseUrl, 'SELECT count(*)::int AS n FROM prediction WHERE request IS NOT NULL OR answer IS NOT NULL'),
    ).toEqual([{ n: 0 }]);
    expect(await query(almanac.databaseUrl, 'SELECT count(*)::int AS n FROM forecast')).toEqual([{ n: 0 }]);
  });

  it('forecasts with the pretrained network what nothing was trained on, and refuses more steps than that goes on for', async () => {
    const series = [{ uniqueId: 'shop', start: at(0), y: hours(24 * 20).map(sales) }];
    const answer = await almanac.client.predict({ model: 'pretrained', frequency: 'h', series, horizon: 48, level: [80] });
    expect(answer).toMatchObject({ model: 'pretrained', version: null, seasonLengths: [24, 168], choice: null });
    const point = answer.columns['pretrained']! as number[];
    const error = point.reduce((sum, value, t) => sum + Math.abs(value - (10 + 4 * Math.sin((2 * Math.PI * t) / 24))), 0) / 48;
    expect(error).toBeLessThan(8);
    point.forEach((value, t) => expect(answer.columns['pretrained-hi-80']![t]).toBeGreaterThanOrEqual(value));
    const far = almanac.client.predict({ model: 'pretrained', frequency: 'h', series, horizon: 2000 });
    expect(await refusal(far)).toMatchObject({ code: 'HORIZON_TOO_LONG' });
  });

  it('forecasts with a trained model what that has never seen, and what is younger than its context', async () => {
    const series = [
      { uniqueId: 'new shop', start: at(0), y: hours(24 * 20).map((t) => 5 * sales(t)) },
      { uniqueId: 'opened today', start: at(24 * 19), y: hours(24).map((t) => 5 * sales(24 * 19 + t)) },
      { uniqueId: 'one sale', ds: [at(24 * 20 - 1)], y: [42] },
    ];
    const answer = await almanac.client.predict({ model: 'models:/plain-model@champion', series, quantiles: [0.1, 0.9] });
    expect(answer).toMatchObject({ model: 'plain-model', version: 1, horizon: 24, frequency: 'h', choice: null });
    expect(Object.keys(answer.columns)).toEqual(['unique_id', 'ds', 'cutoff', 'plain-model', 'plain-model-q-10', 'plain-model-q-90']);
    expect(answer.columns['ds']![0]).toBe(at(24 * 20));
    const point = answer.columns['plain-model']! as number[];
    expect(point).toHaveLength(72);
    expect(point.every(Number.isFinite)).toBe(true);
    // Of the size of its own history, not of that of the series the model was trained on.
    expect(point.slice(0, 24).reduce((sum, value) => sum + value, 0) / 24).toBeGreaterThan(30);
    expect(await almanac.client.predict({ model: 'plain-model', series, quantiles: [0.1, 0.9] })).toMatchObject({
      columns: answer.columns,
    });
  });

  it('takes future covariates for a model that uses them', async () => {
    const y = hours(24 * 10).map(sales);
    const ask = (ahead: number): Promise<number> =>
      almanac.client
        .predict({
          model: 'priced-model',
          series: [
            { uniqueId: 's', start: at(0), y, futureCovariates: { cut: [...y.map((_, t) => cut(t)), ...Array<number>(24).fill(ahead)] } },
          ],
        })
        .then(({ columns }) => (columns['priced-model'] as number[]).reduce((sum, value) => sum + value, 0));
    expect(await ask(1)).toBeGreaterThan(1.02 * (await ask(0)));
    expect(await refusal(almanac.client.predict({ model: 'priced-model', series: [{ uniqueId: 's', start: at(0), y }] }))).toMatchObject({
      code: 'COVARIATE_MISSING',
      status: 400,
    });
  });

  it('answers 202 with a run to those who do not wait, and keeps the answer for them', async () => {
    const body = {
      model: 'theta',
      horizon: 3,
      wait: 0,
      series: [{ uniqueId: 's', start: '2024-01-01', y: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] }],
      frequency: 'D',
    };
    const answer = await fetch(`${almanac.url}/v1/forecast`, {
      method: 'POST',
      headers: { authorization: `Bearer ${almanac.apiKey}`, 'content-type': 'application/json', 'idempotency-key': 'again' },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(202);
    const run = runSchema.parse(await answer.json());
    expect(run).toMatchObject({ kind: 'predict', config: { model: 'theta', series: 1, horizon: 3 } });
    expect((await almanac.client.waitForRun(run.id)).status).toBe('succeeded');
    const kept = predictionSchema.parse(await almanac.client.call('getPrediction', { params: { runId: run.id } }));
    expect(kept.columns['ds']).toEqual(['2024-01-13', '2024-01-14', '2024-01-15']);
    expect(await almanac.client.predict(body)).toMatchObject({ columns: kept.columns });
    expect(await query(almanac.databaseUrl, 'SELECT count(*)::int AS n FROM idempotency_key')).toEqual([{ n: 0 }]);
    await query(almanac.databaseUrl, `UPDATE prediction SET answer = NULL WHERE run_id = '${run.id}'`);
    expect(await refusal(almanac.client.call('getPrediction', { params: { runId: run.id } }))).toMatchObject({
      code: 'PREDICTION_EXPIRED',
      status: 410,
    });
  });

  it.each([
    ['an unknown model', { model: 'nothing' }, 'MODEL_NOT_FOUND', 404],
    ['another frequency than the model has', { model: 'plain-model', frequency: 'D' }, 'FREQUENCY_MISMATCH', 400],
    ['a horizon that the model has not', { model: 'plain-model', frequency: 'h', horizon: 97 }, 'HORIZON_TOO_LONG', 400],
    [
      'a time off the grid',
      { series: { s: { ds: ['2024-01-01T00:00:00Z', '2024-01-01T01:30:00Z'], y: [1, 2] } }, frequency: 'h' },
      'OFF_GRID',
      400,
    ],
    ['a time that is none', { series: { s: { ds: ['yesterday'], y: [1] } }, frequency: 'D' }, 'TIME_INVALID', 400],
    ['a day that is none', { series: { s: { ds: ['2024-02-28', '2024-02-30'], y: [1, 2] } } }, 'TIME_INVALID', 400],
    ['a time twice', { series: { s: { ds: ['2024-01-01', '2024-01-01'], y: [1, 2] } }, frequency: 'D' }, 'TIME_TWICE', 400],
    ['fewer times than values', { series: { s: { ds: ['2024-01-01'], y: [1, 2] } }, frequency: 'D' }, 'SERIES_SHAPE', 400],
    ['no observation', { series: { s: { start: '2024-01-01', y: [null, null] } } }, 'SERIES_EMPTY', 400],
    [
      'no times to tell the frequency from',
      { series: { s: { start: '2024-01-01', y: [1, 2] } }, frequency: 'auto' },
      'FREQUENCY_NOT_INFERRED',
      400,
    ],
    ['a series twice', { series: [1, 2].map(() => ({ uniqueId: 's', start: '2024-01-01', y: [1] })) }, 'SERIES_TWICE', 400],
    ['too many values', { series: { s: { start: '2024-01-01', y: Array<number>(200_001).fill(1) } } }, 'PREDICTION_TOO_LARGE', 413],
    [
      'an answer too large',
      { horizon: 10_000, series: Object.fromEntries(hours(100).map((i) => [`s${i}`, { start: '2024-01-01', y: [1] }])) },
      'PREDICTION_TOO_LARGE',
      413,
    ],
    ['levels and quantiles at once', { level: [80], quantiles: [0.1] }, 'REQUEST_INVALID', 400],
    ['a series without values', { series: { s: { ds: [] } } }, 'REQUEST_INVALID', 400],
  ])('refuses %s at once', async (_, body, code, status) => {
    const whole = { series: { s: { start: '2024-01-01', y: [1, 2, 3] } }, frequency: 'D', ...body };
    expect(await refusal(almanac.client.predict(whole as Parameters<typeof almanac.client.predict>[0]))).toMatchObject({ code, status });
  });
});

describe('POST /v1/datasets/:dataset/first-look', () => {
  it('forecasts a dataset before anything is trained on it, and stores nothing', async () => {
    const cycle = (t: number): number => 10 + 4 * Math.sin((2 * Math.PI * t) / 24);
    await upload(
      'new',
      `unique_id,ds,y\n${hours(24 * 40)
        .map((t) => `shop,${at(t)},${cycle(t)}`)
        .join('\n')}\n`,
    );
    const looked = await almanac.client.firstLook('new', { horizon: 48 });
    expect(looked).toMatchObject({ model: 'pretrained', dataset: 'new', datasetVersion: 1, horizon: 48, seriesCount: 1 });
    const [only] = looked.firstLook;
    const wire = (t: number): string => new Date(START + t * HOUR).toISOString();
    expect(only).toMatchObject({ uniqueId: 'shop', cutoff: wire(24 * 40 - 1) });
    expect([only!.ds[0], only!.ds[47]]).toEqual([wire(24 * 40), wire(24 * 42 - 1)]);
    const [low, median, high] = [0.1, 0.5, 0.9].map((level) => only!.quantiles[looked.levels.indexOf(level)]!);
    median!.forEach((value, h) => {
      expect(low![h]).toBeLessThanOrEqual(value!);
      expect(high![h]).toBeGreaterThanOrEqual(value!);
    });
    const error = (of: (t: number) => number): number => median!.reduce<number>((sum, value, h) => sum + Math.abs(value! - of(h)), 0) / 48;
    expect(error((h) => cycle(24 * 40 + h))).toBeLessThan(0.6);
    expect(await query(almanac.databaseUrl, 'SELECT count(*)::int AS n FROM forecast')).toEqual([{ n: 0 }]);
  });

  it('refuses series that are not there, kinds that need training, and more steps than are gone on for', async () => {
    const refused = async (body: object): Promise<string> => (await refusal(almanac.client.firstLook('plain', body))).code;
    expect(await refused({ uniqueIds: ['nobody'] })).toBe('SERIES_NOT_FOUND');
    expect(await refused({ model: 'segment' })).toBe('MODEL_NEEDS_TRAINING');
    expect(await refused({ model: 'thetta' })).toBe('MODEL_KIND_UNKNOWN');
    expect(await refused({ horizon: 5000 })).toBe('HORIZON_TOO_LONG');
    expect(await almanac.client.firstLook('plain', { model: 'theta', horizon: 3 })).toMatchObject({ model: 'theta', horizon: 3 });
    expect((await refusal(almanac.client.firstLook('nothing', {}))).code).toBe('DATASET_NOT_FOUND');
  });
});

describe('POST /v1/forecasts/what-if', () => {
  it('shows a stored series with other future covariates beside the unchanged, and stores neither', async () => {
    const answer = await almanac.client.whatIf({
      model: 'priced-model@champion',
      uniqueIds: ['a', 'b'],
      changes: [
        { covariate: 'cut', set: 1, uniqueIds: ['b'] },
        { covariate: 'cut', multiply: 1 },
      ],
      quantiles: [0.1, 0.5, 0.9],
    });
    expect(answer).toMatchObject({ model: 'priced-model', version: 1, dataset: 'priced', datasetVersion: 1, horizon: 24 });
    const [a, b] = answer.items;
    expect(a).toMatchObject({ uniqueId: 'a', cutoff: at(24 * 40 - 1).replace('Z', '.000Z') });
    expect(a!.ds).toHaveLength(24);
    expect(a!.changed).toEqual(a!.baseline);
    expect(b!.covariates).toEqual([{ name: 'cut', baseline: Array<number>(24).fill(cut(24 * 40)), changed: Array<number>(24).fill(1) }]);
    const total = (rows: (number | null)[][]): number => rows[1]!.reduce<number>((sum, value) => sum + value!, 0);
    expect(total(b!.changed)).toBeGreaterThan(1.02 * total(b!.baseline));
    expect(await query(almanac.databaseUrl, 'SELECT count(*)::int AS n FROM forecast')).toEqual([{ n: 0 }]);
  });

  it.each([
    ['a model without future covariates', { model: 'plain-model', uniqueIds: ['shop'] }, 'MODEL_WITHOUT_FUTURE_COVARIATES', 400],
    ['a covariate that it has not', { changes: [{ covariate: 'rain', set: 1 }] }, 'COVARIATE_UNKNOWN', 400],
    ['a series that is not there', { uniqueIds: ['z'] }, 'SERIES_NOT_FOUND', 404],
    ['values for another horizon', { changes: [{ covariate: 'cut', values: [1, 2] }] }, 'CHANGE_SHAPE', 400],
    ['a change of a series that is not forecast', { changes: [{ covariate: 'cut', set: 1, uniqueIds: ['b'] }] }, 'CHANGE_SHAPE', 400],
    ['a change that says nothing', { changes: [{ covariate: 'cut' }] }, 'REQUEST_INVALID', 400],
  ])('refuses %s', async (_, body, code, status) => {
    const whole = { model: 'priced-model', uniqueIds: ['a'], changes: [{ covariate: 'cut', set: 1 }], ...body };
    expect(await refusal(almanac.client.whatIf(whole))).toMatchObject({ code, status });
  });
});

const python = pythonWith('nixtla');
describe.skipIf(python === undefined)('the Python SDK nixtla', () => {
  type Row = Record<string, string | number | boolean | null>;
  interface Said {
    valid: boolean[];
    models: string[];
    compressed: number;
    refusals: Record<string, { status: number; code: string; text: string } | null>;
    [frame: string]: unknown;
  }
  const point = (row: Row | undefined): number => row!['TimeGPT'] as number;
  const wave = (t: number): number => 10 * Math.sin((2 * Math.PI * t) / 7);

  it('works with an address and a key: forecasts, windows, anomalies, jobs; what is not done is refused by name', async () => {
    const said = (await askPython(python!, 'nixtla_sdk.py', { NIXTLA_BASE_URL: almanac.url, NIXTLA_API_KEY: almanac.apiKey })) as Said;
    const rows = (name: string): Row[] => said[name] as Row[];
    expect(said.valid).toEqual([true, false]);
    expect(said.models).toEqual(expect.arrayContaining(['auto', 'pretrained', 'timegpt-2.1', 'models:/priced-model@champion']));

    const forecast = rows('forecast');
    expect(Object.keys(forecast[0]!)).toEqual(['unique_id', 'ds', 'TimeGPT', 'TimeGPT-hi-80', 'TimeGPT-lo-80']);
    expect(forecast.map((row) => row['unique_id']).join('')).toBe('aaaaaaabbbbbbb');
    forecast.forEach((row, i) => {
      expect(Math.abs(point(row) - (i < 7 ? 100 : 200) - wave(120 + (i % 7)))).toBeLessThan(3);
      expect(row['TimeGPT-lo-80']).toBeLessThanOrEqual(point(row));
      expect(row['TimeGPT-hi-80']).toBeGreaterThanOrEqual(point(row));
    });
    // The same by another way: a job, times of a zone; each series by itself has weights of its own.
    expect(rows('job')).toEqual(forecast);
    expect(rows('zone').map(point)).toEqual(forecast.map(point));
    rows('partitioned').forEach((row, i) => expect(Math.abs(point(row) - point(forecast[i]))).toBeLessThan(1));
    expect(Object.keys(rows('quantiles')[0]!)).toEqual(['unique_id', 'ds', 'TimeGPT', 'TimeGPT-q-10', 'TimeGPT-q-50', 'TimeGPT-q-90']);
    expect(rows('quantiles')[0]!['TimeGPT-q-50']).toBe(point(rows('quantiles')[0]));

    // Two weeks are seen first; the rest of the history stands before the forecast.
    const history = rows('history');
    expect(history).toHaveLength(2 * (120 - 14 + 7));
    expect(history[0]).toMatchObject({ unique_id: 'a', ds: '2024-01-15T00:00:00.000' });
    expect(history.slice(-7).map(point)).toEqual(forecast.slice(-7).map(point));
    // Values that are missing at the end move no forecast: b ends two days before its last row.
    rows('openEnd').forEach((row, i) => expect(point(row)).toBeCloseTo((i < 7 ? 100 : 200) + wave(120 + (i % 7)), 3));
    expect(rows('integers').map((row) => row['ds'])).toEqual([...hours(7), ...hours(7)].map((t) => 120 + t));

    const windows = rows('crossValidation');
    expect(windows.slice(0, 21).map((row) => String(row['cutoff']).slice(0, 10))).toEqual(
      ['2024-04-12', '2024-04-17', '2024-04-22'].flatMap((cutoff) => Array<string>(7).fill(cutoff)),
    );
    windows.forEach((row) => expect(point(row)).toBeCloseTo(row['y'] as number, 3));
    expect(rows('weighed')).toHaveLength(2 * 2 * 7);
    expect(rows('anomalies').filter((row) => row['anomaly'])).toMatchObject([{ unique_id: 'b', ds: '2024-03-31T00:00:00.000', y: 500 }]);
    expect(said.compressed).toBe(2 * 2 * 40);
    // The last day of 41 is no day of a cut: doubled it would be 20 on average.
    const mean = rows('covariates').reduce((sum, row) => sum + point(row), 0) / 24;
    expect(Math.abs(mean - 10 * (1 + cut(24 * 40)))).toBeLessThan(4);

    expect(Object.fromEntries(Object.entries(said.refusals).map(([name, one]) => [name, one && `${one.status} ${one.code}`]))).toEqual({
      unread: '400 COVARIATES_UNREAD',
      unnamed: '400 COVARIATES_UNNAMED',
      misnamed: '400 COVARIATE_UNKNOWN',
      seen: '400 MODEL_HAS_SEEN',
      tuned: '400 OPTION_UNSUPPORTED',
      model: '404 MODEL_NOT_FOUND',
      usage: '404 NOT_FOUND',
      simulated: '404 NOT_FOUND',
    });
    expect(said.refusals['unread']!.text).toContain('reads no covariates');
    expect(said.refusals['simulated']!.text).toContain('Of the nixtla SDK, Almanac answers forecast');
  });
});
