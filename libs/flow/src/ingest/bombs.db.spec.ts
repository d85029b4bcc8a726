/** Small files that unfold into much: each ends by a limit that says what it is, and leaves neither disk nor process behind. */
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type IngestOptionsInput, ingestOptions, type IngestResult } from '@almanac/contracts';
import { ingestUpload } from '@almanac/flow/ingest/execute';
import { DEFAULT_INGEST_LIMITS, folderObjectStore, type IngestLimits, type ObjectStore } from '@almanac/platform';
import { openStore, type Store } from '@almanac/store';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';

let database: TestDatabase;
let folder: string;
let scratch: string;
let objects: ObjectStore;
let store: Store;

beforeAll(async () => {
  database = await createTestDatabase();
  store = await openStore({ databaseUrl: database.url });
  folder = await mkdtemp(join(tmpdir(), 'almanac-bombs-spec-'));
  objects = folderObjectStore(join(folder, 'objects'));
  // A folder for what is on its way, where nobody else's is.
  scratch = join(folder, 'scratch');
  await mkdir(scratch);
  vi.stubEnv('TMPDIR', scratch);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await store?.close();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

async function upload(
  fileName: string,
  content: Buffer,
  limits: Partial<IngestLimits>,
  more: Partial<IngestOptionsInput> = {},
): Promise<IngestResult> {
  const options = ingestOptions.parse({ dataset: 'bomb', frequency: '1', ...more });
  const { sha256, bytes } = await objects.put(content);
  const { id } = await store.uploads.create({ fileName, size: bytes, sha256, objectKey: sha256, mapping: options });
  const now = (): Date => new Date();
  return ingestUpload({ store, objects, now, limits: { ...DEFAULT_INGEST_LIMITS, ...limits } }, { uploadId: id, options });
}

const HEAD = 'unique_id,ds,y\n';
const lines = (mb: number): Buffer => Buffer.concat([Buffer.from(`${HEAD}a,1,1\n`), Buffer.alloc(mb << 20, '\n'), Buffer.from('a,2,2\n')]);

it.each([
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
] as const)('a file that %s unfolds by a thousand is stopped by the ratio, and a small disk by its size', async (_name, compress) => {
  const bomb = compress(lines(200));
  expect(bomb.length).toBeLessThan(300_000);
  await expect(upload('bomb.csv', bomb, {})).rejects.toMatchObject({
    code: 'FILE_TOO_LARGE',
    message: expect.stringContaining('200 times'),
  });
  const patient = { unfoldedTimes: 1_000_000 };
  await expect(upload('bomb.csv', bomb, { ...patient, scratchMb: 50 })).rejects.toMatchObject({
    code: 'FILE_TOO_LARGE',
    message: expect.stringContaining('50 MB of disk'),
  });
});

it('a Parquet dictionary that unfolds into gigabytes is stopped by memory and disk, and is not called damaged', async () => {
  const path = join(folder, 'bomb.parquet');
  const duckdb = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  // One of two ids of 30 KB in each of 30,000 rows: 900 MB once they are text.
  await duckdb.run(
    `COPY (SELECT repeat('x', 30000) || (i % 2) AS unique_id, i AS ds, i::DOUBLE AS y FROM range(30000) t(i)) TO '${path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048)`,
  );
  duckdb.closeSync();
  const bomb = await readFile(path);
  expect(bomb.length).toBeLessThan(3_000_000);
  const refused = upload('bomb.parquet', bomb, { memoryMb: 400, scratchMb: 100 });
  await expect(refused).rejects.toMatchObject({ code: 'FILE_TOO_LARGE', status: 413 });
  await expect(refused).rejects.toThrow(/400 MB of memory and 100 MB of disk/);
  expect(await readdir(scratch)).toEqual([]);
});

it('a reader that holds more memory than it may is ended, whoever took it', async () => {
  // Less than any process of Node and DuckDB.
  const refused = upload('small.csv', gzipSync(`${HEAD}${Array.from({ length: 200_000 }, (_, i) => `a,${i},1\n`).join('')}`), {
    memoryMb: 30,
  });
  await expect(refused).rejects.toMatchObject({ code: 'FILE_TOO_LARGE', message: expect.stringContaining('30 MB of memory') });
});

it('a reader has a deadline', async () => {
  const rows = Array.from({ length: 200_000 }, (_, i) => `"a",${i},1\n`).join('');
  await expect(upload('slow.csv', Buffer.from(HEAD + rows), { seconds: 0.2 })).rejects.toMatchObject({
    code: 'FILE_TOO_SLOW',
    status: 413,
  });
});

it('a hundred thousand columns are counted, and not read', async () => {
  const names = Array.from({ length: 100_000 }, (_, i) => `s${i}`).join(',');
  const wide = Buffer.from(`ds,${names}\n1${',1'.repeat(100_000)}\n`);
  const started = performance.now();
  await expect(upload('wide.csv', wide, {})).rejects.toMatchObject({
    code: 'COLUMNS_TOO_MANY',
    subject: { columns: 100_001, allowed: 20_000 },
  });
  expect((performance.now() - started) / 1000).toBeLessThan(60);
});
