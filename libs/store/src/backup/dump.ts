/**
 * Reads all that is kept out of a database, as text of COPY, in one snapshot: other programs go on reading and writing meanwhile,
 * and the backup holds what was committed when it began.
 */
import type { Readable } from 'node:stream';
import pg, { type ClientBase } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { AlmanacError } from '@almanac/series';
import { type AppliedMigration, appliedMigrations, pendingMigrations } from '../schema/migrate.js';
import { SEALED_WITH } from '../schema/diagnose.js';
import { type BackupTable, tablesOf } from './tables.js';

export interface Snapshot {
  takenAt: Date;
  /** e.g. 18.4 */
  server: string;
  migrations: AppliedMigration[];
  tables: BackupTable[];
  /** Last values, by name. */
  sequences: Record<string, string>;
  objects: { needed: string[]; wanted: string[] };
  /** Ids of the keys that secrets lie sealed with. */
  sealedWith: string[];
  /** SQL users, whose logins belong to the server. */
  sqlUsers: string[];
  /** Text of COPY, to be read to its end before the next table. */
  read(table: BackupTable): Readable;
}

/** Of what nothing is right without, and of what something only begins again without. */
const OBJECTS = {
  // Of uploads but for those that were erased, or lie in their rows still.
  needed: `SELECT object_key AS key FROM upload WHERE content IS NULL AND object_key NOT IN ('erased', 'inline')
    UNION SELECT manifest_key FROM model_version UNION SELECT weights_key FROM model_version`,
  wanted: `SELECT progress -> 'state' ->> 'weightsKey' AS key FROM run WHERE progress -> 'state' ->> 'weightsKey' IS NOT NULL
    UNION SELECT progress -> 'state' ->> 'manifestKey' FROM run WHERE progress -> 'state' ->> 'manifestKey' IS NOT NULL
    UNION SELECT result ->> 'state' FROM run WHERE kind = 'learn' AND result ->> 'state' IS NOT NULL
    UNION SELECT result ->> 'aside' FROM run WHERE result ->> 'aside' IS NOT NULL`,
};
/** @param client whose user owns the tables: to anybody else policies show a part of them, and that is an error here */
export async function withSnapshot<T>(client: ClientBase, use: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  await client.query('SET row_security = off; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0');
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const list = async <R extends pg.QueryResultRow>(sql: string): Promise<R[]> => (await client.query<R>(sql)).rows;
  const keys = async (sql: string): Promise<string[]> => (await list<{ key: string }>(`${sql} ORDER BY 1`)).map(({ key }) => key);
  try {
    const [about] = await list<{ at: Date; server: string }>(`SELECT now() AS at, current_setting('server_version') AS server`);
    const migrations = await appliedMigrations(client);
    const [pending] = await pendingMigrations(client);
    if (pending !== undefined)
      throw new AlmanacError('BACKUP_BEFORE_UPGRADE', `The database is older than this version of Almanac: ${pending} is to be applied.`, {
        hint: 'Make the backup with the version that the database is of, or run almanac upgrade first.',
        subject: { migration: pending },
        status: 409,
      });
    const sequences = await list<{ name: string; value: string }>(
      `SELECT sequencename::text AS name, last_value::text AS value FROM pg_sequences
       WHERE schemaname = 'public' AND last_value IS NOT NULL ORDER BY 1`,
    );
    return await use({
      takenAt: about!.at,
      server: about!.server.split(' ')[0]!,
      migrations,
      tables: await tablesOf(client),
      sequences: Object.fromEntries(sequences.map(({ name, value }) => [name, value])),
      objects: { needed: await keys(OBJECTS.needed), wanted: await keys(OBJECTS.wanted) },
      sealedWith: (await list<{ id: string }>(SEALED_WITH)).map(({ id }) => id),
      sqlUsers: (await list<{ role: string }>('SELECT role::text FROM sql_user ORDER BY 1')).map(({ role }) => role),
      read: ({ name, columns }) =>
        client.query(copyTo(`COPY ${pg.escapeIdentifier(name)} (${columns.map(pg.escapeIdentifier).join(', ')}) TO STDOUT`)),
    });
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
  }
}
