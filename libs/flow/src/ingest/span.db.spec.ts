/** Rows that lie far apart are refused by name before anything is written, by file and by append. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IngestOptionsInput, ingestOptions, type IngestResult } from '@almanac/contracts';
import { appendObservations } from '@almanac/flow/ingest';
import { ingestUpload } from '@almanac/flow/ingest/execute';
import { DEFAULT_INGEST_LIMITS, folderObjectStore, type IngestLimits, type ObjectStore } from '@almanac/platform';
import { openStore, type Store } from '@almanac/store';
import { createTestDatabase, query, type TestDatabase } from '../../../../test/support/database.js';

let database: TestDatabase;
let folder: string;
const now = (): Date => new Date();
let objects: ObjectStore;
let store: Store;

beforeAll(async () => {
  database = await createTestDatabase();
  store = await openStore({ databaseUrl: database.url });
  folder = await mkdtemp(join(tmpdir(), 'almanac-span-spec-'));
  objects = folderObjectStore(folder);
});

afterAll(async () => {
  await store?.close();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

async function upload(
  content: string,
  input: IngestOptionsInput,
  limits: Partial<IngestLimits> = {},
  clock: () => Date = now,
): Promise<IngestResult> {
  const options = ingestOptions.parse(input);
  const { sha256, bytes } = await objects.put(Buffer.from(content));
  const { id } = await store.uploads.create({ fileName: 'far.csv', size: bytes, sha256, objectKey: sha256, mapping: options });
  return ingestUpload({ store, objects, limits: { ...DEFAULT_INGEST_LIMITS, ...limits }, now: clock }, { uploadId: id, options });
}

/** What is written anywhere about a dataset and its values. */
async function written(): Promise<Record<string, string>[]> {
  return query(
    database.url,
    `SELECT (SELECT count(*) FROM dataset) AS datasets, (SELECT count(*) FROM dataset_version) AS versions,
       (SELECT count(*) FROM series_chunk) AS chunks, (SELECT coalesce(sum(length), 0) FROM series_chunk) AS steps`,
  );
}

const hours = (id: string, count: number): string =>
  Array.from({ length: count }, (_, t) => `${id},${new Date(Date.UTC(2024, 0, 1, t)).toISOString()},${t}\n`).join('');
const HEAD = 'unique_id,ds,y\n';

describe('a file', () => {
  it.each(['none', 'zero'] as const)(
    'whose rows lie a thousand years apart is refused by series, times and rows (fill %s)',
    async (fillPolicy) => {
      const before = await written();
      const content = `${HEAD}${hours('near', 48)}far,2024-01-01T00:00:00Z,1\nfar,2999-01-01T00:00:00Z,2\n`;
      for (const text of [content, content.replaceAll('far,', '"far",')]) {
        const refused = upload(text, { dataset: `far-${fillPolicy}`, frequency: 'h', fillPolicy });
        await expect(refused).rejects.toMatchObject({ code: 'SPAN_TOO_LONG', status: 422, subject: { rows: 50 } });
        await expect(refused).rejects.toThrow(
          fillPolicy === 'none' ? /Series "far" would span 8,546,\d+ steps.*from 2024-01-01.* to 2999-01-01/ : /would span 8,546,\d+ steps/,
        );
        await expect(refused).rejects.toThrow(/50 rows/);
      }
      expect(await written()).toEqual(before);
    },
  );

  it('of plain integers a billion apart is refused', async () => {
    const before = await written();
    await expect(
      upload(`${HEAD}a,0,1\na,900000000,2\n`, { dataset: 'integers', frequency: '1', fillPolicy: 'zero' }),
    ).rejects.toMatchObject({
      code: 'SPAN_TOO_LONG',
      subject: { series: 'a', steps: 900_000_001, rows: 2 },
    });
    expect(await written()).toEqual(before);
  });

  const daysOf = (id: string, from: string, count: number): string =>
    Array.from({ length: count }, (_, t) => `${id},${new Date(Date.parse(from) + t * 86_400_000).toISOString().slice(0, 10)},${t}\n`).join(
      '',
    );

  it('with a single bad time is stored, and the row is named; zeros over it are refused, by line, series and time', async () => {
    const content = `${HEAD}${daysOf('a', '2024-01-01', 100)}a,2608-04-10,5\n`;
    const dataset = 'bad-year';
    await expect(upload(content, { dataset, frequency: 'D', fillPolicy: 'zero' })).rejects.toMatchObject({
      code: 'TIME_FAR',
      message: expect.stringMatching(/line 102 \(2608-04-10 of series "a"\)/) as string,
      hint: expect.stringMatching(/`from` and `to`/) as string,
    });
    expect(await store.datasets.find(dataset)).toBeNull();
    const { findings } = await upload(content, { dataset, frequency: 'D' });
    expect(findings.oddTimes.far).toMatchObject({ count: 1, items: [{ line: 102, ds: '2608-04-10T00:00:00.000Z' }] });
    expect(findings.warnings.join()).toMatch(/line 102 /);
  });

  it('leaves out what lies outside a stated range, which also says that what is in it is meant', async () => {
    const content = `${HEAD}a,1970-01-01,5\n${daysOf('a', '2023-01-01', 60)}a,2608-04-10,5\n`;
    const within = { dataset: 'range', frequency: 'D', fillPolicy: 'zero', mode: 'replace', from: '2020-01-01', to: '2024-12-31' } as const;
    const { findings } = await upload(content, within);
    expect(findings).toMatchObject({ leftOut: 2, observations: 60, rowsRejected: 0, start: '2023-01-01T00:00:00.000Z' });
    expect(findings.warnings).toEqual(['2 rows lie outside the stated range and were left out.']);
    const meant = await upload(content, { ...within, dataset: 'meant', from: '1970-01-01' });
    expect(meant.findings).toMatchObject({ leftOut: 1, oddTimes: { far: { count: 0 } }, start: '1970-01-01T00:00:00.000Z' });
    expect(meant.findings.observations).toBeGreaterThan(19_000);
    const never = { ...within, from: '2100-01-01', to: '2100-12-31' };
    await expect(upload(content, never)).rejects.toMatchObject({ code: 'RANGE_WITHOUT_VALUES' });
    await expect(upload(content, { ...within, from: '2025-01-01' })).rejects.toMatchObject({ code: 'RANGE_EMPTY' });
  });

  it('names rows in the future, and fills no zeros up to them', async () => {
    const today = Math.floor(Date.now() / 86_400_000) * 86_400_000;
    const date = (days: number): string => new Date(today + days * 86_400_000).toISOString().slice(0, 10);
    const content = `${HEAD}${daysOf('a', date(-50), 51)}a,${date(40)},7\n`;
    const { findings } = await upload(content, { dataset: 'future', frequency: 'D' });
    expect(findings.oddTimes).toMatchObject({ far: { count: 0 }, future: { count: 1, items: [{ line: 53, uniqueId: 'a' }] } });
    // By the clock of the database, not by that of the machine that reads.
    const later = await upload(content, { dataset: 'future-later', frequency: 'D' }, {}, () => new Date(today + 40 * 86_400_000));
    expect(later.findings.oddTimes.future.count).toBe(0);
    const zero = { dataset: 'future-zero', frequency: 'D', fillPolicy: 'zero' } as const;
    await expect(upload(content, zero)).rejects.toMatchObject({
      code: 'TIME_IN_FUTURE',
      subject: { rows: [{ at: 'line 53', series: 'a' }] },
    });
    expect((await upload(content, { ...zero, dryRun: true })).refusal).toMatchObject({ code: 'TIME_IN_FUTURE' });
    expect((await upload(content, { ...zero, to: date(40) })).findings.observations).toBe(91);
    expect((await upload(content, { ...zero, dataset: 'today', to: date(0) })).findings).toMatchObject({ leftOut: 1, observations: 51 });
  });

  it('tells by the line what makes it too long, also in what is added to a dataset', async () => {
    const content = `${HEAD}${hours('near', 48)}far,2024-01-01T00:00:00Z,1\nfar,2999-01-01T00:00:00Z,2\n`;
    await expect(upload(content, { dataset: 'lines', frequency: 'h' })).rejects.toThrow(
      /from 2024-01-01\S* \(line 50\) to 2999-01-01\S* \(line 51\)/,
    );
    await upload(HEAD + hours('near', 48), { dataset: 'lines', frequency: 'h' });
    const added = `${HEAD}near,2024-01-03T00:00:00Z,1\nnear,2999-01-01T00:00:00Z,2\n`;
    await expect(upload(added, { dataset: 'lines', frequency: 'h' })).rejects.toThrow(/to 2999-01-01\S* \(line 3\)/);
    const slip = `${HEAD}near,2034-01-03T00:00:00Z,1\n`;
    await expect(upload(slip, { dataset: 'lines', frequency: 'h', fillPolicy: 'zero' })).rejects.toMatchObject({ code: 'TIME_FAR' });
    expect((await upload(slip, { dataset: 'lines', frequency: 'h' })).findings.oddTimes.far).toMatchObject({ items: [{ line: 2 }] });
  });

  it('says so in a dry run as well', async () => {
    const content = `${HEAD}a,2024-01-01T00:00:00Z,1\na,2999-01-01T00:00:00Z,2\n`;
    const { refusal, findings } = await upload(content, { dataset: 'dry', frequency: 'h', fillPolicy: 'zero', dryRun: true });
    expect(refusal).toMatchObject({ code: 'SPAN_TOO_LONG' });
    expect(findings.rowsRead).toBe(2);
  });

  it('may be sparse as far as its rows go, and by what the operator allows', async () => {
    const content = `${HEAD}a,2004-01-01T00:00:00Z,1\na,2024-01-01T00:00:00Z,2\n`;
    expect((await upload(content, { dataset: 'sparse', frequency: 'h', fillPolicy: 'zero' })).findings.observations).toBe(175_321);
    const options = { dataset: 'limited', frequency: 'h', fillPolicy: 'zero' } as const;
    await expect(upload(content, options, { steps: 100_000 })).rejects.toMatchObject({ code: 'SPAN_TOO_LONG' });
    const far = content.replace('2004', '1404');
    await expect(upload(far, options)).rejects.toMatchObject({ code: 'SPAN_TOO_LONG' });
    expect(await store.datasets.find('limited')).toBeNull();
    await upload(far, { ...options, fillPolicy: 'none' }, { stepsPerRow: 10_000_000 });
  });
});

describe('an append', () => {
  it.each(['none', 'zero'] as const)('of one row of the year 2999 is refused, by row and by file (fill %s)', async (fillPolicy) => {
    const dataset = `live-${fillPolicy}`;
    await upload(HEAD + hours('a', 24 * 30) + hours('b', 24 * 30), { dataset, frequency: 'h', fillPolicy });
    const before = await written();
    const row = { unique_id: 'a', ds: '2999-01-31T00:00:00Z', y: 1 };
    const refusal = { code: 'SPAN_TOO_LONG', subject: { dataset, rows: 1 } };
    await expect(appendObservations({ store, objects, now }, dataset, [row as never])).rejects.toMatchObject(refusal);
    await expect(upload(`${HEAD}a,${row.ds},1\n`, { dataset, frequency: 'h', fillPolicy })).rejects.toMatchObject(refusal);
    expect(await written()).toEqual(before);
    // The next hour, and the first after an outage of a year.
    await appendObservations({ store, objects, now }, dataset, [{ ...row, ds: '2024-01-31T00:00:00Z' } as never]);
    await appendObservations({ store, objects, now }, dataset, [{ ...row, ds: '2025-01-31T00:00:00Z' } as never]);
  });

  it('of a row each cannot double a dataset again and again', async () => {
    await upload(`${HEAD}a,0,1\na,1,2\n`, { dataset: 'doubling', frequency: '1', fillPolicy: 'zero' });
    const grow = async (): Promise<void> => {
      for (let step = 900_000; step < 900_000_000; step *= 2)
        await appendObservations({ store, objects, now }, 'doubling', [{ unique_id: 'a', ds: step, y: 1 } as never]);
    };
    await expect(grow()).rejects.toMatchObject({ code: 'SPAN_TOO_LONG' });
    expect((await store.datasets.get('doubling')).lastStep).toBeLessThan(4_000_000);
  });

  it('of a row each cannot grow it by as much again and again', async () => {
    await upload(`${HEAD}a,0,1\na,1,2\n`, { dataset: 'growing', frequency: '1' });
    const grow = async (): Promise<void> => {
      for (let step = 900_000; step < 9_000_000; step += 900_000)
        await appendObservations({ store, objects, now }, 'growing', [{ unique_id: 'a', ds: step, y: 1 } as never]);
    };
    await expect(grow()).rejects.toMatchObject({ code: 'SPAN_TOO_LONG' });
    expect((await store.datasets.get('growing')).lastStep).toBeLessThan(2_000_000);
  });
});
