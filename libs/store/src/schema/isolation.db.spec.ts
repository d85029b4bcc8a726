/**
 * PostgreSQL keeps workspaces apart by itself: every table, whatever a statement asks for, on the server that comes with
 * Almanac and on the oldest that it runs on.
 */
import { spawnSync, spawn, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { dropDatabaseUser, makeDatabaseUser, migrateDatabase, openStore, type Store } from '@almanac/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, query } from '../../../../test/support/database.js';
import { freePort } from '../../../../test/support/almanac.js';

interface Server {
  url: string;
  stop(): Promise<void>;
}

async function embedded(): Promise<Server> {
  const database = await createTestDatabase();
  return { url: database.url, stop: () => database.drop() };
}

const OLD = '/usr/lib/postgresql/15/bin';

/** Debian's own, as its least privileged user where the test runs as root. */
async function debian(): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'almanac-postgres-15-'));
  const data = join(folder, 'data');
  const port = await freePort();
  const root = process.getuid?.() === 0;
  const who = root ? { uid: 65_534, gid: 65_534 } : {};
  mkdirSync(data);
  if (root) for (const path of [folder, data]) chownSync(path, 65_534, 65_534);
  const made = spawnSync(join(OLD, 'initdb'), ['-D', data, '-U', 'postgres', '--auth', 'trust', '-E', 'UTF8', '--no-sync'], {
    ...who,
    cwd: folder,
  });
  if (made.status !== 0) throw new Error(made.stderr.toString());
  const settings = { unix_socket_directories: '', listen_addresses: '127.0.0.1', port: String(port), fsync: 'off' };
  const child: ChildProcess = spawn(
    join(OLD, 'postgres'),
    ['-D', data, ...Object.entries(settings).flatMap(([k, v]) => ['-c', `${k}=${v}`])],
    {
      ...who,
      cwd: folder,
      stdio: 'ignore',
    },
  );
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  for (let attempt = 0; ; attempt++) {
    try {
      await query(url, 'SELECT 1');
      break;
    } catch (error) {
      if (attempt > 300) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  await migrateDatabase(url);
  return {
    url,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGINT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** One statement as the program runs it: as the role of its connections, with a workspace set or none. */
async function asApp<T extends pg.QueryResultRow>(url: string, workspace: string | null, sql: string, role = 'almanac_app'): Promise<T[]> {
  const client = new pg.Client({ connectionString: url, options: `-c role=${role}` });
  await client.connect();
  try {
    if (workspace !== null) await client.query(`SELECT set_config('almanac.workspace', $1, false)`, [workspace]);
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

const SERVERS: [string, () => Promise<Server>, boolean][] = [
  ['the embedded server', embedded, true],
  ['PostgreSQL 15', debian, existsSync(join(OLD, 'postgres'))],
];

for (const [name, start, there] of SERVERS) {
  describe.skipIf(!there)(`on ${name}`, () => {
    let server: Server;
    let mine: Store;
    let theirs: Store;

    beforeAll(async () => {
      server = await start();
      mine = await openStore({ databaseUrl: server.url });
      theirs = mine.forWorkspace((await mine.workspaces.create('theirs')).id);
      for (const store of [mine, theirs]) {
        const values = Float64Array.from({ length: 2000 }, (_, t) => t);
        const dataset = { name: 'hours', frequency: 'h', timeZone: 'UTC' };
        const summary = () => ({ rowsRead: 2000, rowsRejected: 0, findings: null });
        await store.series.writeVersion({ dataset, mode: 'append', pieces: [{ id: 'a', firstStep: 0, values }], summary });
        await store.runs.create({ kind: 'train', config: {} });
        await store.webhooks.create({ url: 'https://example.org', events: ['run.finished'], description: '', enabled: true, secret: 's' });
        await store.idempotency.begin('k', 'h');
        await store.apiKeys.create({ name: 'k', prefix: 'k', hash: store.workspaceId, scopes: ['admin'] });
        const { id } = await store.users.create({ email: `${store.workspaceId}@example.org`, name: 'n', passwordHash: null });
        await store.users.addIdentity(id, 'https://issuer', store.workspaceId);
        await store.members.put(id, 'admin');
        await store.members.invite({
          email: 'a@example.org',
          role: 'viewer',
          tokenHash: store.workspaceId,
          invitedBy: 'k',
          lifeSeconds: 60,
        });
        const session = {
          tokenHash: store.workspaceId,
          userId: id,
          method: 'password' as const,
          address: '::1',
          agent: '',
          lifeSeconds: 60,
        };
        await store.sessions.create(session);
        await store.sessions.createLink(store.workspaceId, id, 60);
        await store.sessions.attempt(store.workspaceId, 1, 60);
      }
    }, 120_000);
    afterAll(async () => {
      await mine?.close();
      await server?.stop();
    });

    it('the program is neither superuser nor owner, and says that workspaces are kept apart', async () => {
      expect(mine.isolated).toBe(true);
      const [role] = await asApp<{ super: boolean; bypass: boolean; owns: number }>(
        server.url,
        null,
        `SELECT rolsuper AS super, rolbypassrls AS bypass, (SELECT count(*)::int FROM pg_class WHERE relowner = r.oid AND relnamespace = 'public'::regnamespace) AS owns
         FROM pg_roles r WHERE rolname = current_user`,
      );
      expect(role).toEqual({ super: false, bypass: false, owns: 0 });
    });

    it('every table has its policy, and shows nothing of another workspace; a new one calls isolate_workspaces()', async () => {
      // Those of the installation show a workspace nothing at all (hide_from_workspaces).
      const tables = await query<{ name: string; secured: boolean; column: string | null }>(
        server.url,
        `SELECT c.relname AS name, c.relrowsecurity AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'workspace') AS secured,
           CASE c.relname WHEN 'workspace' THEN 'id' ELSE (SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attname = 'workspace_id') END AS column
         FROM pg_class c WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND relname <> 'migration' ORDER BY 1`,
      );
      expect(tables.length).toBeGreaterThan(30);
      expect(tables.filter(({ secured }) => !secured).map((one) => one.name)).toEqual([]);
      const hidden = tables.filter(({ column }) => column === null).map((one) => one.name);
      expect(hidden).toEqual(['session', 'sign_in_attempt', 'sign_in_link', 'user_account', 'user_identity']);
      for (const table of hidden) {
        const count = async (seen: string): Promise<number> =>
          (await asApp<{ n: number }>(server.url, seen, `SELECT count(*)::int AS n FROM ${table}`))[0]!.n;
        expect([table, await count(theirs.workspaceId)]).toEqual([table, 0]);
        expect([table, await count('*')]).not.toEqual([table, 0]);
      }
      const filled: string[] = [];
      for (const { name: table, column } of tables.filter((one) => one.column !== null)) {
        const count = async (workspace: string | null): Promise<{ n: number; others: number }> =>
          (
            await asApp<{ n: number; others: number }>(
              server.url,
              workspace,
              `SELECT count(*)::int AS n, count(*) FILTER (WHERE ${column} <> '${workspace ?? mine.workspaceId}')::int AS others FROM ${table}`,
            )
          )[0]!;
        const seen = await count(theirs.workspaceId);
        expect([table, seen.others]).toEqual([table, 0]);
        expect([table, (await count(null)).n]).toEqual([table, 0]);
        if (seen.n > 0) filled.push(table);
      }
      expect(filled).toEqual(
        expect.arrayContaining([
          ...['api_key', 'dataset', 'idempotency_key', 'invitation', 'member', 'run', 'series', 'series_chunk', 'webhook', 'workspace'],
        ]),
      );
    });

    it('nothing is written for another workspace, changed or removed in it', async () => {
      const [{ id }] = (await query<{ id: string }>(server.url, 'SELECT id FROM webhook WHERE workspace_id = $1', [
        theirs.workspaceId,
      ])) as [{ id: string }];
      const own = mine.workspaceId;
      expect(await asApp(server.url, own, `UPDATE webhook SET url = 'https://thief' WHERE id = '${id}' RETURNING 1`)).toEqual([]);
      expect(await asApp(server.url, own, `DELETE FROM webhook WHERE id = '${id}' RETURNING 1`)).toEqual([]);
      const insert = `INSERT INTO upload (id, workspace_id, file_name, size, sha256, object_key, mapping) VALUES (gen_random_uuid(), '${theirs.workspaceId}', 'f', 1, 's', 's', '{}')`;
      await expect(asApp(server.url, own, insert)).rejects.toThrow(/row-level security/);
      await expect(asApp(server.url, own, 'ALTER TABLE upload DISABLE ROW LEVEL SECURITY')).rejects.toThrow(/must be owner/);
    });

    it('one connection serves one workspace after the other, through rollbacks too', async () => {
      const names = async (store: Store): Promise<number> => (await store.series.list((await store.datasets.get('hours')).id)).items.length;
      const narrow = await openStore({ databaseUrl: server.url, poolSize: 1 });
      const other = narrow.forWorkspace(theirs.workspaceId);
      try {
        for (const store of [narrow, other, narrow, other]) expect(await names(store)).toBe(1);
        const failed = narrow.transaction(async (within) => {
          expect(await names(within)).toBe(1);
          expect(await names(within.forWorkspace(theirs.workspaceId))).toBe(1);
          expect(await names(within)).toBe(1);
          await within.forWorkspace(theirs.workspaceId).idempotency.begin('lost', 'h');
          throw new Error('on purpose');
        });
        await expect(failed).rejects.toThrow('on purpose');
        for (const store of [narrow, other]) expect(await names(store)).toBe(1);
        // A statement that fails while the connection sees another workspace ends the transaction, and nothing but it.
        const taken = narrow.transaction((within) => within.workspaces.create('theirs'));
        await expect(taken).rejects.toMatchObject({ code: 'WORKSPACE_EXISTS' });
        for (const store of [other, narrow]) expect(await names(store)).toBe(1);
      } finally {
        await narrow.close();
      }
    });

    it('an SQL user reads the views of one workspace, whatever it sets, and writes nothing', async () => {
      const user = `reader_${Math.random().toString(36).slice(2, 10)}`;
      const password = await makeDatabaseUser(server.url, user, 'theirs');
      const url = new URL(server.url);
      url.username = user;
      url.password = password;
      try {
        const client = new pg.Client({ connectionString: url.href });
        await client.connect();
        try {
          for (const setting of [mine.workspaceId, '*', '']) {
            await client.query(`SELECT set_config('almanac.workspace', $1, false)`, [setting]);
            const { rows } = await client.query<{ n: number; others: number }>(
              `SELECT count(*)::int AS n, count(*) FILTER (WHERE workspace_id <> '${theirs.workspaceId}')::int AS others FROM observation`,
            );
            expect(rows).toEqual([{ n: 2000, others: 0 }]);
          }
          await client.query('SET default_transaction_read_only = off');
          for (const sql of [
            'DELETE FROM series',
            'SELECT * FROM api_key',
            'SELECT * FROM webhook',
            'SELECT * FROM sql_user',
            `SET ROLE almanac_app`,
          ])
            await expect(client.query(sql)).rejects.toThrow(/permission denied/);
        } finally {
          await client.end();
        }
        // Nor does it keep others from working: no locks that the program waits for, nothing stored, so many connections.
        const crowd = Array.from({ length: 10 }, () => new pg.Client({ connectionString: url.href }));
        try {
          for (const one of crowd) await one.connect();
          await expect(new pg.Client({ connectionString: url.href }).connect()).rejects.toThrow(/too many connections for role/);
          await crowd[0]!.query('SET default_transaction_read_only = off');
          for (const sql of [
            'SELECT pg_advisory_lock(1)',
            'SELECT pg_try_advisory_xact_lock_shared(1, 2)',
            'SELECT lo_create(0)',
            `SELECT lo_from_bytea(0, '')`,
            'CREATE TEMP TABLE aside (n int)',
            `SET temp_file_limit = -1`,
          ])
            await expect(crowd[0]!.query(sql), sql).rejects.toThrow(/permission denied/);
        } finally {
          for (const one of crowd) await one.end();
        }
        await expect(makeDatabaseUser(server.url, new URL(server.url).username, 'theirs')).rejects.toMatchObject({
          code: 'SQL_USER_FOREIGN',
        });
        await expect(makeDatabaseUser(server.url, 'a b', 'theirs')).rejects.toMatchObject({ code: 'SQL_USER_INVALID' });
        await expect(makeDatabaseUser(server.url, 'nobody_at_all', 'none')).rejects.toMatchObject({ code: 'WORKSPACE_NOT_FOUND' });
      } finally {
        await dropDatabaseUser(server.url, user);
      }
    });

    it('a login that reads another database of the server, or whose workspace was deleted, sees nothing, whatever it sets', async () => {
      const user = `reader_${Math.random().toString(36).slice(2, 10)}`;
      const seenBy = async (client: pg.Client): Promise<unknown[]> => {
        const seen: unknown[] = [];
        for (const setting of [mine.workspaceId, '*']) {
          await client.query(`SELECT set_config('almanac.workspace', $1, false)`, [setting]);
          seen.push(
            (await client.query(`SELECT (SELECT count(*)::int FROM observation) AS n, (SELECT count(*)::int FROM dataset) AS d`)).rows[0],
          );
        }
        return seen;
      };
      const connect = async (name: string, password: string): Promise<pg.Client> => {
        const url = new URL(server.url);
        Object.assign(url, { username: name, password });
        const client = new pg.Client({ connectionString: url.href });
        await client.connect();
        return client;
      };
      // As one of another Almanac on the same server: roles are the server's.
      await query(server.url, `CREATE ROLE ${user} LOGIN PASSWORD 'p' IN ROLE almanac_reader, almanac_app`);
      const stranger = await connect(user, 'p');
      try {
        expect(await seenBy(stranger)).toEqual([
          { n: 0, d: 0 },
          { n: 0, d: 0 },
        ]);
      } finally {
        await stranger.end();
        await query(server.url, `DROP ROLE ${user}`);
      }

      await mine.workspaces.create('short lived');
      const client = await connect(user, await makeDatabaseUser(server.url, user, 'short lived'));
      client.on('error', () => undefined);
      try {
        await client.query('SELECT 1 FROM observation');
        await mine.workspaces.delete('short lived');
        // Its login is gone with it; who is connected by it is nobody.
        expect(await query(server.url, 'SELECT 1 FROM pg_roles WHERE rolname = $1', [user])).toEqual([]);
        expect(await seenBy(client).catch(() => 'refused')).toBe('refused');
      } finally {
        await client.end();
      }
    });

    it('a login that owns the tables and may make no role works as before, and says what is missing', async () => {
      const user = `owner_${Math.random().toString(36).slice(2, 10)}`;
      await query(server.url, `CREATE ROLE ${user} LOGIN PASSWORD 'p'`);
      await query(server.url, `CREATE DATABASE ${user} OWNER ${user} TEMPLATE template0`);
      const url = new URL(server.url);
      Object.assign(url, { username: user, password: 'p', pathname: `/${user}` });
      try {
        const store = await openStore({ databaseUrl: url.href });
        expect(store.isolated).toBe(false);
        await store.idempotency.begin('k', 'h');
        await store.close();
        // What the guide tells the administrator to do.
        await query(server.url, `GRANT almanac_app TO ${user}`);
        const apart = await openStore({ databaseUrl: url.href });
        expect(apart.isolated).toBe(true);
        expect(await apart.idempotency.begin('k', 'h')).toEqual({ state: 'running' });
        await apart.close();
      } finally {
        await query(server.url, `DROP DATABASE ${user} WITH (FORCE)`);
        await query(server.url, `DROP ROLE ${user}`);
      }
    });
  });
}
