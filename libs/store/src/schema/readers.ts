/**
 * What an SQL user could do to everybody else without reading a row of theirs, and may not: take all connections, fill the disk with
 * tables of its own, large objects or what a sort puts aside, hold the locks that the program waits for.
 *
 * PostgreSQL gives these to everybody (`PUBLIC`); they are taken back in this database where the login of the program may, and the
 * program gets them by its role. The embedded server's may; for others the guide has the statements.
 */
import pg, { type ClientBase } from 'pg';
import { APP_ROLE, READER_ROLE, tolerant } from './names.js';

/** Of one SQL user; a tool for reports takes a few. */
const CONNECTIONS = 10;
const ASIDE = '4GB';
const REFUSED = ['42501', '0LP01'];

/** By name, whatever their arguments are. */
const PUBLIC_FUNCTIONS = `proname ~ '^pg_(try_)?advisory_(xact_)?lock(_shared)?$' OR proname = ANY ('{lo_creat,lo_create,lo_from_bytea,pg_logical_emit_message}')`;

/** Does what is still to be done. @param client the login of the program; only one program at a time may */
export async function narrowReaders(client: ClientBase): Promise<void> {
  const { rows: open } = await client.query<{ of: string }>(
    `SELECT oid::regprocedure::text AS of FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND (${PUBLIC_FUNCTIONS})
       AND has_function_privilege('${READER_ROLE}', oid, 'EXECUTE') AND (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)`,
  );
  if (open.length > 0) {
    const functions = open.map(({ of }) => `pg_catalog.${of}`).join(', ');
    await client.query(
      `GRANT EXECUTE ON FUNCTION ${functions} TO ${APP_ROLE}, CURRENT_USER; REVOKE EXECUTE ON FUNCTION ${functions} FROM PUBLIC`,
    );
  }
  const { rows: temporary } = await client.query<{ database: string; may: boolean }>(
    `SELECT current_database() AS database, has_database_privilege('${READER_ROLE}', current_database(), 'TEMPORARY') AS may`,
  );
  if (temporary[0]!.may) {
    const database = pg.escapeIdentifier(temporary[0]!.database);
    const given = await tolerant(client, `GRANT TEMPORARY ON DATABASE ${database} TO ${APP_ROLE}`, REFUSED);
    if (given) await tolerant(client, `REVOKE TEMPORARY ON DATABASE ${database} FROM PUBLIC`, REFUSED);
  }
  const { rows: logins } = await client.query<{ role: string }>(
    'SELECT role::text FROM sql_user JOIN pg_roles ON rolname = role WHERE rolconnlimit = -1',
  );
  for (const { role } of logins) await limitLogin(client, role);
}

/** What the server refuses stays as it is: a login may be limited only by who has made it. */
export async function limitLogin(client: ClientBase, name: string): Promise<void> {
  const role = pg.escapeIdentifier(name);
  await tolerant(client, `ALTER ROLE ${role} CONNECTION LIMIT ${CONNECTIONS}`, REFUSED);
  const { rows } = await client.query<{ super: boolean }>('SELECT rolsuper AS super FROM pg_roles WHERE rolname = current_user');
  if (rows[0]?.super) await client.query(`ALTER ROLE ${role} SET temp_file_limit = '${ASIDE}'`);
}
