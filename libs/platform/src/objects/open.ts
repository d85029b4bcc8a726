/** The object storage that the configuration names. */
import type { Config } from '../config.js';
import { folderObjectStore } from './folder.js';
import type { ObjectStore } from './objectStore.js';

/** @throws AlmanacError OBJECT_STORE_UNUSABLE */
export async function openObjects({ objectsFolder, objectsBucket }: Pick<Config, 'objectsFolder' | 'objectsBucket'>): Promise<ObjectStore> {
  if (objectsBucket === undefined) return folderObjectStore(objectsFolder);
  // Loaded by those who use it only: it is the largest library of all.
  const { bucketObjectStore } = await import('./bucket.js');
  return bucketObjectStore(objectsBucket, objectsFolder);
}
