import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Database } from './database.js';

let folder: string;
let database: Database;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'almanac-duckdb-'));
  for (const name of ['upload.csv', 'other.csv']) await writeFile(join(folder, name), 'a\n1\n');
  database = await Database.open(join(folder, 'upload.csv'), await mkdtemp(join(tmpdir(), 'almanac-scratch-')), {
    memoryMb: 256,
    threads: 1,
  });
});
afterAll(async () => {
  database?.close();
  await rm(folder, { recursive: true, force: true });
});

it('reads its file', async () => {
  expect(await database.rows(`SELECT * FROM read_csv('${join(folder, 'upload.csv')}')`)).toEqual([{ a: '1' }]);
});

it.each([
  ['another file', () => `SELECT * FROM read_csv('${join(folder, 'other.csv')}')`],
  ['the machine', () => `SELECT * FROM read_text('/etc/passwd')`],
  ['the network', () => `SELECT * FROM read_csv('http://127.0.0.1:1/a.csv')`],
  ['an extension', () => 'INSTALL httpfs'],
  ['a file to write', () => `COPY (SELECT 1) TO '${join(folder, 'written.csv')}'`],
  ['its own locks', () => 'SET enable_external_access = true'],
  ['its own limits', () => `SET memory_limit = '20GB'`],
])('cannot reach %s', async (_what, sql) => {
  await expect(database.run(sql())).rejects.toThrow(/permission|locked|disabled|not allowed|cannot/i);
});
