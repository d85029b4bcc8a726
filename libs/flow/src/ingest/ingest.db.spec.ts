import { randomUUID } from 'node:crypto';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IngestOptionsInput, ingestOptions, type IngestResult } from '@almanac/contracts';
import { eraseSeries } from '@almanac/flow/erase';
import { applyRetention, updateDataset } from '@almanac/flow/ingest';
import { type IngestRequest, ingestUpload } from '@almanac/flow/ingest/execute';
import { folderObjectStore, type ObjectStore, silentLogger } from '@almanac/platform';
import { readPanel } from '../runs/panel.js';
import { openStore, type Store } from '@almanac/store';
import { createTestDatabase, query, type TestDatabase } from '../../../../test/support/database.js';

let database: TestDatabase;
let folder: string;
let objects: ObjectStore;
let store: Store;

beforeAll(async () => {
  database = await createTestDatabase();
  store = await openStore({ databaseUrl: database.url });
  folder = await mkdtemp(join(tmpdir(), 'almanac-ingest-spec-'));
  objects = folderObjectStore(folder);
});

afterAll(async () => {
  await store?.close();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

async function upload(
  fileName: string,
  content: string | Buffer,
  input: IngestOptionsInput,
  extra: Pick<IngestRequest, 'runId' | 'signal' | 'onProgress'> = {},
): Promise<IngestResult> {
  const options = ingestOptions.parse(input);
  const { sha256, bytes } = await objects.put(Buffer.from(content));
  const { id } = await store.uploads.create({ fileName, size: bytes, sha256, objectKey: sha256, mapping: options });
  return ingestUpload({ store, objects, now: () => new Date() }, { uploadId: id, options, ...extra });
}

async function panel(dataset: string, version?: number): Promise<Record<string, { firstStep: number; values: number[] }>> {
  const { id } = await store.datasets.get(dataset);
  const series: Record<string, { firstStep: number; values: number[] }> = {};
  for await (const { id: uniqueId, firstStep, values } of store.series.readPanel(id, { version }))
    series[uniqueId] = { firstStep, values: [...values] };
  return series;
}

const day = (text: string): number => Date.parse(`${text}T00:00Z`) / 86_400_000;

describe('three million flights', () => {
  const parquet = join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '../data/flights-3m.parquet');
  const options: IngestOptionsInput = {
    dataset: 'flights',
    idColumn: 'origin',
    timeColumn: 'date',
    aggregation: 'count',
    frequency: 'h',
    fillPolicy: 'zero',
    dropLastStep: true,
    timeZone: 'UTC',
  };

  it('become hourly departures of 229 airports, every flight counted, every quiet hour a zero', async () => {
    const phases: string[] = [];
    const { id } = await objects.put(await readFile(parquet)).then(({ sha256, bytes }) =>
      store.uploads.create({
        fileName: 'flights-3m.parquet',
        size: bytes,
        sha256,
        objectKey: sha256,
        mapping: ingestOptions.parse(options),
      }),
    );
    const result = await ingestUpload(
      { store, objects, now: () => new Date() },
      { uploadId: id, options: ingestOptions.parse(options), onProgress: ({ phase }) => phases.push(phase) },
    );

    expect(result).toMatchObject({ dataset: 'flights', version: 1, unchanged: false });
    expect(result.findings).toMatchObject({
      format: 'parquet',
      layout: 'long',
      frequency: 'h',
      rowsRead: 3_000_000,
      rowsRejected: 0,
      series: 229,
      start: '2001-01-01T00:00:00.000Z',
      end: '2001-06-30T23:00:00.000Z',
    });
    expect(phases).toContain('reading');
    expect(phases).toContain('writing');

    const stored = Object.values(await panel('flights'));
    expect(stored).toHaveLength(229);
    const lastHour = Date.parse('2001-06-30T23:00Z') / 3_600_000;
    let flights = 0;
    for (const { firstStep, values } of stored) {
      expect(firstStep + values.length - 1).toBe(lastHour);
      for (const value of values) flights += value;
    }
    // All but those of the hour that was dropped.
    expect(flights).toBeGreaterThan(2_999_000);
    expect(flights).toBeLessThan(3_000_000);
    expect(result.findings.observations).toBe(stored.reduce((sum, { values }) => sum + values.length, 0));
  });
});

describe('an upload', () => {
  const csv = 'unique_id,ds,y\na,2024-01-01,1\na,2024-01-02,2\na,2024-01-04,4\nb,2024-01-02,20\n';

  it('stores what the file says, gaps as gaps', async () => {
    const { findings, version } = await upload('two.csv', csv, { dataset: 'two' });
    expect(version).toBe(1);
    expect(findings).toMatchObject({
      frequency: 'D',
      rowsRead: 4,
      series: 2,
      observations: 4,
      gaps: 1,
      filled: 0,
      shortest: { uniqueId: 'b', length: 1 },
    });
    expect(await panel('two')).toEqual({
      a: { firstStep: day('2024-01-01'), values: [1, 2, NaN, 4] },
      b: { firstStep: day('2024-01-02'), values: [20] },
    });
  });

  it('keeps a name as long as the limit, which every index holds', async () => {
    const id = randomBytes(1000).toString('hex');
    await upload('long.csv', `unique_id,ds,y\n${id},1,1\n${id},2,2\n`, { dataset: 'long' });
    expect(Object.keys(await panel('long'))).toEqual([id]);
    await expect(upload('longer.csv', `unique_id,ds,y\n${id}x,1,1\n`, { dataset: 'long' })).rejects.toMatchObject({
      code: 'ID_TOO_LONG',
      subject: { line: 2 },
    });
  });

  it('changes nothing the second time', async () => {
    const again = await upload('two.csv', csv, { dataset: 'two' });
    expect(again).toMatchObject({ version: 1, unchanged: true, findings: { rowsRead: 4 } });
    expect((await store.datasets.get('two')).currentVersion).toBe(1);
  });

  it('appends and corrects the steps it names, and leaves older versions readable', async () => {
    const { version } = await upload('more.csv', 'unique_id,ds,y\na,2024-01-04,40\na,2024-01-05,5\n', { dataset: 'two' });
    expect(version).toBe(2);
    expect((await panel('two'))['a']).toEqual({ firstStep: day('2024-01-01'), values: [1, 2, NaN, 40, 5] });
    expect((await panel('two'))['b']).toEqual({ firstStep: day('2024-01-02'), values: [20] });
    expect((await panel('two', 1))['a']!.values).toEqual([1, 2, NaN, 4]);
  });

  it('replaces the whole dataset when asked to', async () => {
    const { version } = await upload('new.csv', 'unique_id,ds,y\nc,2024-02-01,7\nc,2024-02-02,8\n', { dataset: 'two', mode: 'replace' });
    expect(version).toBe(3);
    expect(await panel('two')).toEqual({ c: { firstStep: day('2024-02-01'), values: [7, 8] } });
  });

  it('tells what would happen, and does nothing, in a dry run', async () => {
    const { findings, version } = await upload(
      'dry.csv',
      'unique_id,ds,y\na,2024-01-01,0\na,2024-01-02,-2\na,2024-01-02,3\na,2024-01-03,oops\n',
      { dataset: 'dry', dryRun: true },
    );
    expect(version).toBeNull();
    expect(findings).toMatchObject({
      rowsRead: 4,
      rowsRejected: 1,
      duplicates: 1,
      leadingZeros: 1,
      rejections: [{ rule: 'VALUE_NOT_NUMBER', count: 1, examples: [{ line: 5, text: 'oops' }] }],
    });
    expect(await store.datasets.find('dry')).toBeNull();
  });

  it.each([
    ['a rejected row', 'a,2024-02-01,1\na,2024-02-02,x\n', {}, 'VALUE_NOT_NUMBER'],
    ['a rejected row that is allowed for', 'a,2024-02-01,1\na,2024-02-02,x\n', { maxRejectedShare: 0.5 }, undefined],
    ['two rows on a step', 'a,2024-02-01,1\na,2024-02-01,2\n', { frequency: 'D' }, 'DUPLICATE_TIMESTAMP'],
    ['no value at all', 'a,2024-02-01,\na,2024-02-02,\n', {}, 'NO_VALUES'],
    ['another grid', 'a,2024-02-01,1\na,2024-03-01,1\n', { frequency: 'MS' }, 'DATASET_GRID_DIFFERS'],
    ['another zone', 'a,2024-02-01,1\na,2024-02-02,1\n', { timeZone: 'Europe/Berlin' }, 'DATASET_GRID_DIFFERS'],
    ['a channel of another kind', 'a,2024-02-01,1\na,2024-02-02,1\n', { pastCovariates: ['y'] }, 'CHANNEL_KIND_DIFFERS'],
    ['nothing to say against it', 'a,2024-02-01,1\na,2024-02-02,2\n', {}, undefined],
  ])('foretells in a dry run what storing it says of %s', async (_name, rows, input, code) => {
    await upload('base.csv', csv, { dataset: 'foretold', frequency: 'D' });
    const send = (dryRun: boolean): Promise<IngestResult> =>
      upload('next.csv', `unique_id,ds,y\n${rows}`, { dataset: 'foretold', dryRun, ...input });
    const { refusal, version } = await send(true);
    expect([refusal?.code, version]).toEqual([code, null]);
    if (refusal) await expect(send(false)).rejects.toMatchObject({ code: refusal.code, message: refusal.detail, hint: refusal.hint });
    else expect(await send(false)).toMatchObject({ refusal: null });
  });

  it('counts the series that are too short to learn a season from, where the file holds all of them', async () => {
    const days = (id: string, count: number): string =>
      Array.from({ length: count }, (_, i) => `${id},${new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10)},${i}\n`).join('');
    const file = `unique_id,ds,y\n${days('long', 14)}${days('short', 13)}`;
    expect((await upload('s.csv', file, { dataset: 'lengths' })).findings).toMatchObject({
      tooShort: { series: 1, steps: 14 },
      shortest: { uniqueId: 'short', length: 13 },
    });
    expect((await upload('s2.csv', 'unique_id,ds,y\nlong,2024-02-01,1\n', { dataset: 'lengths' })).findings.tooShort).toBeNull();
  });

  it('warns of a grid that is mostly empty', async () => {
    const csv = 'unique_id,ds,y\na,2024-01-31,1\na,2024-02-28,2\na,2024-03-29,3\n';
    const { findings } = await upload('months.csv', csv, { dataset: 'months', dryRun: true });
    expect(findings).toMatchObject({ frequency: 'D', gaps: 56, warnings: [expect.stringMatching(/56 empty steps of D between 3 values/)] });
    const { findings: monthly } = await upload('months.csv', csv, { dataset: 'months', frequency: 'MS', aggregation: 'last' });
    expect(monthly).toMatchObject({ frequency: 'MS', gaps: 0, observations: 3, warnings: [] });
  });

  it('names what lies in the future, and series without any value', async () => {
    const csv = 'unique_id,ds,y\na,2024-01-01,1\na,2024-01-02,2\nb,2024-01-02,\nc,2024-01-02,1\nc,2608-01-03,4\n';
    const { findings } = await upload('slip.csv', csv, { dataset: 'slip', frequency: 'D', dryRun: true });
    expect(findings.warnings).toContainEqual(expect.stringMatching(/in the future: line 6 \(2608-01-03 of series "c"\)/));
    expect(findings.emptySeries).toEqual({ count: 1, ids: ['b'], kept: 0 });
  });

  it('keeps in mind which steps events cover in part, until they are written again', async () => {
    const days = (id: string, from: number, to: number): string =>
      Array.from({ length: to - from }, (_, i) => `${id},${new Date(Date.UTC(2024, 0, 1 + from + i)).toISOString().slice(0, 10)}\n`).join(
        '',
      );
    const options = { dataset: 'parts', frequency: 'MS', aggregation: 'count' } as const;
    const partial = async (): Promise<unknown> => {
      const { id, currentVersion } = await store.datasets.get('parts');
      return { ...(await store.datasets.partialSteps(id, currentVersion)) };
    };
    const june = (2024 - 1970) * 12 + 5;
    const { findings } = await upload('1.csv', `unique_id,ds\n${days('a', 0, 164)}${days('b', 0, 182)}`, options);
    expect(findings.partialSteps).toEqual({ count: 1, items: [{ uniqueId: 'a', ds: '2024-06-01T00:00:00.000Z' }], dropped: false });
    expect(findings.warnings).toContainEqual(expect.stringMatching(/2024-06-01.* of series "a".*dropPartialSteps/));
    expect(await partial()).toEqual({ a: [june] });
    await upload('2.csv', `unique_id,ds\n${days('b', 182, 213)}`, options);
    expect(await partial()).toEqual({ a: [june] });
    const { panel, partial: left } = await readPanel(store, await store.datasets.get('parts'), { version: 2 });
    expect(left).toEqual([{ uniqueId: 'a', step: june }]);
    expect(panel.series.map(({ id, values }) => [id, [...values]])).toEqual([
      ['a', [31, 29, 31, 30, 31]],
      ['b', [31, 29, 31, 30, 31, 30, 31]],
    ]);
    await upload('3.csv', `unique_id,ds\n${days('a', 0, 182)}`, options);
    expect(await partial()).toEqual({});
    const again = await readPanel(store, await store.datasets.get('parts'), { version: 3 });
    expect(again.panel.series[0]!.values).toHaveLength(6);
  });

  it('takes the zero of a series that had no event yet for no value of a step in part', async () => {
    const day = (i: number): string => new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10);
    const a = Array.from({ length: 164 }, (_, i) => `a,${day(i)}\n`).join('');
    const b = Array.from({ length: 152 }, (_, i) => `b,${day(i)}\n`).join('');
    const options = { dataset: 'zeros', frequency: 'MS', aggregation: 'count', fillPolicy: 'zero' } as const;
    await upload('z.csv', `unique_id,ds\n${a}${b}`, options);
    const { panel } = await readPanel(store, await store.datasets.get('zeros'), { version: 1 });
    expect(panel.series.map(({ values }) => [...values])).toEqual([
      [31, 29, 31, 30, 31],
      [31, 29, 31, 30, 31],
    ]);
  });

  it('keeps months that are dated by their last day as they are', async () => {
    await upload('ends.csv', 'unique_id,ds,y\na,2024-01-31,1\na,2024-02-29,2\na,2024-04-30,4\n', { dataset: 'ends' });
    const rows = await query(database.url, "SELECT ds::date::text AS ds, value FROM observation WHERE dataset = 'ends' ORDER BY ds");
    expect(rows).toEqual([
      { ds: '2024-01-31', value: 1 },
      { ds: '2024-02-29', value: 2 },
      { ds: '2024-04-30', value: 4 },
    ]);
  });

  it('refused changes nothing and keeps the rejected rows', async () => {
    const run = await store.runs.create({ kind: 'ingest', config: {} });
    const bad = 'unique_id,ds,y\n"c\nd",2024-02-03,1\n\nc,2024-02-04,ten\nc,2024-02-05\n';
    await expect(upload('bad.csv', bad, { dataset: 'two' }, { runId: run.id })).rejects.toMatchObject({
      code: 'VALUE_NOT_NUMBER',
      subject: { line: 5, text: 'ten' },
    });
    const rows = [];
    for await (const row of store.runs.rejectedRows(run.id)) rows.push(row);
    expect(rows).toEqual([
      { line: 5, rule: 'VALUE_NOT_NUMBER', text: 'ten' },
      { line: 6, rule: 'TOO_FEW_COLUMNS', text: 'c,2024-02-05' },
    ]);
    expect((await store.datasets.get('two')).currentVersion).toBe(3);
    // As a worker does that takes over from one that died.
    await expect(upload('bad.csv', bad, { dataset: 'two' }, { runId: run.id })).rejects.toMatchObject({ code: 'VALUE_NOT_NUMBER' });
    let kept = 0;
    for await (const row of store.runs.rejectedRows(run.id)) kept += row.text === 'ten' ? 1 : 0;
    expect(kept).toBe(1);
  });

  it('keeps more rejected rows than fit into one message, all of them with their lines', async () => {
    const run = await store.runs.create({ kind: 'ingest', config: {} });
    const bad = Array.from({ length: 12_000 }, (_, i) => `a,${i},${i % 2 === 0 ? i : 'x'}\n`).join('');
    await upload('half.csv', `unique_id,ds,y\n${bad}`, { dataset: 'half', maxRejectedShare: 0.5 }, { runId: run.id });
    const lines: (number | null)[] = [];
    for await (const { line } of store.runs.rejectedRows(run.id)) lines.push(line);
    expect(lines).toEqual(Array.from({ length: 6000 }, (_, i) => 2 * i + 3));
  });

  it('commits the good rows where rejects are allowed for', async () => {
    const { findings } = await upload('some.csv', 'unique_id,ds,y\na,2024-01-01,1\na,2024-01-02,x\na,2024-01-03,3\n', {
      dataset: 'some',
      maxRejectedShare: 0.5,
    });
    expect(findings).toMatchObject({ rowsRead: 3, rowsRejected: 1, observations: 2 });
    expect((await panel('some'))['a']!.values).toEqual([1, NaN, 3]);
  });

  describe('ends the process that reads it, and clears its scratch folder,', () => {
    let scratch: string;
    const processes = async (): Promise<string[]> => {
      const all = await readFile(`/proc/self/task/${process.pid}/children`, 'utf8').catch(() => '');
      return all.trim().split(' ').filter(Boolean);
    };
    // More than a pipe holds, so that the reader waits for somebody to take it.
    const rows = Array.from({ length: 400_000 }, (_, i) => `a,${i},${i % 2 === 0 ? i : 'x'}\n`).join('');
    const content = `unique_id,ds,y\n${rows}`;
    const options: IngestOptionsInput = { dataset: 'left', maxRejectedShare: 0.6 };

    beforeAll(async () => {
      scratch = await mkdtemp(join(tmpdir(), 'almanac-scratch-spec-'));
      process.env['TMPDIR'] = scratch;
    });
    afterAll(async () => {
      delete process.env['TMPDIR'];
      await rm(scratch, { recursive: true, force: true });
    });

    it('where what was rejected cannot be kept', async () => {
      const before = await processes();
      await expect(upload('left.csv', content, options, { runId: randomUUID() })).rejects.toThrow('rejected_row');
      expect(await readdir(scratch)).toEqual([]);
      expect(await processes()).toEqual(before);
    });

    it('where a dry run is cancelled', async () => {
      const before = await processes();
      const abort = new AbortController();
      const cancelled = upload(
        'left.csv',
        content,
        { ...options, dryRun: true },
        {
          signal: abort.signal,
          onProgress: ({ phase }) => void (phase === 'writing' && abort.abort()),
        },
      );
      await expect(cancelled).rejects.toThrow('abort');
      expect(await readdir(scratch)).toEqual([]);
      expect(await processes()).toEqual(before);
    });
  });

  it('that is cancelled leaves nothing', async () => {
    const abort = new AbortController();
    const rows = Array.from({ length: 300_000 }, (_, index) => `s${index % 100},${Math.floor(index / 100)},${index}\n`).join('');
    const uploading = upload('long.csv', `unique_id,ds,y\n${rows}`, { dataset: 'cancelled' }, { signal: abort.signal });
    setTimeout(() => abort.abort(), 300);
    await expect(uploading).rejects.toThrow();
    expect(await store.datasets.find('cancelled')).toBeNull();
  });
});

describe('the fill policy zero', () => {
  const options = { dataset: 'events', aggregation: 'count', frequency: 'D', fillPolicy: 'zero' } as const;

  it('runs from the first event of a series to the end of the dataset', async () => {
    const { findings } = await upload('events.csv', 'unique_id,ds\na,2024-01-01\na,2024-01-03\nb,2024-01-02\nb,2024-01-05\n', options);
    expect(findings).toMatchObject({ observations: 9, filled: 5, gaps: 3 });
    expect(await panel('events')).toEqual({
      a: { firstStep: day('2024-01-01'), values: [1, 0, 1, 0, 0] },
      b: { firstStep: day('2024-01-02'), values: [1, 0, 0, 1] },
    });
  });

  it('goes on where an append starts, also for series that it does not name, and overwrites nothing', async () => {
    await upload('later.csv', 'unique_id,ds\nb,2024-01-03\nb,2024-01-07\n', options);
    expect(await panel('events')).toEqual({
      a: { firstStep: day('2024-01-01'), values: [1, 0, 1, 0, 0, 0, 0] },
      b: { firstStep: day('2024-01-02'), values: [1, 1, 0, 1, 0, 1] },
    });
  });

  it('also closes the gap to a series whose past came later', async () => {
    await upload('earlier.csv', 'unique_id,ds\nb,2023-12-30\n', options);
    expect((await panel('events'))['b']).toEqual({ firstStep: day('2023-12-30'), values: [1, 0, 0, 1, 1, 0, 1, 0, 1] });
  });
});

describe('retention', () => {
  const now = (): Date => new Date('2024-03-01T12:00Z');
  const days = (count: number): string =>
    Array.from({ length: count }, (_, i) => `a,${new Date(Date.UTC(2024, 1, 29) - i * 86_400_000).toISOString().slice(0, 10)},${i}\n`)
      .reverse()
      .join('');

  it('gives up what is too old, once a day, and leaves what a run rests on', async () => {
    await upload('r.csv', `unique_id,ds,y\n${days(100)}`, { dataset: 'kept', frequency: 'D' });
    const { id } = await store.datasets.get('kept');
    expect(await applyRetention({ store, now, logger: silentLogger })).toEqual([]);
    expect(await updateDataset({ store }, 'kept', { keepDays: 30 })).toMatchObject({ keepDays: 30 });
    expect(await applyRetention({ store, now, logger: silentLogger })).toEqual(['kept']);
    expect(await panel('kept')).toMatchObject({ a: { firstStep: day('2024-01-31') } });
    expect(await store.datasets.get('kept')).toMatchObject({ currentVersion: 2, observationCount: 30 });
    expect(await applyRetention({ store, now, logger: silentLogger })).toEqual([]);
    expect((await panel('kept', 1))['a']!.values).toHaveLength(100);
    await eraseSeries({ store, objects, logger: silentLogger }, 'kept', 'a');
    expect(await panel('kept')).toEqual({});
    expect((await store.datasets.getById(id)).seriesCount).toBe(0);
  });

  it('is refused where steps have no age', async () => {
    await upload('n.csv', 'unique_id,ds,y\na,1,1\na,2,2\n', { dataset: 'numbered', frequency: '1' });
    await expect(updateDataset({ store }, 'numbered', { keepDays: 30 })).rejects.toMatchObject({ code: 'RETENTION_WITHOUT_TIME' });
  });
});
