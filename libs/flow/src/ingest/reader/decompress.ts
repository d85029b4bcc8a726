/**
 * What a file holds once it is decompressed, checked to its last byte: a file that was cut off or damaged anywhere is an
 * error, never a shorter table.
 */
import { createReadStream } from 'node:fs';
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { AlmanacError } from '@almanac/series';
import { ByteReader } from '../byteReader.js';
import { isOutOfRoom } from './database.js';

export type Compression = 'none' | 'gzip' | 'zstd';

const CHUNK_BYTES = 1 << 20;
const ZSTD_MAGIC = 0xfd2fb528;
/** Frames that hold no content, 16 kinds of them; pzstd writes one before each of its own. */
const SKIPPABLE_MAGIC = 0x184d2a50;

export function compressionOf(bytes: Buffer): Compression {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'gzip';
  if (bytes.length < 4) return 'none';
  const magic = bytes.readUInt32LE(0);
  return magic === ZSTD_MAGIC || isSkippable(magic) ? 'zstd' : 'none';
}

/** @throws AlmanacError FILE_DAMAGED, naming the file */
export async function* contentOf(path: string, compression: Compression, fileName: string): AsyncGenerator<Buffer, void> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  try {
    if (compression === 'none') yield* file as AsyncIterable<Buffer>;
    else if (compression === 'gzip') yield* through(file, createGunzip());
    else yield* fromZstd(new ByteReader(file));
  } catch (cause) {
    if (compression === 'none' || isOutOfRoom(cause)) throw cause;
    throw new AlmanacError('FILE_DAMAGED', `${fileName} cannot be decompressed: it is damaged or was cut off.`, {
      hint: 'Upload it again.',
      subject: { file: fileName, compression },
      cause,
    });
  } finally {
    file.destroy();
  }
}

/** @throws whatever feeding it or decompressing it fails with */
async function* through(content: AsyncIterable<Buffer>, stage: Transform): AsyncGenerator<Buffer> {
  const fed = pipeline(content, stage);
  // Whoever stops early does not hear of it; a failure ends the loop below too.
  fed.catch(() => undefined);
  yield* stage as AsyncIterable<Buffer>;
  await fed;
}

const isSkippable = (magic: number): boolean => (magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC;

/** Frame after frame (RFC 8878): Node's own decompressor ends with the first, and says nothing about the others. */
async function* fromZstd(bytes: ByteReader): AsyncGenerator<Buffer> {
  for (;;) {
    const magic = await bytes.take(4);
    if (magic === undefined) {
      if (bytes.torn) throw new Error('The file ends within a frame.');
      return;
    }
    const number = magic.readUInt32LE();
    if (isSkippable(number)) await must(bytes, (await must(bytes, 4)).readUInt32LE());
    else if (number === ZSTD_MAGIC) yield* through(frame(magic, bytes), createZstdDecompress());
    else throw new Error('What follows the last frame is none.');
  }
}

/** The bytes of one frame, found by the sizes that its blocks say they have. */
async function* frame(magic: Buffer, bytes: ByteReader): AsyncGenerator<Buffer> {
  yield magic;
  const descriptor = await must(bytes, 1);
  yield descriptor;
  const flags = descriptor[0]!;
  const single = (flags & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][flags & 3]!;
  const contentSize = [single ? 1 : 0, 2, 4, 8][flags >> 6]!;
  yield await must(bytes, (single ? 0 : 1) + dictionary + contentSize);
  for (let last = false; !last;) {
    const block = await must(bytes, 3);
    const header = block.readUIntLE(0, 3);
    last = (header & 1) === 1;
    // A run of one byte has a size too, but only that byte in the file.
    const isRun = ((header >> 1) & 3) === 1;
    yield block;
    yield await must(bytes, isRun ? 1 : header >> 3);
  }
  if ((flags & 4) !== 0) yield await must(bytes, 4);
}

async function must(bytes: ByteReader, count: number): Promise<Buffer> {
  const taken = await bytes.take(count);
  if (taken === undefined) throw new Error('The file ends within a frame.');
  return taken;
}
