/**
 * The roles by which PostgreSQL itself keeps workspaces apart.
 *
 * - `almanac_app`: what every statement of the program runs as. It owns nothing and is no superuser, so the policies hold for
 *   it: it sees the rows of the workspace that is set on its connection (scope.ts), and none where none is set.
 * - `almanac_reader`: what SQL users are members of: it reads the views and the tables behind them, and the policies hold.
 *
 * Programs log in as before, as the owner of the tables (DATABASE_URL), and put that on only to migrate and to COPY chunks in,
 * which policies do not allow. Roles belong to the server; a login that may not make roles gets an error that says what to ask for
 * (`Isolation`), and the program keeps workspaces apart by itself until it is done.
 */
import { AlmanacError } from '@almanac/series';
import { randomBytes } from 'node:crypto';
import pg, { type ClientBase } from 'pg';
import { APP_ROLE, READER_ROLE, tolerant } from './names.js';
import { limitLogin, narrowReaders } from './readers.js';

/** What the views are made of. */
const READABLE = ['observation', 'forecast_value', 'dataset', 'series', 'series_chunk', 'grid_step', 'forecast', 'model', 'model_version'];

/** Makes what is missing of roles and rights; nothing where the login may not. Only one program at a time may. */
export async function ensureRoles(client: ClientBase, migrated: boolean): Promise<void> {
  for (const role of [APP_ROLE, READER_ROLE]) {
    const made = await tolerant(client, `CREATE ROLE ${role} NOLOGIN`, ['42710', '23505', '42501']);
    if (made || (await isMember(client, role)) === false) await tolerant(client, `GRANT ${role} TO CURRENT_USER`, ['42501', '0LP01']);
  }
  const { rows } = await client.query<{ role: string; granted: boolean }>(
    `SELECT rolname AS role, has_table_privilege(rolname, 'public.series_chunk', 'SELECT') AS granted FROM pg_roles WHERE rolname = ANY ($1)`,
    [[APP_ROLE, READER_ROLE]],
  );
  const complete = !migrated && rows.every(({ granted }) => granted);
  for (const { role } of complete ? [] : rows) {
    await client.query(`GRANT USAGE ON SCHEMA public TO ${role}`);
    const what = role === APP_ROLE ? 'SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public' : `SELECT ON ${READABLE.join(', ')}`;
    await client.query(`GRANT ${what} TO ${role}`);
    // The audit log is written by its own functions only.
    if (role === APP_ROLE)
      await client.query(
        `REVOKE INSERT, UPDATE, DELETE ON audit_entry, audit_chain FROM ${role}; GRANT EXECUTE ON FUNCTION record_audit TO ${role}`,
      );
  }
  if (rows.length === 2) await narrowReaders(client);
}

/** True where statements can and should run as `almanac_app`. */
export async function canBeApp(client: ClientBase): Promise<boolean> {
  return (await isMember(client, APP_ROLE)) === true;
}

/** Null where there is no such role. */
async function isMember(client: ClientBase, role: string): Promise<boolean | null> {
  const version = Number((await client.query<{ n: string }>(`SELECT current_setting('server_version_num') AS n`)).rows[0]!.n);
  const right = version >= 160_000 ? 'SET' : 'MEMBER';
  const { rows } = await client.query<{ member: boolean }>(
    'SELECT pg_has_role(session_user, oid, $2) AS member FROM pg_roles WHERE rolname = $1',
    [role, right],
  );
  return rows[0]?.member ?? null;
}

/**
 * A login that reads the views of one workspace and nothing else, with a new password; one that is there gets another.
 * @throws AlmanacError SQL_USER_INVALID, SQL_USER_FOREIGN, SQL_USER_REFUSED, WORKSPACE_NOT_FOUND
 */
export async function makeSqlUser(client: ClientBase, name: string, workspace: string): Promise<string> {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name) || name.startsWith('pg_'))
    throw new AlmanacError('SQL_USER_INVALID', `"${name}" cannot be the name of an SQL user.`, {
      hint: 'Take small letters, digits and _, beginning with a letter; at most 63, and not pg_….',
    });
  const { rows } = await client.query<{ id: string }>('SELECT id FROM workspace WHERE name = $1', [workspace]);
  if (!rows[0]) throw new AlmanacError('WORKSPACE_NOT_FOUND', `There is no workspace "${workspace}".`, { status: 404 });
  const password = randomBytes(24).toString('base64url');
  const role = pg.escapeIdentifier(name);
  await client.query('BEGIN');
  try {
    const { rows: known } = await client.query<{ ours: boolean }>(
      'SELECT EXISTS (SELECT 1 FROM sql_user WHERE role = $1) AS ours FROM pg_roles WHERE rolname = $1',
      [name],
    );
    if (known[0] && !known[0].ours)
      throw new AlmanacError('SQL_USER_FOREIGN', `The server has a role "${name}" that is no SQL user of this Almanac.`, {
        hint: 'Take another name.',
        status: 409,
      });
    await client.query(`${known[0] ? 'ALTER' : 'CREATE'} ROLE ${role} LOGIN PASSWORD ${pg.escapeLiteral(password)}`);
    await client.query(`GRANT ${READER_ROLE} TO ${role}`);
    await client.query(`ALTER ROLE ${role} SET default_transaction_read_only = on`);
    await limitLogin(client, name);
    await client.query(
      'INSERT INTO sql_user (role, workspace_id) VALUES ($1, $2) ON CONFLICT (role) DO UPDATE SET workspace_id = excluded.workspace_id',
      [name, rows[0].id],
    );
    await client.query('COMMIT');
    return password;
  } catch (cause) {
    await client.query('ROLLBACK');
    throw refused(cause);
  }
}

/**
 * Of a workspace that is deleted. Where it has to stay (the program may make no roles any more, or it owns something elsewhere on the
 * server), it opens nothing: without its row in `sql_user` a reader sees no row of any workspace.
 * @param client within a transaction
 */
export async function dropLogin(client: ClientBase, role: string): Promise<void> {
  const { rows } = await client.query<{ role: string }>('SELECT current_user AS role');
  await client.query('SAVEPOINT before_login; SET LOCAL ROLE NONE');
  const dropped = await tolerant(client, `DROP ROLE IF EXISTS ${pg.escapeIdentifier(role)}`, ['42501', '2BP01', '55006']);
  if (!dropped) await client.query('ROLLBACK TO before_login');
  await client.query(`SET LOCAL ROLE ${pg.escapeIdentifier(rows[0]!.role)}; RELEASE before_login`);
}

/** @throws AlmanacError SQL_USER_NOT_FOUND, SQL_USER_REFUSED */
export async function dropSqlUser(client: ClientBase, name: string): Promise<void> {
  const { rowCount } = await client.query('DELETE FROM sql_user WHERE role = $1', [name]);
  if (rowCount !== 1) throw new AlmanacError('SQL_USER_NOT_FOUND', `There is no SQL user "${name}".`, { status: 404 });
  await client.query(`DROP ROLE IF EXISTS ${pg.escapeIdentifier(name)}`).catch((cause: unknown) => {
    throw refused(cause);
  });
}

function refused(cause: unknown): unknown {
  if ((cause as { code?: string }).code !== '42501') return cause;
  return new AlmanacError('SQL_USER_REFUSED', 'The login of Almanac may not make roles on this server.', {
    hint: 'Ask the administrator of the server: ALTER ROLE <the login in DATABASE_URL> CREATEROLE.',
    status: 403,
    cause,
  });
}
