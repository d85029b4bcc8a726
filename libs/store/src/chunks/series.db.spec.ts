import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createTestDatabase, query, type TestDatabase } from '../../../../test/support/database.js';
import type { SeriesPiece, Store, StoredSeries, WriteVersion, WrittenVersion } from '../index.js';
import { openStore } from '../index.js';

let database: TestDatabase;
let store: Store;
let count = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  store = await openStore({ databaseUrl: database.url });
});
afterAll(async () => {
  await store?.close();
  await database?.drop();
});

const freshName = (): string => `dataset-${(count += 1)}`;

function piece(id: string, firstStep: number, values: number[], more: Partial<SeriesPiece> = {}): SeriesPiece {
  return { id, firstStep, values: Float64Array.from(values), ...more };
}

function write(name: string, pieces: Iterable<SeriesPiece>, more: Partial<WriteVersion> = {}): Promise<WrittenVersion> {
  return store.series.writeVersion({
    dataset: { name, frequency: 'h', timeZone: 'UTC', ...more.dataset },
    mode: 'append',
    summary: () => ({ rowsRead: 1, rowsRejected: 0, findings: null }),
    pieces,
    ...more,
  } as WriteVersion);
}

async function read(datasetId: string, options: Parameters<Store['series']['readPanel']>[1] = {}): Promise<StoredSeries[]> {
  const all: StoredSeries[] = [];
  for await (const series of store.series.readPanel(datasetId, options)) all.push(series);
  return all;
}

const arrays = (series: StoredSeries[]): unknown => series.map(({ id, firstStep, values }) => [id, firstStep, [...values]]);

describe('a dataset version', () => {
  it('reads back as it was written, gaps and chunk borders and all', async () => {
    const values = Array.from({ length: 2500 }, (_, i) => (i % 7 === 3 || (i > 900 && i < 2000) ? NaN : Math.sin(i) * 1e6));
    const written = await write(freshName(), [piece('b', -1300, values), piece('a', 17, [1.5])]);
    expect(written).toMatchObject({ version: 1, unchanged: false, seriesCount: 2, firstStep: -1300, lastStep: 1199 });
    expect(written.observationCount).toBe(values.filter((v) => !Number.isNaN(v)).length + 1);
    expect(arrays(await read(written.datasetId))).toEqual([
      ['a', 17, [1.5]],
      ['b', -1300, values],
    ]);
  });

  it('equals a model of it after any uploads, in any order of pieces, at every version', async () => {
    const value = fc.oneof(
      { weight: 4, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }).map((v) => v + 0) },
      { weight: 1, arbitrary: fc.constant(NaN) },
    );
    const onePiece = fc.record({
      id: fc.constantFrom('a', 'b', 'ü"\\\n,{}'),
      firstStep: fc.integer({ min: -1000, max: 2000 }),
      values: fc.oneof(fc.array(value, { minLength: 1, maxLength: 30 }), fc.array(value, { minLength: 900, maxLength: 1100 })),
    });
    const upload = fc.record({
      mode: fc.constantFrom('append' as const, 'append' as const, 'replace' as const),
      pieces: fc.array(onePiece, { maxLength: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(upload, { minLength: 1, maxLength: 4 }), async (uploads) => {
        const name = freshName();
        let model = new Map<string, Map<number, number>>();
        const versions: { no: number; expected: unknown }[] = [];
        let datasetId = '';
        for (const { mode, pieces } of uploads) {
          if (mode === 'replace') model = new Map();
          for (const { id, firstStep, values } of pieces) {
            const steps = model.get(id) ?? new Map<number, number>();
            values.forEach((v, i) => Number.isNaN(v) || steps.set(firstStep + i, v));
            if (steps.size > 0) model.set(id, steps);
          }
          const written = await write(
            name,
            pieces.map((p) => piece(p.id, p.firstStep, p.values)),
            { mode },
          );
          datasetId = written.datasetId;
          const expected = [...model]
            .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
            .map(([id, steps]) => {
              const first = Math.min(...steps.keys());
              return [id, first, Array.from({ length: Math.max(...steps.keys()) - first + 1 }, (_, i) => steps.get(first + i) ?? NaN)];
            });
          expect(written.observationCount).toBe([...model.values()].reduce((sum, steps) => sum + steps.size, 0));
          expect(written.seriesCount).toBe(model.size);
          versions.push({ no: written.version, expected });
        }
        for (const { no, expected } of versions) expect(arrays(await read(datasetId, { version: no }))).toEqual(expected);
      }),
      { numRuns: 40 * inject('fuzz'), endOnFailure: true },
    );
  });

  it('is not made by an upload that changes nothing', async () => {
    const name = freshName();
    await write(name, [piece('a', 0, [1, NaN, 3])]);
    expect(await write(name, [piece('a', 2, [3])])).toMatchObject({ version: 1, unchanged: true });
    expect(await write(name, [piece('a', 1, [2])])).toMatchObject({ version: 2, unchanged: false, observationCount: 3, chunksWritten: 1 });
  });

  it('keeps the steps a corrected file does not name', async () => {
    const name = freshName();
    const { datasetId } = await write(name, [piece('a', 0, [1, 2, 3]), piece('b', 0, [9])]);
    await write(name, [piece('a', 1, [20, NaN, 4])]);
    expect(arrays(await read(datasetId))).toEqual([
      ['a', 0, [1, 20, 3, 4]],
      ['b', 0, [9]],
    ]);
    expect(arrays(await read(datasetId, { version: 1 }))).toEqual([
      ['a', 0, [1, 2, 3]],
      ['b', 0, [9]],
    ]);
  });

  it('is all there or not there at all', async () => {
    const name = freshName();
    const failing = function* (): Generator<SeriesPiece> {
      for (let i = 0; i < 5000; i += 1) yield piece(`s${i}`, 0, [i]);
      throw new Error('the file ended in the middle');
    };
    await expect(write(name, failing())).rejects.toThrow('in the middle');
    expect(await store.datasets.find(name)).toBeNull();
    const { datasetId } = await write(name, [piece('a', 0, [1])]);
    await expect(write(name, failing(), { mode: 'replace' })).rejects.toThrow('in the middle');
    const refused = write(name, [piece('a', 0, [2])], { summary: () => Promise.reject(new Error('too many rejected rows')) });
    await expect(refused).rejects.toThrow('too many');
    expect(arrays(await read(datasetId))).toEqual([['a', 0, [1]]]);
    expect(await store.datasets.get(name)).toMatchObject({ currentVersion: 1, seriesCount: 1 });
  });

  it('queues writers of one dataset, and loses none', async () => {
    const name = freshName();
    const versions = await Promise.all(Array.from({ length: 6 }, (_, i) => write(name, [piece('a', i, [i])])));
    expect(versions.map(({ version }) => version).sort()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(arrays(await read(versions[0]!.datasetId))).toEqual([['a', 0, [0, 1, 2, 3, 4, 5]]]);
  });

  it('refuses another grid, and says which one the dataset has', async () => {
    const name = freshName();
    await write(name, [piece('a', 0, [1])]);
    const other = write(name, [piece('a', 0, [1])], { dataset: { name, frequency: 'D', timeZone: 'UTC' } });
    await expect(other).rejects.toMatchObject({ code: 'DATASET_GRID_DIFFERS', message: expect.stringContaining('h (UTC), not D (UTC)') });
  });

  it('carries covariates and statics, future ones beyond the cutoff', async () => {
    const dataset = { name: freshName(), frequency: 'h', timeZone: 'UTC', pastCovariates: ['wind'], futureCovariates: ['holiday'] };
    const pieces = [
      piece('a', 10, [1, 2, 3], { staticCovariates: { size: 4, kind: 'hub' } }),
      piece('a', 9, [7, NaN, 8], { channel: 'wind' }),
      piece('a', 11, [0, 1, 0, 1], { channel: 'holiday' }),
    ];
    const { datasetId } = await write(dataset.name, pieces, { dataset });
    const [series] = await read(datasetId, { covariates: true, untilStep: 11 });
    expect(series).toMatchObject({ id: 'a', firstStep: 10, staticCovariates: { size: 4, kind: 'hub' } });
    expect([...series!.values]).toEqual([1, 2]);
    expect([...series!.pastCovariates!['wind']!]).toEqual([NaN, 8]);
    expect([...series!.futureCovariates!['holiday']!]).toEqual([NaN, 0, 1, 0, 1]);
    expect((await read(datasetId))[0]).not.toHaveProperty('pastCovariates');
    expect(await store.datasets.channels(datasetId)).toMatchObject([
      { name: 'y' },
      { name: 'wind', kind: 'past' },
      { name: 'holiday', kind: 'future' },
    ]);
  });

  it('has the static covariates of its time', async () => {
    const name = freshName();
    const { datasetId } = await write(name, [piece('a', 0, [1], { staticCovariates: { size: 1 } })]);
    expect(await write(name, [piece('a', 0, [1], { staticCovariates: { size: 1 } })])).toMatchObject({ unchanged: true });
    await write(name, [piece('a', 1, [2])]);
    expect(await write(name, [piece('a', 0, [1], { staticCovariates: { size: 2 } })])).toMatchObject({ version: 3 });
    await write(name, [piece('a', 2, [3], { staticCovariates: { size: 3 } })]);
    const sizes = await Promise.all([1, 2, 3, 4].map(async (version) => (await read(datasetId, { version }))[0]!.staticCovariates['size']));
    expect(sizes).toEqual([1, 1, 2, 3]);
    expect(await store.series.get(datasetId, 'a')).toMatchObject({ staticCovariates: { size: 3 } });
  });

  it('survives compaction while it is among the last or a run rests on it; else it says that it is gone', async () => {
    const name = freshName();
    const ingest = await store.runs.create({ kind: 'ingest', config: {} });
    const { datasetId } = await write(name, [piece('a', 0, [1])], { runId: ingest.id });
    for (const value of [2, 3, 4]) await write(name, [piece('a', 0, [value])], { runId: ingest.id });
    const run = await store.runs.create({ kind: 'train', config: {} });
    await store.runs.pinVersion(run.id, datasetId, 2);
    expect(await store.datasets.compact(datasetId)).toBe(0);
    expect(await store.datasets.compact(datasetId, { keepLast: 1 })).toBe(2);
    expect(await store.datasets.compact(datasetId, { keepLast: 1 })).toBe(0);
    expect(arrays(await read(datasetId, { version: 2 }))).toEqual([['a', 0, [2]]]);
    expect(arrays(await read(datasetId))).toEqual([['a', 0, [4]]]);
    const { id } = await store.series.get(datasetId, 'a');
    const gone = { code: 'DATASET_VERSION_DROPPED', status: 410 };
    await expect(read(datasetId, { version: 3 })).rejects.toMatchObject(gone);
    await expect(store.series.readRange(id, { version: 1 })).rejects.toMatchObject(gone);
    await expect(store.runs.pinVersion(run.id, datasetId, 3)).rejects.toMatchObject(gone);
    expect([...(await store.series.readRange(id, { version: 2 })).values]).toEqual([2]);
  });

  it('does not keep others waiting while it is written', async () => {
    const name = freshName();
    const { datasetId } = await write(name, [piece('a', 0, [1])]);
    let meanwhile: Promise<unknown> | undefined;
    const slow = async function* (): AsyncGenerator<SeriesPiece> {
      yield piece('a', 1, [2]);
      const run = await store.runs.create({ kind: 'train', config: {} });
      meanwhile = Promise.all([
        store.runs.pinVersion(run.id, datasetId, 1),
        store.models.ensure(`model-of-${name}`, datasetId),
        read(datasetId),
      ]);
      await meanwhile;
    };
    expect(await write(name, [], { pieces: slow() })).toMatchObject({ version: 2 });
  });
});

describe('taking observations out', () => {
  const steps = (length: number, from = 0): number[] => Array.from({ length }, (_, i) => from + i);
  const all = async (datasetId: string, version?: number): Promise<unknown[]> =>
    (await read(datasetId, { covariates: true, version })).map(({ id, firstStep, values, futureCovariates }) => [
      id,
      firstStep,
      values.length,
      values[0],
      futureCovariates?.['price']?.length ?? null,
    ]);

  it('leaves what is from a step on, in all channels, and earlier versions as they were', async () => {
    const name = freshName();
    const { datasetId } = await write(
      name,
      [
        piece('long', 0, [...steps(1000), NaN, ...steps(2000, 1001)]),
        { ...piece('long', 0, steps(3100)), channel: 'price' },
        piece('old', 0, steps(900)),
        piece('young', 2900, [7]),
      ],
      { dataset: { name, frequency: 'h', timeZone: 'UTC', futureCovariates: ['price'] } },
    );
    const before = await all(datasetId);
    expect(await store.datasets.cut(datasetId, { beforeStep: 0 })).toBeNull();
    expect(await store.datasets.cut(datasetId, { beforeStep: 1000 })).toEqual({ version: 2, observations: 1900 });
    expect(await all(datasetId)).toEqual([
      ['long', 1001, 2000, 1001, 2099],
      ['young', 2900, 1, 7, null],
    ]);
    expect(await all(datasetId, 1)).toEqual(before);
    expect(await store.datasets.getById(datasetId)).toMatchObject({
      seriesCount: 2,
      observationCount: 2001,
      firstStep: 1001,
      lastStep: 3000,
    });
    expect((await store.datasets.versions(datasetId, {})).items[0]).toMatchObject({ no: 2, mode: 'delete' });
  });

  it('takes out a series, which may come again', async () => {
    const name = freshName();
    const { datasetId } = await write(name, [piece('a', 0, [1, 2]), piece('b', 0, [3])]);
    await expect(store.datasets.cut(datasetId, { uniqueIds: ['a', 'x'] })).rejects.toMatchObject({ code: 'SERIES_NOT_FOUND' });
    expect(await store.datasets.cut(datasetId, { uniqueIds: ['a'] })).toEqual({ version: 2, observations: 2 });
    expect(arrays(await read(datasetId))).toEqual([['b', 0, [3]]]);
    expect(arrays(await read(datasetId, { version: 1 }))).toEqual([
      ['a', 0, [1, 2]],
      ['b', 0, [3]],
    ]);
    await expect(store.series.get(datasetId, 'a')).rejects.toMatchObject({ code: 'SERIES_NOT_FOUND' });
    await write(name, [piece('a', 5, [9])]);
    expect(arrays(await read(datasetId))).toEqual([
      ['a', 5, [9]],
      ['b', 0, [3]],
    ]);
    expect(await store.datasets.getById(datasetId)).toMatchObject({ seriesCount: 2, observationCount: 2 });
  });
});

describe('reading a panel', () => {
  it('takes some series, up to a step, and never what lies after it', async () => {
    const { datasetId } = await write(
      freshName(),
      ['a', 'b', 'c', "d'"].map((id) =>
        piece(
          id,
          0,
          Array.from({ length: 3000 }, (_, i) => i),
        ),
      ),
    );
    const series = await read(datasetId, { ids: ["d'", 'b', 'x'], untilStep: 1500 });
    expect(series.map(({ id, values }) => [id, values.length, values.at(-1)])).toEqual([
      ['b', 1501, 1500],
      ["d'", 1501, 1500],
    ]);
  });

  it('leaves out series that begin after the step', async () => {
    const { datasetId } = await write(freshName(), [piece('a', 0, [1]), piece('late', 100, [1])]);
    expect(arrays(await read(datasetId, { untilStep: 99 }))).toEqual([['a', 0, [1]]]);
  });

  it('keeps to its version while another is written, and may be left in the middle', async () => {
    const name = freshName();
    const ids = Array.from({ length: 300 }, (_, i) => `s${String(i).padStart(3, '0')}`);
    const { datasetId } = await write(
      name,
      ids.map((id) =>
        piece(
          id,
          0,
          Array.from({ length: 1000 }, () => 1),
        ),
      ),
    );
    const seen: number[] = [];
    for await (const series of store.series.readPanel(datasetId)) {
      if (seen.length === 0) {
        await write(
          name,
          ids.map((id) =>
            piece(
              id,
              0,
              Array.from({ length: 1000 }, () => 2),
            ),
          ),
        );
        await store.datasets.compact(datasetId, { keepLast: 1 });
      }
      seen.push(series.values[999]!);
    }
    expect(seen).toEqual(ids.map(() => 1));
    for await (const series of store.series.readPanel(datasetId)) {
      expect(series.values[0]).toBe(2);
      break;
    }
    for (let i = 0; i < 12; i += 1)
      expect(await store.series.list(datasetId, { limit: 1 })).toMatchObject({ items: [{ uniqueId: 's000' }] });
  });

  it('names a dataset or version that is not there', async () => {
    const { datasetId } = await write(freshName(), [piece('a', 0, [1])]);
    await expect(read(datasetId, { version: 2 })).rejects.toMatchObject({ code: 'DATASET_VERSION_NOT_FOUND', status: 404 });
    await expect(read('00000000-0000-7000-8000-000000000000')).rejects.toMatchObject({ code: 'DATASET_NOT_FOUND', status: 404 });
  });
});

describe('reading a range for a chart', () => {
  it('gives each value where there is room for each', async () => {
    const { datasetId } = await write(freshName(), [piece('a', 950, [1, NaN, 3, ...Array.from({ length: 50 }, (_, i) => i)])]);
    const { id } = await store.series.get(datasetId, 'a');
    const range = await store.series.readRange(id, { fromStep: 0, toStep: 953, maxPoints: 100 });
    expect(range).toMatchObject({ downsampled: false });
    expect([[...range.steps], [...range.values]]).toEqual([
      [950, 951, 952, 953],
      [1, NaN, 3, 0],
    ]);
  });

  it('never gives more points than asked for, loses no peak, and invents none', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: -2000, max: 2000 }),
        fc.integer({ min: 2, max: 30_000 }),
        fc.integer({ min: 2, max: 700 }),
        fc.integer({ min: 0, max: 1000 }),
        async (first, length, maxPoints, seed) => {
          const values = Array.from({ length }, (_, i) =>
            i > 0 && i < length - 1 && (i * 31 + seed) % 5 === 0 ? NaN : Math.sin(i * 0.01) * 100 + ((i * 7919 + seed) % 101),
          );
          const { datasetId } = await write(freshName(), [piece('a', first, values)]);
          const { id } = await store.series.get(datasetId, 'a');
          const range = await store.series.readRange(id, { maxPoints });
          expect(range.steps.length).toBeLessThanOrEqual(maxPoints);
          const shown = [...range.values].filter((v) => !Number.isNaN(v));
          const real = values.filter((v) => !Number.isNaN(v));
          expect(Math.max(...shown)).toBe(Math.max(...real));
          expect(Math.min(...shown)).toBe(Math.min(...real));
          const all = new Set(real);
          expect(shown.every((v) => all.has(v))).toBe(true);
          expect(range.steps.every((step, i) => i === 0 || step >= range.steps[i - 1]!)).toBe(true);
        },
      ),
      { numRuns: 40 * inject('fuzz'), endOnFailure: true },
    );
  });

  it('has nothing to show outside the series, and says when there is no such series or channel', async () => {
    const { datasetId } = await write(freshName(), [piece('a', 0, [1, 2])]);
    const { id } = await store.series.get(datasetId, 'a');
    expect((await store.series.readRange(id, { fromStep: 10 })).steps).toHaveLength(0);
    await expect(store.series.readRange(2 ** 40)).rejects.toMatchObject({ code: 'SERIES_NOT_FOUND' });
    await expect(store.series.readRange(id, { channel: 'wind' })).rejects.toMatchObject({ code: 'CHANNEL_NOT_FOUND' });
  });
});

describe('listing series', () => {
  it('pages in order of the id, finds parts of it in any case, and takes wildcards literally', async () => {
    const ids = ['Zürich', 'a_1', 'a%2', 'b', 'B2'];
    const { datasetId } = await write(
      freshName(),
      ids.map((id) => piece(id, 0, [1, 2])),
    );
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await store.series.list(datasetId, { limit: 2, ...(after && { after }) });
      seen.push(...page.items.map(({ uniqueId }) => uniqueId));
      after = page.next ?? undefined;
    } while (after);
    expect(seen).toEqual(['B2', 'Zürich', 'a%2', 'a_1', 'b']);
    const search = async (text: string): Promise<string[]> =>
      (await store.series.list(datasetId, { search: text })).items.map(({ uniqueId }) => uniqueId);
    expect(await search('ZÜR')).toEqual(['Zürich']);
    expect(await search('%')).toEqual(['a%2']);
    expect(await search('_')).toEqual(['a_1']);
    await expect(store.series.list(datasetId, { after: 'nonsense' })).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
  });
});

describe('the SQL view of observations', () => {
  it('shows the current version, a row per observation, with calendar days of the zone', async () => {
    const name = freshName();
    const dataset = { name, frequency: 'D', timeZone: 'Europe/Berlin' };
    const first = 19812; // 2024-03-30
    await write(name, [piece('a', first, [5, NaN, 7])], { dataset });
    await write(name, [piece('a', first, [6])], { dataset });
    expect(await query(database.url, 'SELECT series, ds, value FROM observation WHERE dataset = $1 ORDER BY ds', [name])).toEqual([
      { series: 'a', ds: new Date('2024-03-29T23:00:00Z'), value: 6 },
      { series: 'a', ds: new Date('2024-03-31T22:00:00Z'), value: 7 },
    ]);
  });

  it('shows hours without any calendar table', async () => {
    const name = freshName();
    await write(name, [piece('a', -1, [5, 6])]);
    expect(await query(database.url, 'SELECT ds, value FROM observation WHERE dataset = $1 ORDER BY ds', [name])).toEqual([
      { ds: new Date(-3_600_000), value: 5 },
      { ds: new Date(0), value: 6 },
    ]);
  });
});
