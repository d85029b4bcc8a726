/**
 * Object storage: raw uploads and model weights, addressed by the SHA-256 of their content.
 *
 * Invariants: an object is there whole or not at all, its key says what is in it, and it never changes. Putting what is
 * there already changes nothing.
 */
import type { Readable } from 'node:stream';

export interface StoredObject {
  /** 64 lower-case hex digits: the key. */
  readonly sha256: string;
  readonly bytes: number;
}

export interface ObjectStore {
  /** Streams content in. An interrupted put leaves nothing behind. */
  put(content: AsyncIterable<Uint8Array> | Uint8Array): Promise<StoredObject>;
  has(sha256: string): Promise<boolean>;
  /** @throws AlmanacError OBJECT_NOT_FOUND */
  read(sha256: string): Promise<Readable>;
  /** The whole content, for objects known to be small. @throws AlmanacError OBJECT_NOT_FOUND */
  readAll(sha256: string): Promise<Buffer>;
  /** Lends a local file with the content while `use` runs; it must not be written. @throws AlmanacError OBJECT_NOT_FOUND */
  withFile<T>(sha256: string, use: (path: string) => Promise<T>): Promise<T>;
  /** Resolves where content can be put now: what is on its way can be written, and where it goes can be reached. */
  check(): Promise<void>;
  /** Forgets an object; one that is not there is no error. */
  delete(sha256: string): Promise<void>;
}
