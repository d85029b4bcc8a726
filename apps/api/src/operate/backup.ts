/**
 * An installation as one file: its database at one moment, the objects that it names, and, where there is a passphrase, the keys
 * that its secrets are sealed with. Whoever works meanwhile is neither held up nor noticed.
 */
import {
  type ArchivedStream,
  type Config,
  keyId,
  type ObjectStore,
  openObjects,
  presentKeys,
  wrapKeys,
  writeArchive,
} from '@almanac/platform';
import { AlmanacError } from '@almanac/series';
import { type Snapshot, withDatabaseSnapshot } from '@almanac/store';
import { createHash } from 'node:crypto';
import { type Backup, BACKUP_FORMAT, objectPath, tablePath } from './format.js';

export interface BackupMade {
  streams: ArchivedStream[];
  objects: number;
  backup: Backup;
  /** Wanted objects that are gone: what rests on them begins anew. */
  left: string[];
}

/** @throws AlmanacError BACKUP_EXISTS, BACKUP_NOT_WRITTEN, BACKUP_OBJECT_MISSING, OBJECT_DAMAGED, PASSPHRASE_TOO_SHORT */
export async function makeBackup(config: Config, databaseUrl: string, file: string): Promise<BackupMade> {
  const keys = presentKeys(config);
  const wrapped = config.backupPassphrase === undefined ? undefined : wrapKeys(keys, config.backupPassphrase);
  const objects = await openObjects(config);
  return withDatabaseSnapshot(databaseUrl, async (snapshot) => {
    const { present, left } = await objectsOf(snapshot, objects);
    const backup: Backup = {
      format: BACKUP_FORMAT,
      madeAt: snapshot.takenAt.toISOString(),
      codeVersion: config.codeVersion,
      postgres: snapshot.server,
      migrations: snapshot.migrations,
      tables: snapshot.tables,
      sequences: snapshot.sequences,
      objects: present,
      sealedWith: snapshot.sealedWith,
      sqlUsers: snapshot.sqlUsers,
      keys: wrapped ? { ids: keys.map(keyId), ...wrapped } : null,
    };
    const streams = await writeArchive(file, backup, contents(snapshot, objects, present));
    return { streams, objects: present.length, backup, left };
  });
}

async function* contents(
  snapshot: Snapshot,
  objects: ObjectStore,
  present: readonly string[],
): AsyncGenerator<{ name: string; content: AsyncIterable<Uint8Array> }, void> {
  for (const table of snapshot.tables) yield { name: tablePath(table.name), content: snapshot.read(table) };
  for (const sha256 of present) yield { name: objectPath(sha256), content: objectContent(objects, sha256) };
}

/** @throws AlmanacError OBJECT_DAMAGED at its end, where it is not what it was */
async function* objectContent(objects: ObjectStore, sha256: string): AsyncGenerator<Uint8Array, void> {
  const hash = createHash('sha256');
  for await (const chunk of (await objects.read(sha256)) as AsyncIterable<Uint8Array>) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest('hex') !== sha256)
    throw new AlmanacError('OBJECT_DAMAGED', `The object ${sha256} does not hold what it held, so no backup was made.`, {
      hint: 'Somebody or the disk changed it. Put it back from an earlier backup, or delete what rests on it.',
      subject: { sha256 },
      status: 500,
    });
}

/** @throws AlmanacError BACKUP_OBJECT_MISSING */
async function objectsOf({ objects: { needed, wanted } }: Snapshot, objects: ObjectStore): Promise<{ present: string[]; left: string[] }> {
  for (const sha256 of needed) {
    if (await objects.has(sha256)) continue;
    throw new AlmanacError('BACKUP_OBJECT_MISSING', `The object ${sha256} that the database names is not in the object storage.`, {
      hint:
        'If a dataset or model was deleted just now, make the backup again. Otherwise the storage lost it, or ALMANAC_HOME or ' +
        'ALMANAC_OBJECTS_URL is not that of the database.',
      subject: { sha256 },
      status: 409,
    });
  }
  const also = wanted.filter((sha256) => !needed.includes(sha256));
  const there = await Promise.all(also.map((sha256) => objects.has(sha256)));
  return { present: [...needed, ...also.filter((_, i) => there[i])], left: also.filter((_, i) => !there[i]) };
}
