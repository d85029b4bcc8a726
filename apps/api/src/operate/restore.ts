/**
 * A backup into a new installation: the file is read to its end and compared first, then objects are put in place, then the
 * database is filled in one transaction and upgraded to the schema of this version.
 */
import {
  checkArchive,
  type Config,
  keyId,
  type ObjectStore,
  openObjects,
  presentKeys,
  readArchive,
  secretKeyFile,
  unwrapKeys,
} from '@almanac/platform';
import { AlmanacError } from '@almanac/series';
import { loadDatabase, migrateDatabase } from '@almanac/store';
import { mkdirSync, writeFileSync } from 'node:fs';
import { type Backup, readHead } from './format.js';

export interface Restored {
  backup: Backup;
  rows: number;
  /** Names of the migrations that came after the backup. */
  upgraded: string[];
}

/** @throws AlmanacError BACKUP_NOT_FOUND, BACKUP_DAMAGED, BACKUP_FORMAT_UNKNOWN */
export async function checkBackup(file: string): Promise<Backup> {
  const { head, streams } = await checkArchive(file);
  const backup = readHead(head);
  const there = new Map(streams.map((stream) => [stream.name, stream]));
  const wrong = [
    ...backup.tables.filter(({ name }) => !there.has(`tables/${name}`)).map(({ name }) => name),
    ...backup.objects.filter((sha256) => there.get(`objects/${sha256}`)?.sha256 !== sha256),
  ];
  if (wrong.length > 0)
    throw new AlmanacError('BACKUP_DAMAGED', `The backup does not hold ${wrong[0]} as its head says.`, {
      hint: 'Its object storage was damaged when it was made. Take an earlier backup.',
      subject: { file },
    });
  return backup;
}

/**
 * @param withoutKeys true where what is sealed with keys that are not here may stay closed
 * @throws AlmanacError RESTORE_KEYS_MISSING, RESTORE_NOT_EMPTY, PASSPHRASE_WRONG, BACKUP_NEWER, and as `checkBackup`
 */
export async function restoreBackup(config: Config, databaseUrl: string, file: string, withoutKeys: boolean): Promise<Restored> {
  const backup = await checkBackup(file);
  const fromBackup = keysFor(config, backup, withoutKeys);
  const objects = await openObjects(config);
  // Objects lie under their content: those of a restore that fails later are in nobody's way.
  await putObjects(objects, file);
  const rows = await loadDatabase(databaseUrl, backup, tablesIn(file));
  if (fromBackup.length > 0) {
    mkdirSync(config.home, { recursive: true });
    writeFileSync(secretKeyFile(config), `${fromBackup.join('\n')}\n`, { mode: 0o600, flag: 'wx' });
  }
  const upgraded = await migrateDatabase(databaseUrl);
  return { backup, rows: Object.values(rows).reduce((sum, n) => sum + n, 0), upgraded };
}

/** Keys to be written into the data folder; none where those that are needed are here. */
function keysFor(config: Config, { keys, sealedWith }: Backup, withoutKeys: boolean): string[] {
  const here = presentKeys(config);
  if (keys && config.backupPassphrase !== undefined && here.length === 0) return unwrapKeys(keys, config.backupPassphrase);
  const missing = sealedWith.filter((id) => !here.map(keyId).includes(id));
  if (missing.length === 0 || withoutKeys) return [];
  throw new AlmanacError(
    'RESTORE_KEYS_MISSING',
    `Secrets in the backup are sealed with the key ${missing.join(', ')}, which is not here.`,
    {
      hint: keys
        ? 'Set ALMANAC_BACKUP_PASSPHRASE to the passphrase of the backup' +
          (here.length > 0 ? ' and take a data folder without a secret.key.' : '.')
        : 'The backup holds no keys. Set ALMANAC_SECRET_KEY to that of the old installation, or copy its secret.key into the new data folder; ' +
          '--without-keys restores all but those secrets.',
      subject: { keys: missing },
      status: 409,
    },
  );
}

async function putObjects(objects: ObjectStore, file: string): Promise<void> {
  for await (const { name, content } of readArchive(file)) {
    if (name.startsWith('objects/')) await objects.put(content);
    else await readToEnd(content);
  }
}

async function* tablesIn(file: string): AsyncGenerator<{ name: string; content: AsyncIterable<Uint8Array> }, void> {
  for await (const { name, content } of readArchive(file)) {
    const [kind, table] = name.split('/');
    if (kind !== 'tables') return;
    yield { name: table!, content };
  }
}

async function readToEnd(content: AsyncIterable<Uint8Array>): Promise<void> {
  const chunks = content[Symbol.asyncIterator]();
  while ((await chunks.next()).done !== true);
}
