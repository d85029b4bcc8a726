import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, query, type TestDatabase } from '../../../../test/support/database.js';
import { dumpDatabaseSchema, migrateDatabase, openStore } from '../store.js';
import { migrate } from './migrate.js';
import { inspectServer } from './server.js';

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase({ migrated: false });
});
afterEach(() => database.drop());

async function migrateFrom(files: Record<string, string>): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'almanac-migrations-'));
  for (const [name, sql] of Object.entries(files)) writeFileSync(join(folder, name), sql);
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    return await migrate(client, pathToFileURL(`${folder}/`));
  } finally {
    await client.end();
    rmSync(folder, { recursive: true });
  }
}

describe('migrations', () => {
  it('give the schema that database/schema.sql shows (else run `npm run db:dump`)', async () => {
    await migrateDatabase(database.url);
    const shown = readFileSync(new URL('../../../../database/schema.sql', import.meta.url), 'utf8');
    expect(await dumpDatabaseSchema(database.url)).toBe(shown);
  });

  it('are applied once, however many programs start at the same time', async () => {
    const applied = await Promise.all(Array.from({ length: 4 }, () => migrateDatabase(database.url)));
    expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
    expect(await query(database.url, 'SELECT name FROM workspace')).toEqual([{ name: 'default' }]);
  });

  it('are applied in order of their names, each whole or not at all', async () => {
    const files = {
      '2.sql': 'INSERT INTO t VALUES (2)',
      '1.sql': 'CREATE TABLE t (n int)',
      '3.sql': 'INSERT INTO t VALUES (3); SELECT 1/0',
    };
    await expect(migrateFrom(files)).rejects.toMatchObject({ code: 'MIGRATION_FAILED', message: expect.stringContaining('3.sql') });
    expect(await query(database.url, 'SELECT n FROM t')).toEqual([{ n: 2 }]);
    expect(await migrateFrom({ ...files, '3.sql': 'INSERT INTO t VALUES (3)' })).toEqual(['3.sql']);
  });

  it('never change once they were applied', async () => {
    await migrateFrom({ '1.sql': 'CREATE TABLE t (n int)' });
    await expect(migrateFrom({ '1.sql': 'CREATE TABLE t (n bigint)' })).rejects.toMatchObject({ code: 'MIGRATION_CHANGED' });
  });

  it('keep what was a rollback, take no words of a person for one, and list what workers are at', async () => {
    const folder = new URL('../../../../database/migrations/', import.meta.url);
    const all = readdirSync(folder).filter((name) => name.endsWith('.sql'));
    const before = all.filter((name) => name < '20261130173000_rollbacks.sql');
    await migrateFrom(Object.fromEntries(before.map((name) => [name, readFileSync(new URL(name, folder), 'utf8')])));
    await query(
      database.url,
      `INSERT INTO dataset (id, workspace_id, name, frequency, time_zone, fill_policy)
         SELECT gen_random_uuid(), id, 'load', 'h', 'UTC', 'none' FROM workspace;
       INSERT INTO model (id, workspace_id, name, dataset_id) SELECT gen_random_uuid(), workspace_id, 'load', id FROM dataset;
       INSERT INTO model_alias (id, workspace_id, model_id, alias, version, reason, to_at)
         SELECT gen_random_uuid(), workspace_id, id, 'champion', no, reason, now() FROM model, (VALUES
           (1, 'rolled back: the last 3 forecasts of version 2 were worse than seasonal naive'),
           (2, 'rolled back by hand'), (3, 'first version')) AS given (no, reason);
       INSERT INTO worker (id, workspace_id, busy_with)
         SELECT given.id, workspace.id, busy FROM workspace, (VALUES ('idle', NULL), ('one', 'a'), ('two', 'a, b')) AS given (id, busy)`,
    );
    await migrateDatabase(database.url);
    expect(await query(database.url, 'SELECT version FROM model_alias WHERE rollback')).toEqual([{ version: 1 }]);
    expect(await query(database.url, 'SELECT id, busy_with FROM worker ORDER BY id')).toEqual([
      { id: 'idle', busy_with: [] },
      { id: 'one', busy_with: ['a'] },
      { id: 'two', busy_with: ['a', 'b'] },
    ]);
  });

  it('give every table a workspace, but for those of the installation', async () => {
    await migrateDatabase(database.url);
    const rows = await query(
      database.url,
      `SELECT relname AS name FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
         AND NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'workspace_id') ORDER BY 1`,
    );
    // People are members of several; no workspace sees these (isolation.db.spec.ts).
    const people = ['session', 'sign_in_attempt', 'sign_in_link', 'user_account', 'user_identity'];
    expect(rows.map(({ name }) => name)).toEqual(['migration', ...people, 'workspace']);
  });
});

describe('opening the store', () => {
  it('says which server it cannot reach', async () => {
    const opened = openStore({ databaseUrl: 'postgres://nobody:x@127.0.0.1:1/none' });
    await expect(opened).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE', message: expect.stringContaining('127.0.0.1:1/none') });
    await expect(openStore({ databaseUrl: database.url, workspace: 'other' })).rejects.toMatchObject({ code: 'WORKSPACE_NOT_FOUND' });
  });

  it('refuses a server that is too old, and a pooler that shares a connection among clients', async () => {
    const connect = async (): Promise<pg.Client> => {
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      return client;
    };
    const client = await connect();
    try {
      expect(await inspectServer(client, connect)).toMatchObject({ pooled: false, major: expect.any(Number) });
      // A pooler tells its clients a number that is not the server's.
      const behind = { processID: 1, query: (sql: string) => client.query(sql) } as unknown as pg.Client;
      expect(await inspectServer(behind, connect)).toMatchObject({ pooled: true });
      const shared = { query: (sql: string) => client.query(sql), end: () => Promise.resolve() } as unknown as pg.Client;
      await expect(inspectServer(behind, () => Promise.resolve(shared))).rejects.toMatchObject({
        code: 'POOLER_TRANSACTION_MODE',
        hint: expect.stringContaining('pool_mode = session'),
      });
      const old = { rows: [{ version: '14.9 (Debian)', no: '140009', pid: 1 }] };
      const older = { query: () => Promise.resolve(old) } as unknown as pg.Client;
      await expect(inspectServer(older, connect)).rejects.toMatchObject({
        code: 'POSTGRES_TOO_OLD',
        message: 'The server is PostgreSQL 14.9; Almanac needs 15 or later.',
      });
    } finally {
      await client.end();
    }
  });
});
