/**
 * A whole installation as files: what a database and its object store held under one version of Almanac. Each version that
 * changed the schema leaves one in `test/fixtures/installation-N`, and a test upgrades all of them to today's.
 *
 * A folder holds `migrations.json` (those that had been applied), `tables/NAME.copy` (COPY's text form, with a header of its
 * columns), `sequences.json` and `objects/`. It is never made again: what it proves is that data of that day still load.
 * `node test/support/dump-installation.ts DATABASE_URL OBJECTS_FOLDER TARGET` makes one.
 */
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

const MIGRATIONS = new URL('../../database/migrations/', import.meta.url);

interface Applied {
  name: string;
  sha256: string;
}

/** Brings an empty database to the schema of that day, with its rows. Later migrations have yet to be applied. */
export async function loadInstallation(databaseUrl: string, fixture: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(
      'CREATE TABLE migration (name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())',
    );
    for (const { name, sha256 } of readJson<Applied[]>(fixture, 'migrations.json')) {
      await client.query(readFileSync(new URL(name, MIGRATIONS), 'utf8'));
      await client.query('INSERT INTO migration (name, sha256) VALUES ($1, $2)', [name, sha256]);
    }
    // Rows come in the order of the tables' names: no trigger, no foreign key until all are there.
    await client.query(`SET session_replication_role = 'replica'`);
    for (const file of readdirSync(join(fixture, 'tables'))) {
      const table = file.replace(/\.copy$/, '');
      const [header] = readFileSync(join(fixture, 'tables', file), 'utf8').split('\n', 1);
      // A migration may have written rows of its own.
      await client.query(`DELETE FROM "${table}"`);
      const columns = header!.split('\t').map((column) => `"${column}"`);
      const sql = `COPY "${table}" (${columns.join(', ')}) FROM STDIN (FORMAT text, HEADER MATCH)`;
      await pipeline(createReadStream(join(fixture, 'tables', file)), client.query(copyFrom(sql)));
    }
    for (const { name, value } of readJson<{ name: string; value: string }[]>(fixture, 'sequences.json'))
      await client.query('SELECT setval($1::regclass, $2::bigint)', [name, value]);
  } finally {
    await client.end();
  }
}

const readJson = <T>(fixture: string, file: string): T => JSON.parse(readFileSync(join(fixture, file), 'utf8')) as T;
