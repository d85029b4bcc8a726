/**
 * A few small files as one tar (POSIX ustar), and back. Only what an archive of ours needs: plain files with short names.
 * Invariant: reading takes nothing for granted; whatever is not whole, too large or of another kind is refused.
 */
import { AlmanacError } from '@almanac/series';

const BLOCK = 512;
const NAME = 100;
const PLAIN_FILE = '0';

export function tarOf(files: Readonly<Record<string, Uint8Array>>): Buffer {
  const blocks = Object.entries(files).flatMap(([name, bytes]) => [
    headerOf(name, bytes.length),
    bytes,
    Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK),
  ]);
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

/** @throws AlmanacError ARCHIVE_INVALID */
export function untar(bytes: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (let at = 0; ;) {
    const header = bytes.subarray(at, at + BLOCK);
    if (header.length < BLOCK) throw invalid('it ends in the middle');
    if (header.every((byte) => byte === 0)) return files;
    const name = header.toString('latin1', 0, header.indexOf(0));
    const size = Number.parseInt(header.toString('latin1', 124, 135), 8);
    const sum = Number.parseInt(header.toString('latin1', 148, 154), 8);
    if (name.length > NAME || !Number.isInteger(size) || size < 0 || sum !== checksum(header)) throw invalid('a header is broken');
    if (header.toString('latin1', 156, 157) !== PLAIN_FILE) throw invalid(`"${name}" is no plain file`);
    if (files.has(name)) throw invalid(`it has "${name}" twice`);
    const content = bytes.subarray(at + BLOCK, at + BLOCK + size);
    if (content.length < size) throw invalid(`"${name}" is cut off`);
    files.set(name, content);
    at += BLOCK + size + ((BLOCK - (size % BLOCK)) % BLOCK);
  }
}

const invalid = (why: string): AlmanacError =>
  new AlmanacError('ARCHIVE_INVALID', `This is no archive of a model: ${why}.`, { hint: 'Send the file that the export gave, unchanged.' });

/** Owner, group and time are left at zero: the same content gives the same bytes. */
function headerOf(name: string, size: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 'latin1');
  header.write('0000644\0', 100, 'latin1');
  header.write('0000000\0', 108, 'latin1');
  header.write('0000000\0', 116, 'latin1');
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  header.write(`${'0'.repeat(11)}\0`, 136, 'latin1');
  header.write(PLAIN_FILE, 156, 'latin1');
  header.write('ustar\0' + '00', 257, 'latin1');
  header.write(`${checksum(header).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

/** Of a header whose own sum counts as spaces. */
function checksum(header: Uint8Array): number {
  return header.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : byte), 0);
}
