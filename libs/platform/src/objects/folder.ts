/**
 * Objects in a folder: `ab/cd/abcd…`. Content is written beside its place, synced, and renamed into it, so that neither
 * a crash nor two writers of the same content leave half an object.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { AlmanacError } from '@almanac/series';
import type { ObjectStore, StoredObject } from './objectStore.js';

const SHA256 = /^[0-9a-f]{64}$/;
/** Writes that small are gathered: one system call for many small chunks of an HTTP body. */
const WRITE_BYTES = 1 << 20;

export function folderObjectStore(folder: string): ObjectStore {
  const pathOf = (sha256: string): string => {
    if (!SHA256.test(sha256)) throw notFound(sha256);
    return join(folder, sha256.slice(0, 2), sha256.slice(2, 4), sha256);
  };

  async function put(content: AsyncIterable<Uint8Array> | Uint8Array): Promise<StoredObject> {
    const incoming = join(folder, 'incoming');
    await mkdir(incoming, { recursive: true }).catch((cause: unknown) => {
      throw notWritable(folder, cause);
    });
    const draft = join(incoming, randomUUID());
    try {
      const written = await writeDraft(draft, content instanceof Uint8Array ? [content] : content);
      const path = pathOf(written.sha256);
      await mkdir(dirname(path), { recursive: true });
      await rename(draft, path);
      await syncFolder(dirname(path));
      return written;
    } finally {
      await rm(draft, { force: true });
    }
  }

  async function existing(sha256: string): Promise<string> {
    const path = pathOf(sha256);
    await stat(path).catch((cause: unknown) => {
      throw notFound(sha256, cause);
    });
    return path;
  }

  return {
    put,
    has: (sha256) =>
      access(pathOf(sha256)).then(
        () => true,
        () => false,
      ),
    read: async (sha256): Promise<Readable> => createReadStream(await existing(sha256)),
    readAll: async (sha256) => readFile(await existing(sha256)),
    withFile: async (sha256, use) => use(await existing(sha256)),
    delete: (sha256) => rm(pathOf(sha256), { force: true }),
  };
}

async function writeDraft(path: string, content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<StoredObject> {
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

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function notFound(sha256: string, cause?: unknown): AlmanacError {
  return new AlmanacError('OBJECT_NOT_FOUND', `No object ${sha256} is in the object storage.`, {
    hint: 'It was deleted, or ALMANAC_HOME points to another folder than the one it was written to.',
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
