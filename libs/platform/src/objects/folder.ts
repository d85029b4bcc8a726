/**
 * Objects in a folder: `ab/cd/abcd…`. Content is written beside its place, synced, and renamed into it, so that neither
 * a crash nor two writers of the same content leave half an object.
 */
import { createReadStream } from 'node:fs';
import { access, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { objectNotFound, placeOf, withDraft } from './draft.js';
import type { ObjectStore } from './objectStore.js';

/** Beside the objects: what is on its way. */
export const draftsOf = (folder: string): string => join(folder, 'incoming');

export function folderObjectStore(folder: string): ObjectStore {
  const pathOf = (sha256: string): string => join(folder, ...placeOf(sha256));

  async function existing(sha256: string): Promise<string> {
    const path = pathOf(sha256);
    await stat(path).catch((cause: unknown) => {
      throw objectNotFound(sha256, cause);
    });
    return path;
  }

  return {
    put: (content) =>
      withDraft(draftsOf(folder), content, async (draft, written) => {
        const path = pathOf(written.sha256);
        await mkdir(dirname(path), { recursive: true });
        await rename(draft, path);
        await syncFolder(dirname(path));
        return written;
      }),
    has: (sha256) =>
      access(pathOf(sha256)).then(
        () => true,
        () => false,
      ),
    read: async (sha256): Promise<Readable> => createReadStream(await existing(sha256)),
    readAll: async (sha256) => readFile(await existing(sha256)),
    withFile: async (sha256, use) => use(await existing(sha256)),
    check: () => withDraft(draftsOf(folder), Buffer.of(0), () => Promise.resolve()),
    delete: (sha256) => rm(pathOf(sha256), { force: true }),
  };
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
