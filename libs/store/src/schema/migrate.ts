/**
 * Migrations: `database/migrations/*.sql`, in the order of their names, each in a transaction of its own, once.
 *
 * Invariants: an advisory lock lets one process at a time migrate a database; a file that was applied never changes
 * (its sha256 is kept and compared).
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { ClientBase } from 'pg';
import { AlmanacError } from '@almanac/series';
import { ensureRoles } from './roles.js';

const FOLDER = new URL('../../../../database/migrations/', import.meta.url);
/** Any fixed number does; this one is ours. */
const LOCK = 4_172_025;

/** @returns names of the migrations that were applied now */
export async function migrate(client: ClientBase, folder: URL = FOLDER): Promise<string[]> {
  await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
  try {
    await client.query(`CREATE TABLE IF NOT EXISTS migration
      (name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`);
    const { rows } = await client.query<{ name: string; sha256: string }>('SELECT name, sha256 FROM migration');
    const applied = new Map(rows.map((row) => [row.name, row.sha256]));
    const now: string[] = [];
    for (const name of readdirSync(folder)
      .filter((file) => file.endsWith('.sql'))
      .sort()) {
      const sql = readFileSync(new URL(name, folder), 'utf8');
      const sha256 = createHash('sha256').update(sql).digest('hex');
      const known = applied.get(name);
      if (known !== undefined && known !== sha256) throw changed(name);
      if (known !== undefined) continue;
      await apply(client, name, sql, sha256);
      now.push(name);
    }
    if (folder === FOLDER) await ensureRoles(client, now.length > 0);
    return now;
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [LOCK]);
  }
}

async function apply(client: ClientBase, name: string, sql: string, sha256: string): Promise<void> {
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
