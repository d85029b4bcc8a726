/** From a stored panel to a stored forecast: train, register, forecast and read, through the queue, on a real Postgres. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backtestResult, forecastResult, type JobName, type Run, trainResult } from '@almanac/contracts';
import { requestBacktest } from '@almanac/flow/backtest';
import { type Compute, startCompute } from '@almanac/flow/compute';
import { requestForecast, requestReplay } from '@almanac/flow/forecast';
import {
  getAttention,
  getModelVersion,
  getRun,
  latestForecasts,
  latestForecastsCsv,
  listModelVersions,
  listVersionSeries,
} from '@almanac/flow/query';
import { cancelRun, type FlowContext, JOBS } from '@almanac/flow/runs';
import { newWorkerId, reconcile } from '@almanac/flow/runs/execute';
import { requestTraining } from '@almanac/flow/train';
import { runHandlers } from '@almanac/flow/handlers';
import { folderObjectStore, openQueue, type Queue, silentLogger } from '@almanac/platform';
import { openStore, type Store } from '@almanac/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';

let database: TestDatabase;
let folder: string;
let store: Store;
let queue: Queue<JobName>;
let compute: Compute;
let flow: FlowContext;

const HOURS = 24 * 40;
/** A daily cycle whose size differs from series to series, with a weekly one on top. */
const value = (series: number, t: number): number =>
  Math.max(0, (5 + series) * (2 + Math.sin((2 * Math.PI * t) / 24)) * (1 + 0.3 * Math.cos((2 * Math.PI * t) / 168)));

async function write(
  dataset: string,
  alter: (series: number, t: number) => number = value,
  lengths = [HOURS, HOURS, HOURS],
): Promise<void> {
  await store.series.writeVersion({
    dataset: { name: dataset, frequency: 'h', timeZone: 'UTC' },
    mode: 'replace',
    pieces: lengths.map((length, series) => ({
      id: `s${series}`,
      firstStep: 240_000 + HOURS - length,
      values: Float64Array.from({ length }, (_, t) => alter(series, t + HOURS - length)),
    })),
    summary: () => ({ rowsRead: 0, rowsRejected: 0, findings: null }),
  });
}

async function ended(id: string): Promise<Run> {
  for (;;) {
    const run = await getRun(flow, id);
    if (run.finishedAt !== null) return run;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'almanac-flow-'));
  store = await openStore({ databaseUrl: database.url });
  queue = await openQueue({ databaseUrl: database.url, redisUrl: undefined }, JOBS, silentLogger);
  compute = startCompute({ threads: 1 });
  flow = { store, queue, objects: folderObjectStore(folder), logger: silentLogger, now: () => new Date(), codeVersion: 'test' };
  const holder = { workerId: newWorkerId(), holds: () => undefined, letsGo: () => undefined };
  await queue.work([...runHandlers(flow, { cpu: compute }, holder), { name: 'deliver', handle: () => Promise.resolve() }], {
    ingest: 1,
    train: 1,
    forecast: 1,
    backtest: 1,
    part: 1,
    gather: 1,
  });
});

afterAll(async () => {
  await queue?.close();
  await compute?.close();
  await store?.close();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

describe('from a panel to a forecast', () => {
  it('trains the network, registers it as champion, forecasts every series and answers in JSON and CSV', async () => {
    await write('waves');
    const queued = await requestTraining(flow, {
      dataset: 'waves',
      kind: 'segment',
      steps: 30,
      horizon: 24,
      contextLength: 96,
      config: { hidden: 16 },
    });
    expect(queued).toMatchObject({ kind: 'train', status: 'queued', model: 'waves-segment' });
    const trained = await ended(queued.id);
    expect(trained.error).toBeNull();
    const result = trainResult.parse(trained.result);
    expect(result).toMatchObject({ version: 1, steps: 30, holdout: { steps: 24, series: 3 }, skippedSeries: [] });
    expect(result.baselines.map(({ label }) => label)).toEqual(['naive', 'seasonalNaive (24)', 'seasonalNaive (168)', 'theta']);
    expect(trained.engine?.why).toBeTruthy();

    const { items } = await listModelVersions(flow, 'waves-segment', {});
    expect(items).toMatchObject([
      { version: 1, aliases: ['champion'], horizon: 24, lineage: { dataset: 'waves', datasetVersion: 1, seed: 1, codeVersion: 'test' } },
    ]);

    const forecasting = await requestForecast(flow, { model: 'models:/waves-segment@champion', attention: true });
    expect((await ended(forecasting.id)).error).toBeNull();
    const page = await latestForecasts(flow, { dataset: 'waves' });
    expect(page.items.map(({ uniqueId }) => uniqueId)).toEqual(['s0', 's1', 's2']);
    for (const { ds, levels, quantiles } of page.items) {
      expect(ds[0]).toBe(new Date((240_000 + HOURS) * 3_600_000).toISOString());
      expect(quantiles).toHaveLength(levels.length);
      for (let h = 0; h < 24; h++)
        for (let q = 1; q < levels.length; q++) expect(quantiles[q]![h]).toBeGreaterThanOrEqual(quantiles[q - 1]![h]!);
    }

    const longer = await requestForecast(flow, { model: 'waves-segment', horizon: 60 });
    expect((await ended(longer.id)).error).toBeNull();
    expect((await latestForecasts(flow, { dataset: 'waves' })).items.map(({ ds }) => ds.length)).toEqual([60, 60, 60]);
    const again = await requestForecast(flow, { model: 'models:/waves-segment@champion', attention: true });
    expect((await ended(again.id)).error).toBeNull();

    const unknown = { code: 'SERIES_NOT_FOUND', status: 404 };
    await expect(latestForecasts(flow, { dataset: 'waves', uniqueId: 'nope' })).rejects.toMatchObject(unknown);
    await expect(latestForecasts(flow, { uniqueId: 'nope' })).rejects.toMatchObject(unknown);
    await expect(latestForecastsCsv(flow, { dataset: 'waves', uniqueId: 'nope' })).rejects.toMatchObject(unknown);
    expect((await latestForecasts(flow, { uniqueId: 's1' })).items).toHaveLength(1);

    let csv = '';
    for await (const part of await latestForecastsCsv(flow, { dataset: 'waves' })) csv += part;
    const [header, ...lines] = csv.trim().split('\n');
    expect(header).toBe(
      'unique_id,ds,cutoff,waves-segment,waves-segment-lo-20,waves-segment-hi-20,waves-segment-lo-40,waves-segment-hi-40,waves-segment-lo-50,waves-segment-hi-50,waves-segment-lo-60,waves-segment-hi-60,waves-segment-lo-80,waves-segment-hi-80,waves-segment-lo-90,waves-segment-hi-90,waves-segment-lo-95,waves-segment-hi-95',
    );
    expect(lines).toHaveLength(3 * 24);
    const median = page.items[0]!.quantiles[page.items[0]!.levels.indexOf(0.5)]!;
    expect(Number(lines[0]!.split(',')[3])).toBe(median[0]);

    const attention = await getAttention(flow, forecasting.id, 's1');
    for (const map of Object.values(attention.maps))
      for (const row of map) expect(row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 4);
  });

  it('learns nothing from the held-out steps: altering them leaves every weight as it is', async () => {
    await write('plain');
    await write('altered', (series, t) => (t >= HOURS - 24 ? 1e6 * (series + 1) : value(series, t)));
    const weights = async (dataset: string): Promise<string> => {
      const { id } = await requestTraining(flow, {
        dataset,
        kind: 'segment',
        model: `${dataset}-model`,
        steps: 12,
        horizon: 24,
        contextLength: 96,
        config: { hidden: 16 },
        seed: 7,
      });
      expect((await ended(id)).error).toBeNull();
      return (await store.models.version(`${dataset}-model`)).sha256;
    };
    expect(await weights('altered')).toBe(await weights('plain'));
  });

  it('measures a baseline like a model, and forecasts with it', async () => {
    const { id } = await requestTraining(flow, {
      dataset: 'waves',
      kind: 'seasonalNaive',
      model: 'last-week',
      config: { seasonLength: 168 },
    });
    const run = await ended(id);
    expect(run.error).toBeNull();
    const result = trainResult.parse(run.result);
    const weekly = result.baselines.find(({ label }) => label === 'seasonalNaive (168)')!;
    expect(result.score.metrics['mase']).toBeCloseTo(weekly.metrics['mase']!, 9);
    const forecast = await requestForecast(flow, { model: 'last-week', uniqueIds: ['s2'], horizon: 12 });
    expect((await ended(forecast.id)).result).toMatchObject({ series: 1, horizon: 12 });
  });

  it('chooses by itself where nobody names a kind, and says what and why, in all and for each series', async () => {
    const { id, model } = await requestTraining(flow, { dataset: 'waves', steps: 20, horizon: 24, contextLength: 96 });
    expect(model).toBe('waves-auto');
    const run = await ended(id);
    expect(run.error).toBeNull();
    const result = trainResult.parse(run.result);
    expect(result.choice!.members.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['segment', 'optimisedTheta', 'seasonalNaive']));
    // The ratio is to whichever baseline did best before what was held out.
    expect(result.baselines.map(({ label }) => label)).toEqual(expect.arrayContaining(['naive', 'theta', result.baseline]));
    const beside = result.baselines.find(({ label }) => label === result.baseline)!;
    expect(result.wqlRatio).toBeCloseTo(result.score.metrics['wql']! / beside.metrics['wql']!, 9);
    expect(await getModelVersion(flow, 'waves-auto', 'champion')).toMatchObject({ choice: result.choice, baseline: result.baseline });
    const { items } = await listVersionSeries(flow, 'waves-auto', 'champion', {});
    expect(items.map(({ uniqueId }) => uniqueId).sort()).toEqual(['s0', 's1', 's2']);
    for (const one of items) {
      expect(one.observations).toBe(24);
      expect(one.naiveWql).toBeGreaterThan(0);
      expect(one.why).toMatch(/observations, a season of 24 .* steps.*: .* %/);
    }
  });

  it('names the series that is too short, and trains on the others', async () => {
    await write('ragged', value, [HOURS, HOURS, 60]);
    const { id } = await requestTraining(flow, {
      dataset: 'ragged',
      kind: 'segment',
      steps: 5,
      horizon: 24,
      contextLength: 96,
      config: { hidden: 16 },
    });
    const run = await ended(id);
    expect(run.error).toBeNull();
    expect(trainResult.parse(run.result).skippedSeries).toEqual([
      { uniqueId: 's2', reason: expect.stringContaining('60 steps') as string },
    ]);

    await write('short', value, [60]);
    const failed = await ended((await requestTraining(flow, { dataset: 'short', kind: 'segment', horizon: 24, contextLength: 96 })).id);
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'SERIES_TOO_SHORT', subject: { series: 's0' } } });
    await expect(store.models.get('short-segment')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });

  it('refuses what cannot be before anything is queued', async () => {
    const refused = (input: Parameters<typeof requestTraining>[1]): Promise<unknown> =>
      requestTraining(flow, input).catch((error: { code: string }) => error.code);
    expect(await refused({ dataset: 'nothing' })).toBe('DATASET_NOT_FOUND');
    expect(await refused({ dataset: 'waves', kind: 'crystalBall' })).toBe('MODEL_KIND_UNKNOWN');
    expect(await refused({ dataset: 'waves', datasetVersion: 9 })).toBe('DATASET_VERSION_NOT_FOUND');
    expect(await refused({ dataset: 'plain', model: 'waves-segment' })).toBe('MODEL_OF_OTHER_DATASET');
    expect(await refused({ dataset: 'waves', horizon: 5000 })).toBe('SERIES_TOO_SHORT');
    const forecast = (model: string, more = {}): Promise<unknown> =>
      requestForecast(flow, { model, ...more }).catch((error: { code: string }) => error.code);
    expect(await forecast('nothing')).toBe('MODEL_NOT_FOUND');
    expect(await forecast('waves-segment/7')).toBe('MODEL_VERSION_NOT_FOUND');
    expect(await forecast('waves-segment', { horizon: 97 })).toBe('HORIZON_TOO_LONG');
    expect(await forecast('waves-segment', { uniqueIds: ['s9'] })).toBe('SERIES_NOT_FOUND');
  });

  it('backtests several models over the same windows, each with a certificate that it reads nothing after a cutoff', async () => {
    const { id } = await requestBacktest(flow, {
      dataset: 'waves',
      models: [{ kind: 'theta' }, { kind: 'segment', label: 'small', config: { hidden: 8 } }],
      horizon: 24,
      windows: 2,
      steps: 6,
    });
    const run = await ended(id);
    expect(run.error).toBeNull();
    const { models, windows } = backtestResult.parse(run.result);
    expect(models.map(({ score }) => score.label)).toEqual(['theta', 'small', 'seasonalNaive']);
    expect(windows).toEqual([24 * 2, 24].map((back) => new Date((240_000 + HOURS - 1 - back) * 3_600_000).toISOString()));
    for (const { certificate, windows: own, perHorizon } of models) {
      expect(certificate.passed).toBe(true);
      expect(certificate.sample).toMatchObject({ cutoffs: own.length, ofCutoffs: own.length, finds: 0 });
      // Everything after each cutoff, and at the first and the last the rows that it is read from.
      const at = (alteration: string): number[] =>
        certificate.checks.filter((one) => one.alteration === alteration).map((one) => one.cutoff);
      const cutoffs = [...new Set(certificate.checks.map(({ cutoff }) => cutoff))];
      expect(cutoffs).toHaveLength(own.length);
      expect([...at('everything'), ...at('values')]).toEqual(cutoffs);
      expect(at('stored')).toEqual([...new Set([cutoffs[0], cutoffs.at(-1)])]);
      expect(own).toHaveLength(2);
      expect(perHorizon).toHaveLength(24);
    }
  });

  it('replays a stored forecast from its lineage, bit for bit, whatever has arrived since', async () => {
    const { id } = await requestForecast(flow, { model: 'waves-segment' });
    expect((await ended(id)).error).toBeNull();
    await write('waves', (series, t) => 3 * value(series, t));
    const replayed = await ended((await requestReplay(flow, id)).id);
    expect(replayed.error).toBeNull();
    expect(forecastResult.parse(replayed.result).replay).toEqual({
      of: id,
      compared: 3,
      differing: [],
      largestDifference: 0,
      sameEngine: true,
    });
    const other = await ended((await requestForecast(flow, { model: 'waves-segment' })).id);
    expect(other.error).toBeNull();
  });

  it('stops a training that is under way, and registers nothing', async () => {
    const { id } = await requestTraining(flow, { dataset: 'waves', kind: 'segment', model: 'endless', steps: 100_000 });
    const under = async (): Promise<boolean> => {
      const { progress, finishedAt } = await getRun(flow, id);
      return finishedAt !== null || (progress?.step ?? 0) > 0;
    };
    while (!(await under())) await new Promise((resolve) => setTimeout(resolve, 50));
    await cancelRun(flow, id);
    expect((await ended(id)).status).toBe('cancelled');
    await expect(store.models.get('endless')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });

  it('cancels a run that still waits', async () => {
    const blocking = await requestTraining(flow, { dataset: 'waves', kind: 'segment', model: 'endless', steps: 100_000 });
    const waiting = await requestTraining(flow, { dataset: 'waves', kind: 'segment', model: 'endless', steps: 100_000 });
    expect((await cancelRun(flow, waiting.id)).status).toBe('cancelled');
    await cancelRun(flow, blocking.id);
    expect((await ended(blocking.id)).status).toBe('cancelled');
  });

  it('puts a run back that the queue has lost', async () => {
    const lost = await store.runs.create({
      kind: 'train',
      dataset: 'waves',
      model: 'found',
      config: (await store.runs.list({ kind: 'train', limit: 1000 })).items.at(-1)!.config,
    });
    expect(await reconcile(flow, 0)).toMatchObject({ requeued: 1 });
    expect((await ended(lost.id)).status).toBe('succeeded');
  });
});
