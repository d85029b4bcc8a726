/**
 * A backup as one file: a tar of named streams, each cut into parts that are packed by Zstandard one by one, so that neither
 * the length of a stream need be known before it ends nor more of it than a part be in memory.
 *
 *   head.json            what the archive is, as its writer says
 *   NAME/000001.zst …    the parts of a stream, in their order
 *   end.json             every stream with its bytes and sha256, and the sha256 of the head
 *
 * Invariants: it is written beside its place and renamed once all of it is on the disk, so a killed writer leaves no file of
 * that name; one without its end, or whose bytes are not those that were written, is refused before anything is taken from it.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { AlmanacError } from '@almanac/series';
import { packed, type TarFile, unpacked } from './tar.js';

const HEAD = 'head.json';
const END = 'end.json';
const PART_BYTES = 4 << 20;
/** Of a packed part or of a text that is read into memory. */
const MOST_BYTES = 64 << 20;

// By name at the call: older Nodes have neither, and load this file all the same.
const pack = (bytes: Uint8Array): Promise<Buffer> => promisify(zlib.zstdCompress)(bytes);
const unpack = (bytes: Uint8Array): Promise<Buffer> =>
  (promisify(zlib.zstdDecompress) as (bytes: Uint8Array, options: zlib.ZstdOptions) => Promise<Buffer>)(bytes, {
    maxOutputLength: MOST_BYTES,
  });

export interface ArchivedStream {
  name: string;
  bytes: number;
  sha256: string;
}

interface End {
  head: string;
  streams: ArchivedStream[];
}

/**
 * @param head anything that JSON can say
 * @param streams written in their order, each read once the one before is written
 * @throws AlmanacError BACKUP_EXISTS, BACKUP_NOT_WRITTEN, and what reading a stream throws
 */
export async function writeArchive(
  file: string,
  head: unknown,
  streams: AsyncIterable<{ name: string; content: AsyncIterable<Uint8Array> }>,
): Promise<ArchivedStream[]> {
  if (existsSync(file)) throw exists(file);
  const draft = `${file}.${process.pid}.partial`;
  const end: End = { head: '', streams: [] };
  try {
    const target = createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true });
    await pipeline(packed(filesOf(head, streams, end)), target);
    if (existsSync(file)) throw exists(file);
    await rename(draft, file);
    await syncFolder(dirname(file));
    return end.streams;
  } catch (cause) {
    await rm(draft, { force: true });
    if ((cause as NodeJS.ErrnoException).code === undefined || cause instanceof AlmanacError) throw cause;
    throw new AlmanacError('BACKUP_NOT_WRITTEN', `${file} could not be written: ${(cause as Error).message}.`, {
      hint: 'Nothing of it was left. Choose a folder that can be written, with room enough.',
      subject: { file },
      status: 500,
      cause,
    });
  }
}

async function* filesOf(
  head: unknown,
  streams: AsyncIterable<{ name: string; content: AsyncIterable<Uint8Array> }>,
  end: End,
): AsyncGenerator<TarFile, void> {
  const first = Buffer.from(`${JSON.stringify(head, null, 2)}\n`);
  end.head = createHash('sha256').update(first).digest('hex');
  yield inMemory(HEAD, first);
  for await (const { name, content } of streams) {
    const hash = createHash('sha256');
    let bytes = 0;
    let no = 0;
    for await (const part of inParts(content)) {
      hash.update(part);
      bytes += part.length;
      yield inMemory(partOf(name, ++no), await pack(part));
    }
    end.streams.push({ name, bytes, sha256: hash.digest('hex') });
  }
  yield inMemory(END, Buffer.from(`${JSON.stringify(end, null, 2)}\n`));
}

async function* inParts(content: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void> {
  let pending: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of content) {
    pending.push(chunk);
    bytes += chunk.length;
    if (bytes < PART_BYTES) continue;
    yield Buffer.concat(pending, bytes);
    pending = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(pending, bytes);
}

export interface ReadArchive {
  head: unknown;
  streams: ArchivedStream[];
}

/** Reads all of it and compares it with what its end says. @throws AlmanacError BACKUP_NOT_FOUND, BACKUP_DAMAGED */
export async function checkArchive(file: string): Promise<ReadArchive> {
  const found = new Map<string, ArchivedStream>();
  let head: Buffer | undefined;
  let end: End | undefined;
  for await (const { name, content } of filesIn(file)) {
    if (end) throw damaged(file, `there is more after ${END}`);
    if (name === HEAD) head = await whole(file, name, content);
    else if (name === END) end = endOf(file, await whole(file, name, content));
    else {
      const stream = streamOf(file, name);
      if (found.has(stream)) throw damaged(file, `"${stream}" is there twice`);
      found.set(stream, await measured(stream, content));
    }
  }
  if (!head || !end) throw damaged(file, `it has no ${head ? 'end' : 'head'}: its writer was stopped, or it was not copied whole`);
  if (createHash('sha256').update(head).digest('hex') !== end.head) throw damaged(file, `${HEAD} is not what was written`);
  for (const { name, bytes, sha256 } of end.streams) {
    // A stream of nothing has no part.
    const one = found.get(name) ?? (await measured(name, none()));
    found.delete(name);
    if (one.bytes !== bytes || one.sha256 !== sha256) throw damaged(file, `"${name}" is not what was written`);
  }
  if (found.size > 0) throw damaged(file, `"${[...found.keys()][0]}" is not in the list at its end`);
  return { head: JSON.parse(head.toString()) as unknown, streams: end.streams };
}

/** The streams of an archive that was checked, in their order; each is to be read before the next. Streams of nothing are left out. */
export async function* readArchive(file: string): AsyncGenerator<{ name: string; content: AsyncIterable<Uint8Array> }, void> {
  for await (const { name, content } of filesIn(file)) if (name !== HEAD && name !== END) yield { name: streamOf(file, name), content };
}

function endOf(file: string, text: Buffer): End {
  try {
    const end = JSON.parse(text.toString()) as End;
    if (typeof end.head === 'string' && Array.isArray(end.streams)) return end;
  } catch {
    // Said below.
  }
  throw damaged(file, `${END} says nothing`);
}

/** Files as they are, and the parts of a stream as one, unpacked. */
async function* filesIn(file: string): AsyncGenerator<{ name: string; content: AsyncIterable<Uint8Array> }, void> {
  const source = createReadStream(file, { highWaterMark: 1 << 20 });
  const files = unpacked(source, (why) => damaged(file, why));
  try {
    let next = await files.next();
    while (!next.done) {
      const { name, content } = next.value;
      if (!name.endsWith('.zst')) {
        yield { name, content };
        next = await files.next();
        continue;
      }
      const stream = streamOf(file, name);
      let taken = 0;
      const parts = async function* (): AsyncGenerator<Uint8Array, void> {
        for (; !next.done && next.value.name === partOf(stream, taken + 1); next = await files.next()) {
          taken++;
          yield await unpackedPart(file, next.value);
        }
      };
      yield { name, content: parts() };
      if (taken === 0) throw damaged(file, `"${name}" is not where it belongs`);
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new AlmanacError('BACKUP_NOT_FOUND', `There is no file ${file}.`, {
      hint: 'Check the path.',
      subject: { file },
      status: 404,
      cause,
    });
  } finally {
    source.destroy();
  }
}

async function unpackedPart(file: string, { name, size, content }: TarFile): Promise<Buffer> {
  if (size > MOST_BYTES) throw damaged(file, `${name} has ${size} bytes`);
  return unpack(await whole(file, name, content)).catch((cause: unknown) => {
    throw damaged(file, `${name} cannot be unpacked (${(cause as Error).message})`);
  });
}

const partOf = (stream: string, no: number): string => `${stream}/${String(no).padStart(6, '0')}.zst`;

function streamOf(file: string, part: string): string {
  const [, name] = /^([\w.-]+(?:\/[\w.-]+)*)\/\d{6}\.zst$/.exec(part) ?? [];
  if (name === undefined || part.includes('..')) throw damaged(file, `"${part}" does not belong there`);
  return name;
}

async function measured(name: string, content: AsyncIterable<Uint8Array>): Promise<ArchivedStream> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of content) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { name, bytes, sha256: hash.digest('hex') };
}

async function whole(file: string, name: string, content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw damaged(file, `${name} is larger than it can be`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

async function* none(): AsyncGenerator<Uint8Array, void> {}

const inMemory = (name: string, bytes: Uint8Array): TarFile => ({
  name,
  size: bytes.length,
  content: (async function* (): AsyncGenerator<Uint8Array, void> {
    yield bytes;
  })(),
});

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

const exists = (file: string): AlmanacError =>
  new AlmanacError('BACKUP_EXISTS', `${file} is there already.`, {
    hint: 'Name another file; a backup is never written over.',
    subject: { file },
  });

const damaged = (file: string, why: string): AlmanacError =>
  new AlmanacError('BACKUP_DAMAGED', `${basename(file)} is no whole backup: ${why}.`, {
    hint: 'Nothing was restored. Copy the file again from where it was made, or take another backup.',
    subject: { file },
  });
