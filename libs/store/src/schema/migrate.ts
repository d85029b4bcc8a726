/**
 * Migrations: `database/migrations/*.sql`, in the order of their names, each in a transaction of its own, once.
 *
 * Invariants: an advisory lock lets one process at a time migrate a database; a file that was applied never changes
 * (its sha256 is kept and compared); a database that knows a migration which the program does not is left alone.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { ClientBase } from 'pg';
import { AlmanacError } from '@almanac/series';
import { ensureRoles } from './roles.js';

const FOLDER = new URL('../../../../database/migrations/', import.meta.url);
/** Any fixed number does; this one is ours. */
const LOCK = 4_172_025;

export interface AppliedMigration {
  name: string;
  sha256: string;
}

interface Migration extends AppliedMigration {
  sql: string;
}

const TABLE = `CREATE TABLE IF NOT EXISTS migration
  (name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`;

/**
 * @returns names of the migrations that were applied now
 * @throws AlmanacError DATABASE_NEWER, MIGRATION_CHANGED, MIGRATION_FAILED
 */
export async function migrate(client: ClientBase, folder: URL = FOLDER): Promise<string[]> {
  await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
  try {
    await client.query(TABLE);
    const pending = pendingAfter(await appliedMigrations(client), migrationsIn(folder));
    for (const one of pending) await apply(client, one);
    if (folder === FOLDER) await ensureRoles(client, pending.length > 0);
    return pending.map(({ name }) => name);
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [LOCK]);
  }
}

/** In the order of their names; none in an empty database. */
export async function appliedMigrations(client: ClientBase): Promise<AppliedMigration[]> {
  const { rows } = await client.query<{ there: boolean }>(`SELECT to_regclass('public.migration') IS NOT NULL AS there`);
  if (!rows[0]!.there) return [];
  return (await client.query<AppliedMigration>('SELECT name, sha256 FROM migration ORDER BY name COLLATE "C"')).rows;
}

/** Names of what a start would apply. @throws AlmanacError DATABASE_NEWER, MIGRATION_CHANGED */
export async function pendingMigrations(client: ClientBase): Promise<string[]> {
  return pendingAfter(await appliedMigrations(client), migrationsIn(FOLDER)).map(({ name }) => name);
}

/** Brings an empty database to the schema of a day, in the caller's transaction. @throws AlmanacError BACKUP_NEWER, MIGRATION_CHANGED */
export async function applyKnown(client: ClientBase, wanted: readonly AppliedMigration[]): Promise<void> {
  const known = new Map(migrationsIn(FOLDER).map((one) => [one.name, one]));
  await client.query(TABLE);
  for (const { name, sha256 } of wanted) {
    const one = known.get(name);
    if (!one)
      throw new AlmanacError('BACKUP_NEWER', `The backup was made by a newer version of Almanac: it has the migration ${name}.`, {
        hint: 'Install that version, or a later one, and restore with it.',
        subject: { migration: name },
        status: 409,
      });
    if (one.sha256 !== sha256) throw changed(name);
    await client.query(one.sql);
    await client.query('INSERT INTO migration (name, sha256) VALUES ($1, $2)', [name, sha256]);
  }
}

function migrationsIn(folder: URL): Migration[] {
  const names = readdirSync(folder).filter((file) => file.endsWith('.sql'));
  return names.sort().map((name) => {
    const sql = readFileSync(new URL(name, folder), 'utf8');
    return { name, sql, sha256: createHash('sha256').update(sql).digest('hex') };
  });
}

function pendingAfter(applied: readonly AppliedMigration[], known: readonly Migration[]): Migration[] {
  const hashes = new Map(applied.map(({ name, sha256 }) => [name, sha256]));
  const names = new Set(known.map(({ name }) => name));
  const strange = applied.find(({ name }) => !names.has(name));
  if (strange) throw newer(strange.name);
  const edited = known.find(({ name, sha256 }) => hashes.has(name) && hashes.get(name) !== sha256);
  if (edited) throw changed(edited.name);
  return known.filter(({ name }) => !hashes.has(name));
}

async function apply(client: ClientBase, { name, sql, sha256 }: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(sql);
    await client.query('INSERT INTO migration (name, sha256) VALUES ($1, $2)', [name, sha256]);
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK');
    throw new AlmanacError('MIGRATION_FAILED', `Migration ${name} failed: ${(cause as Error).message}`, {
      hint: 'Nothing of it was applied. Is the database older or newer than this program?',
      subject: { migration: name },
      status: 500,
      cause,
    });
  }
}

function changed(name: string): AlmanacError {
  return new AlmanacError('MIGRATION_CHANGED', `Migration ${name} was applied to this database in another form.`, {
    hint: 'Put the file back as it was; a change of the schema is a new file.',
    subject: { migration: name },
    status: 500,
  });
}

function newer(name: string): AlmanacError {
  return new AlmanacError('DATABASE_NEWER', `The database was upgraded by a newer version of Almanac: it has the migration ${name}.`, {
    hint: 'Start that version, or a later one. To go back, restore a backup from before the upgrade with this version.',
    subject: { migration: name },
    status: 409,
  });
}
