/** Content on its way into storage: written beside its place and hashed, for its key is known only at its end. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { AlmanacError } from '@almanac/series';
import type { StoredObject } from './objectStore.js';

const SHA256 = /^[0-9a-f]{64}$/;
/** No upload takes longer; what is older was left by a process that was killed, on whatever machine. */
const LONGEST_MS = 24 * 3_600_000;
/** Names say whose a draft is: machine, process, and which of the processes that had its number. */
const MINE = [hostname().replaceAll('~', '-'), process.pid, randomUUID().slice(0, 8)] as const;
/** Writes that small are gathered: one system call for many small chunks of an HTTP body. */
const WRITE_BYTES = 1 << 20;

/** Where an object lies under its folder or prefix: `ab/cd/abcd…`. @throws AlmanacError OBJECT_NOT_FOUND for what is no hash */
export function placeOf(sha256: string): [string, string, string] {
  if (!SHA256.test(sha256)) throw objectNotFound(sha256);
  return [sha256.slice(0, 2), sha256.slice(2, 4), sha256];
}

/**
 * Writes content into a file of its own in `folder`, lends it, and removes whatever is left of it.
 * @throws AlmanacError FOLDER_NOT_WRITABLE
 */
export async function withDraft<T>(
  folder: string,
  content: AsyncIterable<Uint8Array> | Uint8Array,
  use: (path: string, written: StoredObject) => Promise<T>,
): Promise<T> {
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw notWritable(folder, cause);
  });
  const path = join(folder, [...MINE, randomUUID()].join('~'));
  try {
    return await use(path, await write(path, content instanceof Uint8Array ? [content] : content));
  } finally {
    await rm(path, { force: true });
  }
}

/** Removes what processes that were killed have left in a folder of drafts. */
// eslint-disable-next-line no-restricted-syntax -- against times of files, which are this machine's
export async function sweepDrafts(folder: string, now = Date.now()): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() && (isOrphan(name) || now - found.mtimeMs > LONGEST_MS)) await rm(path, { force: true });
  }
}

/** True for what a process of this machine has left that is gone. */
function isOrphan(name: string): boolean {
  const [host, pid, token] = name.split('~');
  if (token === undefined || host !== MINE[0]) return false;
  if (Number(pid) === process.pid) return token !== MINE[2];
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

async function write(path: string, content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<StoredObject> {
  const file = await open(path, 'wx', 0o600);
  try {
    const hash = createHash('sha256');
    let pending: Uint8Array[] = [];
    let pendingBytes = 0;
    let bytes = 0;
    const flush = async (): Promise<void> => {
      if (pendingBytes > 0) await file.appendFile(Buffer.concat(pending, pendingBytes));
      pending = [];
      pendingBytes = 0;
    };
    for await (const chunk of content) {
      hash.update(chunk);
      pending.push(chunk);
      pendingBytes += chunk.byteLength;
      bytes += chunk.byteLength;
      if (pendingBytes >= WRITE_BYTES) await flush();
    }
    await flush();
    await file.sync();
    return { sha256: hash.digest('hex'), bytes };
  } finally {
    await file.close();
  }
}

export function objectNotFound(sha256: string, cause?: unknown): AlmanacError {
  return new AlmanacError('OBJECT_NOT_FOUND', `No object ${sha256} is in the object storage.`, {
    hint: 'It was deleted, or ALMANAC_HOME or ALMANAC_OBJECTS_URL points to another place than the one it was written to.',
    subject: { sha256 },
    status: 404,
    cause,
  });
}

function notWritable(folder: string, cause: unknown): AlmanacError {
  return new AlmanacError('FOLDER_NOT_WRITABLE', `The folder of the object storage, ${folder}, cannot be written.`, {
    hint: 'Give the user that runs Almanac the right to write there, or set ALMANAC_HOME to another folder.',
    subject: { folder },
    status: 500,
    cause,
  });
}
