/**
 * A whole installation as files: what a database and its object store held under one version of Almanac. Each version that
 * changed the schema leaves one in `test/fixtures/installation-N`, and a test upgrades all of them to today's.
 *
 * The folder of the first holds `migrations.json` (those that had been applied), `tables/NAME.copy` (COPY's text form, with a header
 * of its columns), `sequences.json` and `objects/`; later ones hold `backup.tar`, which `almanac backup` wrote with that
 * version, and are restored by `almanac restore`. They are never made again: what they prove is that data of that day still load.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

// Compiled, this file lies a folder deeper.
const root = new URL(import.meta.url.includes('/dist/') ? '../../../' : '../../', import.meta.url);
const MIGRATIONS = new URL('database/migrations/', root);
const OPERATE = fileURLToPath(new URL('apps/api/dist/operate.js', root));

interface Applied {
  name: string;
  sha256: string;
}

/** The passphrase of every backup among the fixtures. */
const PASSPHRASE = 'not a secret at all';

/** Puts an installation into an empty database and a new data folder. */
export async function placeInstallation(databaseUrl: string, home: string, fixture: string): Promise<void> {
  const backup = join(fixture, 'backup.tar');
  if (existsSync(backup)) {
    const env = { ...process.env, DATABASE_URL: databaseUrl, ALMANAC_HOME: home, ALMANAC_BACKUP_PASSPHRASE: PASSPHRASE };
    const restored = spawnSync(process.execPath, [OPERATE, 'restore', '--', backup], { env, encoding: 'utf8' });
    if (restored.status !== 0) throw new Error(`almanac restore: ${restored.stderr}`);
    return;
  }
  await loadInstallation(databaseUrl, fixture);
  cpSync(join(fixture, 'objects'), join(home, 'objects'), { recursive: true });
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
