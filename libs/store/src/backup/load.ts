/**
 * Puts a backup into an empty database, in one transaction: the schema of its day, then its rows. Afterwards the later
 * migrations are applied to it, as to any database of that day.
 *
 * Invariants: a database that holds anything is refused; whatever fails leaves it as empty as it was; no trigger fires, for
 * what followed from the rows is in the backup as well. The owner of the tables may do all of it: foreign keys are taken off and
 * put on again, which checks them, instead of being switched off, which only a superuser may.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg, { type ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { AlmanacError } from '@almanac/series';
import { type AppliedMigration, applyKnown } from '../schema/migrate.js';
import { type BackupTable, tablesOf } from './tables.js';

export interface BackupContents {
  migrations: AppliedMigration[];
  tables: BackupTable[];
  sequences: Record<string, string>;
}

const FOREIGN_KEYS = `SELECT conrelid::regclass::text AS "table", quote_ident(conname) AS name, pg_get_constraintdef(oid) AS definition
  FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace ORDER BY conrelid::regclass::text, conname`;

/**
 * @param tables text of COPY for tables of the backup, each read before the next is asked for; one that is not given is empty
 * @returns rows by table
 * @throws AlmanacError RESTORE_NOT_EMPTY, BACKUP_NEWER, MIGRATION_CHANGED
 */
export async function loadBackup(
  client: ClientBase,
  backup: BackupContents,
  tables: AsyncIterable<{ name: string; content: AsyncIterable<Uint8Array> }>,
): Promise<Record<string, number>> {
  await refuseUnlessEmpty(client);
  await client.query('BEGIN');
  try {
    // Rows that migrations write would leave triggers pending, and their tables could not be altered by a later one.
    await client.query('SET CONSTRAINTS ALL IMMEDIATE');
    await applyKnown(client, backup.migrations);
    const present = await tablesOf(client);
    checkColumns(present, backup.tables);
    const { rows: foreignKeys } = await client.query<{ table: string; name: string; definition: string }>(FOREIGN_KEYS);
    for (const { table, name } of foreignKeys) await client.query(`ALTER TABLE ${table} DROP CONSTRAINT ${name}`);
    for (const { name } of present) {
      await client.query(`ALTER TABLE ${pg.escapeIdentifier(name)} DISABLE TRIGGER USER`);
      await client.query(`DELETE FROM ${pg.escapeIdentifier(name)}`);
    }
    const rows: Record<string, number> = Object.fromEntries(backup.tables.map(({ name }) => [name, 0]));
    for await (const { name, content } of tables)
      rows[name] = await copy(
        client,
        backup.tables.find((table) => table.name === name)!,
        content,
      );
    for (const { name } of present) await client.query(`ALTER TABLE ${pg.escapeIdentifier(name)} ENABLE TRIGGER USER`);
    for (const { table, name, definition } of foreignKeys) await client.query(`ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition}`);
    for (const [name, value] of Object.entries(backup.sequences))
      await client.query('SELECT setval($1::regclass, $2::bigint)', [pg.escapeIdentifier(name), value]);
    await client.query('COMMIT');
    await client.query('ANALYZE');
    return rows;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function copy(client: ClientBase, { name, columns }: BackupTable, content: AsyncIterable<Uint8Array>): Promise<number> {
  const stream = client.query(copyFrom(`COPY ${pg.escapeIdentifier(name)} (${columns.map(pg.escapeIdentifier).join(', ')}) FROM STDIN`));
  await pipeline(Readable.from(content), stream);
  return stream.rowCount;
}

async function refuseUnlessEmpty(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') ORDER BY 1 LIMIT 1`,
  );
  if (!rows[0]) return;
  throw new AlmanacError('RESTORE_NOT_EMPTY', `The database is not empty: it has "${rows[0].name}".`, {
    hint: 'Restore into a new ALMANAC_HOME, or into a database that was just made; nothing was changed.',
    subject: { table: rows[0].name },
    status: 409,
  });
}

function checkColumns(present: readonly BackupTable[], tables: readonly BackupTable[]): void {
  for (const { name, columns } of tables) {
    const there = present.find((table) => table.name === name)?.columns ?? [];
    const strange = columns.find((column) => !there.includes(column));
    if (there.length > 0 && strange === undefined) continue;
    throw new AlmanacError(
      'BACKUP_DAMAGED',
      `The backup has ${strange ? `a column ${strange} of ` : ''}the table ${name}, which its migrations do not make.`,
      {
        hint: 'It was not made by `almanac backup`; nothing was restored.',
        subject: { table: name },
      },
    );
  }
}
