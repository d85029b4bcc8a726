/**
 * Files as one tar, and back, a chunk at a time (tar-stream). Only plain files: whatever else an archive holds, and whatever
 * is torn, is refused.
 * Invariant: memory grows neither with a file nor with what an archive claims of itself: nothing is read ahead of who reads it.
 */
import { Readable } from 'node:stream';
import type { AlmanacError } from '@almanac/series';
import { extract, pack } from 'tar-stream';

export interface TarFile {
  name: string;
  /** Bytes of the content. */
  size: number;
  /** To be read before the next file is asked for. */
  content: AsyncIterable<Uint8Array>;
}

/** Owner, group and time are left at zero: the same content gives the same bytes. */
const PLAIN = { mode: 0o644, uid: 0, gid: 0, mtime: new Date(0) };
/** Between two files there is a header of 512 bytes. A long one would be gathered in memory by the parser. */
const MOST_BETWEEN_BYTES = 2 << 20;

/** What both ends of tar-stream are to who writes into them. */
interface Sink {
  readonly destroyed: boolean;
  write(chunk: Uint8Array): boolean;
  end(): unknown;
  on(event: 'drain' | 'close', listener: () => void): unknown;
  off(event: 'drain' | 'close', listener: () => void): unknown;
}

/** What a file that is no such archive is refused with. */
export type Refusal = (why: string) => AlmanacError;

/** A stream that is destroyed with what reading a file throws. @param files each is asked for once the one before is written */
export function packed(files: Iterable<TarFile> | AsyncIterable<TarFile>): Readable {
  const archive = pack();
  const write = async (): Promise<void> => {
    for await (const { name, size, content } of files) {
      const entry = archive.entry({ ...PLAIN, name, size }) as unknown as Sink;
      for await (const chunk of content) await put(entry, chunk);
      entry.end();
    }
    archive.finalize();
  };
  write().catch((error: unknown) => archive.destroy(error as Error));
  return Readable.from(archive);
}

/** The files of an archive, in their order. @throws what `invalid` makes of a fault, and what reading `archive` throws */
export async function* unpacked(archive: AsyncIterable<Uint8Array>, invalid: Refusal): AsyncGenerator<TarFile, void> {
  const parser = extract();
  const sink = parser as unknown as Sink;
  let given = 0;
  let allowed = MOST_BETWEEN_BYTES;
  let fault: unknown;
  const feed = async (): Promise<void> => {
    for await (const chunk of archive) {
      given += chunk.length;
      if (given > allowed) throw invalid('there is more between its files than a header');
      await put(sink, chunk);
    }
    sink.end();
  };
  feed().catch((error: unknown) => {
    fault = error;
    parser.destroy(error as Error);
  });
  /** What is no fault of where the bytes come from is one of the bytes. */
  const translated = (error: unknown): unknown =>
    error === fault ? error : invalid(error instanceof Error ? error.message : String(error));
  try {
    for await (const entry of parser) {
      const { name, size = 0, type } = entry.header;
      if (type !== 'file') throw (fault = invalid(`"${name}" is no plain file`));
      allowed = given + size + MOST_BETWEEN_BYTES;
      yield { name, size, content: read(entry as AsyncIterable<Buffer>, translated) };
      entry.resume();
    }
  } catch (error) {
    throw translated(error);
  } finally {
    parser.destroy();
  }
}

async function* read(entry: AsyncIterable<Buffer>, translated: (error: unknown) => unknown): AsyncGenerator<Uint8Array, void> {
  try {
    yield* entry;
  } catch (error) {
    throw translated(error);
  }
}

/** Waits while the reader is behind. @throws Error where it is gone */
async function put(stream: Sink, chunk: Uint8Array): Promise<void> {
  if (stream.destroyed) throw new Error('nobody reads any more');
  if (stream.write(chunk)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
  });
}
