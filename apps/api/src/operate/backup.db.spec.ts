/** A backup holds all that an installation holds at one moment, a restore gives all of it back, and half a file gives nothing. */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cipherOf, loadConfig } from '@almanac/platform';
import { AlmanacError } from '@almanac/series';
import { dumpDatabaseSchema, migrateDatabase, openStore } from '@almanac/store';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, query, type TestDatabase } from '../../../../test/support/database.js';
import { loadInstallation } from '../../../../test/support/installation.js';
import { makeBackup } from './backup.js';
import { examine, type Finding } from './doctor.js';
import { checkBackup, restoreBackup } from './restore.js';

const FIXTURE = fileURLToPath(new URL('../../../../test/fixtures/installation-1', import.meta.url));
const KEY = Buffer.alloc(32, 5).toString('base64');
const PASSPHRASE = 'a passphrase of some length';

const databases: TestDatabase[] = [];
let folder: string;
let old: TestDatabase;
let file: string;

const database = async (): Promise<TestDatabase> => {
  const made = await createTestDatabase({ migrated: false });
  databases.push(made);
  return made;
};
const house = (name: string, env: Record<string, string> = {}): ReturnType<typeof loadConfig> =>
  loadConfig({ ALMANAC_HOME: join(folder, name), ...env });

/** Every row of every table that is kept, as text. */
async function contentsOf(url: string, tables: readonly { name: string }[]): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const { name } of tables) {
    const [row] = await query<{ text: string }>(url, `SELECT string_agg(t::text, E'\\n' ORDER BY t::text) AS text FROM "${name}" t`);
    all[name] = row!.text;
  }
  return all;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'almanac-backup-'));
  old = await database();
  await loadInstallation(old.url, FIXTURE);
  cpSync(join(FIXTURE, 'objects'), join(folder, 'old/objects'), { recursive: true });
  await migrateDatabase(old.url);
  const store = await openStore({ databaseUrl: old.url, cipher: cipherOf([KEY]) });
  await store.webhooks.sealSecrets();
  await store.close();
  file = join(folder, 'backup.tar');
});
afterAll(async () => {
  for (const made of databases) await made.drop();
  rmSync(folder, { recursive: true, force: true });
});

it('is restored into an empty database and a new folder, row for row and object for object, with the keys', async () => {
  const env = { ALMANAC_SECRET_KEY: KEY, ALMANAC_BACKUP_PASSPHRASE: PASSPHRASE };
  const { backup, left } = await makeBackup(house('old', env), old.url, file);
  expect([left, backup.sealedWith.length, statSync(file).mode & 0o777]).toEqual([[], 1, 0o600]);
  expect(readFileSync(file).includes(KEY)).toBe(false);
  const fresh = await database();
  const { rows, upgraded } = await restoreBackup(house('new', { ALMANAC_BACKUP_PASSPHRASE: PASSPHRASE }), fresh.url, file, false);
  expect(upgraded).toEqual([]);
  const was = await contentsOf(old.url, backup.tables);
  expect(await contentsOf(fresh.url, backup.tables)).toEqual(was);
  expect(rows).toBe(Object.values(was).reduce((sum, text) => sum + (text?.split('\n').length ?? 0), 0));
  expect(await dumpDatabaseSchema(fresh.url)).toBe(await dumpDatabaseSchema(old.url));
  for (const sha256 of backup.objects)
    expect(existsSync(join(folder, 'new/objects', sha256.slice(0, 2), sha256.slice(2, 4), sha256))).toBe(true);
  expect(readFileSync(join(folder, 'new/secret.key'), 'utf8').trim()).toBe(KEY);
  // A row that is made afterwards gets a number of its own.
  const series = `INSERT INTO series (workspace_id, dataset_id, unique_id) SELECT workspace_id, id, 'new' FROM dataset LIMIT 1 RETURNING id`;
  const [{ id }] = (await query<{ id: string }>(fresh.url, series)) as [{ id: string }];
  expect(was['series']!.split('\n').some((row) => row.startsWith(`(${id},`))).toBe(false);
});

it('refuses a database that holds something, and keys that are not here, before anything is written', async () => {
  await expect(restoreBackup(house('old', { ALMANAC_SECRET_KEY: KEY }), old.url, file, false)).rejects.toMatchObject({
    code: 'RESTORE_NOT_EMPTY',
  });
  const fresh = await database();
  const wrong = house('third', { ALMANAC_BACKUP_PASSPHRASE: 'another passphrase' });
  await expect(restoreBackup(wrong, fresh.url, file, false)).rejects.toMatchObject({ code: 'PASSPHRASE_WRONG' });
  await expect(restoreBackup(house('third'), fresh.url, file, false)).rejects.toMatchObject({ code: 'RESTORE_KEYS_MISSING' });
  expect(await query(fresh.url, `SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace`)).toEqual([]);
  expect((await restoreBackup(house('third'), fresh.url, file, true)).rows).toBeGreaterThan(100);
});

it('is refused where it was cut off anywhere or changed, and an existing file is not written over', async () => {
  const whole = readFileSync(file);
  const damaged = join(folder, 'damaged.tar');
  for (const part of [0.1, 0.5, 0.9, 0.99]) {
    writeFileSync(damaged, whole.subarray(0, Math.floor(whole.length * part)));
    await expect(checkBackup(damaged)).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
  }
  for (const part of [0.2, 0.6, 0.8]) {
    const changed = Buffer.from(whole);
    changed[Math.floor(whole.length * part)]! ^= 1;
    writeFileSync(damaged, changed);
    await expect(checkBackup(damaged), `changed at ${part}`).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
  }
  await expect(checkBackup(join(folder, 'none.tar'))).rejects.toMatchObject({ code: 'BACKUP_NOT_FOUND' });
  await expect(makeBackup(house('old', { ALMANAC_SECRET_KEY: KEY }), old.url, file)).rejects.toMatchObject({ code: 'BACKUP_EXISTS' });
});

it('names an object that the storage has lost, and leaves no file', async () => {
  const target = join(folder, 'lost.tar');
  await expect(makeBackup(house('empty', { ALMANAC_SECRET_KEY: KEY }), old.url, target)).rejects.toMatchObject({
    code: 'BACKUP_OBJECT_MISSING',
  });
  const object = readdirSync(join(folder, 'old/objects'), { recursive: true, encoding: 'utf8' }).find((name) => name.length > 60)!;
  const path = join(folder, 'old/objects', object);
  const content = readFileSync(path);
  writeFileSync(path, 'not what it was');
  await expect(makeBackup(house('old', { ALMANAC_SECRET_KEY: KEY }), old.url, target)).rejects.toMatchObject({ code: 'OBJECT_DAMAGED' });
  writeFileSync(path, content);
  expect(readdirSync(folder).filter((name) => name.startsWith('lost'))).toEqual([]);
});

it('the doctor finds what is wrong, says what to do, and changes nothing', async () => {
  const config = house('old', { DATABASE_URL: old.url, ALMANAC_SECRET_KEY: Buffer.alloc(32, 6).toString('base64'), ALMANAC_PORT: '1' });
  const connection = join(folder, 'old/connection.json');
  writeFileSync(connection, '{}', { mode: 0o644 });
  await query(old.url, `DELETE FROM migration WHERE name = (SELECT max(name) FROM migration)`);
  const examined = (): Promise<Finding[]> => examine(config, (use) => use(old.url));
  const pending = (await examined()).find(({ about }) => about === 'migrations');
  expect(pending).toMatchObject({ state: 'note', found: '1 to be applied', wayOut: expect.stringContaining('almanac upgrade') });
  const name = readdirSync(join(FIXTURE, '../../../database/migrations')).sort().at(-1)!;
  await query(old.url, `INSERT INTO migration (name, sha256) SELECT $1, encode(sha256($2), 'hex')`, [
    ...[name, readFileSync(join(FIXTURE, '../../../database/migrations', name))],
  ]);
  const findings = Object.fromEntries((await examined()).map((finding) => [finding.about, finding]));
  expect(findings).toMatchObject({
    secrets: { state: 'wrong', found: expect.stringContaining(connection), wayOut: `chmod 600 ${connection}` },
    key: { state: 'wrong', wayOut: expect.stringContaining('ALMANAC_SECRET_KEY') },
    API: { state: 'note', found: 'nothing listens on http://127.0.0.1:1' },
    workers: { state: 'note' },
  });
  for (const about of ['versions', 'data folder', 'database', 'migrations', 'workspaces', 'connections', 'clock', 'objects'])
    expect(findings[about], about).toMatchObject({ state: 'ok' });
  const gone = await examine(house('old'), () =>
    Promise.reject(new AlmanacError('DATABASE_UNREACHABLE', 'no answer', { hint: 'start it' })),
  );
  // Neither a server nor DATABASE_URL: nothing is made to look at.
  expect(gone.find(({ about }) => about === 'database')).toMatchObject({ state: 'note', found: 'there is none yet' });
});
