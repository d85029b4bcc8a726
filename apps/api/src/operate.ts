/**
 * What an operator does with an installation as a whole, at the machine itself and without a key:
 * `almanac backup FILE`, `restore FILE [--check] [--without-keys]`, `upgrade [--check]`, `doctor [--json]` and `db url`.
 *
 * It finds the database as `almanac admin` does: DATABASE_URL, or the server in the data folder (ALMANAC_HOME), running or not.
 */
import { explainError } from '@almanac/contracts/problem';
import { addressOfRunning, type Config, loadConfig, withLocalDatabase } from '@almanac/platform';
import { AlmanacError } from '@almanac/series';
import { migrateDatabase, pendingDatabaseMigrations } from '@almanac/store';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { makeBackup } from './operate/backup.js';
import { examine } from './operate/doctor.js';
import { checkBackup, restoreBackup } from './operate/restore.js';

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const mb = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`;

async function backup(config: Config, file: string): Promise<void> {
  const path = resolve(file);
  const { streams, objects, left, backup: made } = await withLocalDatabase(config, (url) => makeBackup(config, url, path));
  const bytes = streams.reduce((sum, stream) => sum + stream.bytes, 0);
  process.stdout.write(`${path}\n`);
  say(`${made.tables.length} tables and ${objects} objects as of ${made.madeAt}, ${mb(bytes)} before packing.`);
  if (left.length > 0) say(`Not there any more: what ${left.length} interrupted runs had reached; restored, they begin anew.`);
  if (made.keys === null)
    say(
      made.sealedWith.length > 0
        ? 'It holds secrets but not the key that opens them: keep secret.key of the data folder (or ALMANAC_SECRET_KEY) apart from it, ' +
            'or set ALMANAC_BACKUP_PASSPHRASE.'
        : 'It holds no sealed secrets, and no keys.',
    );
}

async function restore(config: Config, file: string, { check, withoutKeys }: { check: boolean; withoutKeys: boolean }): Promise<void> {
  const path = resolve(file);
  if (check) {
    const { madeAt, codeVersion, tables, objects } = await checkBackup(path);
    say(`A whole backup of ${madeAt}, by Almanac ${codeVersion}: ${tables.length} tables, ${objects.length} objects.`);
    return;
  }
  const { backup: from, rows, upgraded } = await withLocalDatabase(config, (url) => restoreBackup(config, url, path, withoutKeys));
  say(`Restored what was there at ${from.madeAt}: ${rows} rows and ${from.objects.length} objects.`);
  if (upgraded.length > 0) say(`Upgraded by ${upgraded.length} migrations, the last of them ${upgraded.at(-1)}.`);
  if (from.sqlUsers.length > 0) say(`SQL users to be made again with almanac admin sql-user: ${from.sqlUsers.join(', ')}.`);
  say('People sign in again; keys open as before. Schedules go on with the next start.');
}

async function upgrade(config: Config, check: boolean): Promise<void> {
  const names = await withLocalDatabase(config, (url) => (check ? pendingDatabaseMigrations(url) : migrateDatabase(url)));
  for (const name of names) process.stdout.write(`${name}\n`);
  if (names.length === 0) say('The database is up to date.');
  else say(check ? `${names.length} migrations are to be applied; the next start does it.` : `${names.length} migrations were applied.`);
}

const MARK = { ok: 'ok   ', note: 'note ', wrong: 'WRONG' };

/** @returns whether all is right */
async function doctor(config: Config, asJson: boolean): Promise<boolean> {
  const findings = await examine(config, (use) => withLocalDatabase(config, use));
  if (asJson) process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
  else
    for (const { about, state, found, wayOut } of findings)
      process.stdout.write(`${MARK[state]}  ${about.padEnd(12)} ${found}\n${wayOut ? `${' '.repeat(20)}-> ${wayOut}\n` : ''}`);
  return findings.every(({ state }) => state !== 'wrong');
}

/** Of a server that runs: one that is started for the time of a command would be gone with it. */
function databaseUrl(config: Config): string {
  const address = config.databaseUrl ?? addressOfRunning(config.home);
  if (address !== undefined) return address;
  throw new AlmanacError('DATABASE_NOT_RUNNING', `The embedded PostgreSQL of ${config.home} is not running.`, {
    hint: 'Start Almanac (npm start), or set ALMANAC_HOME to the data folder that is in use.',
  });
}

async function run(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      check: { type: 'boolean', default: false },
      'without-keys': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const config = loadConfig();
  const [command, file] = positionals;
  if (command === 'backup' && file !== undefined) return backup(config, file);
  if (command === 'restore' && file !== undefined)
    return restore(config, file, { check: values.check, withoutKeys: values['without-keys'] });
  if (command === 'upgrade' && file === undefined) return upgrade(config, values.check);
  if (command === 'db-url' && file === undefined) return void process.stdout.write(`${databaseUrl(config)}\n`);
  if (command === 'doctor' && file === undefined) {
    if (!(await doctor(config, values.json))) process.exitCode = 1;
    return;
  }
  throw new Error('Use: almanac backup FILE | restore FILE [--check] [--without-keys] | upgrade [--check] | doctor [--json] | db url');
}

try {
  await run();
  process.exit();
} catch (error) {
  process.stderr.write(`${explainError(error)}\n`);
  process.exit(1);
}
