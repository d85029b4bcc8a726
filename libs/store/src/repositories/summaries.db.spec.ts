import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { openStore, type RankingQuery, type SeriesPiece, type Store } from '../index.js';

let database: TestDatabase;
let store: Store;
let datasetId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  store = await openStore({ databaseUrl: database.url });
});
afterAll(async () => {
  await store?.close();
  await database?.drop();
});

const SEASON = 4;
/** `seasons` means over whole seasons, from step 955 on: the border of a chunk lies inside. */
const piece = (id: string, ...means: number[]): SeriesPiece => ({
  id,
  firstStep: 955,
  values: Float64Array.from(means.flatMap((mean) => [mean - 1, mean + 1, mean - 1, mean + 1])),
});
async function write(...pieces: SeriesPiece[]): Promise<void> {
  const written = await store.series.writeVersion({
    dataset: { name: 'shops', frequency: 'h', timeZone: 'UTC' },
    mode: 'append',
    pieces,
    summary: () => ({ rowsRead: 1, rowsRejected: 0, findings: null }),
  });
  datasetId = written.datasetId;
}
const ranked = async (query: Partial<RankingQuery>): Promise<[string, number | null][]> => {
  const by = query.by ?? 'change';
  const found: [string, number | null][] = [];
  let after: string | null = null;
  do {
    const page = await store.series.ranked(datasetId, {
      by,
      descending: true,
      season: SEASON,
      limit: 2,
      ...query,
      ...(after !== null && { after }),
    });
    found.push(...page.items.map((item): [string, number | null] => [item.uniqueId, item[by]]));
    after = page.next;
  } while (after !== null);
  return found;
};

/** Medians of two steps after step 958 (the first season), for each series. */
async function forecast(medians: Record<string, [number, number]>): Promise<void> {
  const run = await store.runs.create({ kind: 'forecast', dataset: 'shops', config: {} });
  const model = await store.models.ensure('m', datasetId);
  const version = await store.models.addVersion(
    model.id,
    { runId: run.id, kind: 'theta', horizon: 2, config: {}, metrics: {}, manifestKey: 'm', weightsKey: 'w', sha256: 'f' },
    { promoteIfFirst: true },
  );
  const rows = await Promise.all(
    Object.entries(medians).map(async ([id, median]) => ({
      seriesId: (await store.series.get(datasetId, id)).id,
      cutoffStep: 958,
      cutoffTime: new Date(958 * 3_600_000),
      horizon: 2,
      levels: [0.1, 0.5, 0.9],
      quantiles: Float64Array.from([0, 0, ...median, 99, 99]),
    })),
  );
  await store.forecasts.insert(run.id, version.id, rows);
  await store.runs.claim(run.id, 'worker');
  await store.runs.succeed(run.id, {});
}

describe('the ranking of series', () => {
  it('goes by how the last season differs from the one before, page by page, what has no season before last', async () => {
    await write(piece('fell', 10, 5), piece('grew', 10, 15), piece('new', 10), piece('same', 10, 10), piece('zero', 0, 3));
    expect(await ranked({ descending: true })).toEqual([
      ['grew', 0.5],
      ['same', 0],
      ['fell', -0.5],
      ['new', null],
      ['zero', null],
    ]);
    expect((await ranked({ descending: false })).map(([id]) => id)).toEqual(['fell', 'same', 'grew', 'new', 'zero']);
    expect((await ranked({ search: 'E' })).map(([id]) => id)).toEqual(['grew', 'same', 'fell', 'new', 'zero'].filter((id) => /e/.test(id)));
  });

  it('goes by the error of the latest forecast that can be judged, and follows a new forecast and a new version', async () => {
    expect((await ranked({ by: 'error' })).map(([, error]) => error)).toEqual([null, null, null, null, null]);
    // Observed after the cutoff: 14 and 16; 4 and 6.
    await forecast({ grew: [14, 13], fell: [9, 11] });
    expect(await ranked({ by: 'error' })).toEqual([
      ['fell', 1],
      ['grew', 0.1],
      ['new', null],
      ['same', null],
      ['zero', null],
    ]);
    expect((await ranked({ by: 'error', descending: false })).slice(0, 2).map(([id]) => id)).toEqual(['grew', 'fell']);
    await write({ id: 'grew', firstStep: 959, values: Float64Array.of(140, 160) });
    expect((await ranked({ by: 'error' }))[0]).toEqual(['fell', 1]);
    expect((await ranked({ by: 'error' }))[1]).toEqual(['grew', expect.closeTo((126 + 147) / 300, 10)]);
  });

  it('refuses a cursor of another list', async () => {
    await expect(store.series.ranked(datasetId, { by: 'error', descending: true, season: 1, after: 'eA' })).rejects.toMatchObject({
      code: 'CURSOR_INVALID',
    });
  });
});

describe('static covariates', () => {
  it('filter both lists of series, numbers by how they are written, and are listed with how many have each value', async () => {
    await write(
      { ...piece('fell', 1), staticCovariates: { region: 'north', floor: 2 } },
      { ...piece('grew', 1), staticCovariates: { region: 'south', floor: 2 } },
      { ...piece('new', 1), staticCovariates: { region: 'north', floor: null } },
    );
    const ids = async (where: Record<string, string>): Promise<string[]> =>
      (await store.series.list(datasetId, { where })).items.map(({ uniqueId }) => uniqueId);
    expect(await ids({ region: 'north' })).toEqual(['fell', 'new']);
    expect(await ids({ floor: '2', region: 'south' })).toEqual(['grew']);
    expect(await ids({ region: "n'orth" })).toEqual([]);
    expect((await ranked({ where: { region: 'north' } })).map(([id]) => id).sort()).toEqual(['fell', 'new']);
    expect(await store.series.staticCovariates(datasetId, 100)).toEqual([
      { name: 'floor', value: '2', series: 2 },
      { name: 'region', value: 'north', series: 2 },
      { name: 'region', value: 'south', series: 1 },
    ]);
    expect((await store.series.staticCovariates(datasetId, 0)).map(({ value }) => value)).toEqual(['2', 'north']);
  });
});

describe('the forecasts of one series', () => {
  it('come with the newest cutoff first and the newest of a cutoff before the others, page by page', async () => {
    await forecast({ grew: [1, 2] });
    await forecast({ grew: [3, 4] });
    const { id } = await store.series.get(datasetId, 'grew');
    const medians: number[] = [];
    let after: string | null = null;
    do {
      const page: Awaited<ReturnType<Store['forecasts']['history']>> = await store.forecasts.history(id, {
        limit: 2,
        ...(after !== null && { after }),
      });
      medians.push(...page.items.map(({ quantiles }) => quantiles[2]!));
      after = page.next;
    } while (after !== null);
    expect(medians).toEqual([3, 1, 14]);
    expect((await store.forecasts.history(id, { model: 'another' })).items).toEqual([]);
  });
});

describe('the curve of a run', () => {
  it('keeps every point in order, and a repeated step once', async () => {
    const { id } = await store.runs.create({ kind: 'train', config: {} });
    const point = (step: number, loss: number, validation: number | null = null) => ({ step, loss, validation, stepsPerSecond: 10 });
    await store.runs.progress(id, { step: 5 }, [point(5, 3)]);
    expect(await store.runs.curve(id)).toEqual([]); // nobody runs it
    await store.runs.claim(id, 'worker');
    await store.runs.progress(id, { step: 10 }, [point(5, 3), point(10, 2, 2.5), point(10, 1.9)]);
    await store.runs.progress(id, { step: 10 }, [point(5, 2.8, 4), point(10, 1.8)]);
    expect(await store.runs.curve(id)).toEqual([point(5, 2.8, 4), point(10, 1.8, null)]);
  });
});

describe('scores of a backtest by series', () => {
  it('come with the worst first, page by page, beside seasonal naive', async () => {
    const { id } = await store.runs.create({ kind: 'backtest', config: {} });
    const score = (uniqueId: string, wql: number | null) => ({ uniqueId, observations: 4, wql, mase: 1, mae: null, coverage80: 0.75 });
    await store.runs.saveSeriesScores(id, 'theta', [score('a', 0.1), score('b', 0.5), score('c', null), score('d', 0.5)]);
    await store.runs.saveSeriesScores(id, 'theta', [score('a', 0.2)]);
    await store.runs.saveSeriesScores(id, 'seasonalNaive', [score('a', 0.4), score('d', 0.6)]);
    const first = await store.runs.seriesScores(id, { label: 'theta', limit: 2 });
    expect(first.items).toEqual([
      { ...score('b', 0.5), naiveWql: null, why: null },
      { ...score('d', 0.5), naiveWql: 0.6, why: null },
    ]);
    const second = await store.runs.seriesScores(id, { label: 'theta', limit: 2, after: first.next! });
    expect(second.items.map(({ uniqueId, wql }) => [uniqueId, wql])).toEqual([
      ['a', 0.2],
      ['c', null],
    ]);
    expect(second.next).toBeNull();
    expect((await store.runs.seriesScores(id, { label: 'theta', search: 'D' })).items).toHaveLength(1);
  });
});
