/** Content on its way into storage: written beside its place and hashed, for its key is known only at its end. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AlmanacError } from '@almanac/series';
import type { StoredObject } from './objectStore.js';

const SHA256 = /^[0-9a-f]{64}$/;
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
  const path = join(folder, randomUUID());
  try {
    return await use(path, await write(path, content instanceof Uint8Array ? [content] : content));
  } finally {
    await rm(path, { force: true });
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
