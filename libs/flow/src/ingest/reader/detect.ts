/**
 * What is in a file? Found from its content, then held against its name: a file that is not what its name says is
 * refused, since whatever would be read from it was not meant.
 */
import { open } from 'node:fs/promises';
import { AlmanacError } from '@almanac/series';
import { type Compression, compressionOf, contentOf } from './decompress.js';

export type Format = 'csv' | 'tsv' | 'ndjson' | 'json' | 'parquet' | 'deepar';
export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

export interface Detected {
  format: Format;
  compression: Compression;
  encoding: Encoding;
  /** The beginning of a text file, decompressed and decoded, without byte order mark; empty for Parquet. */
  head: string;
  /** False where `head` is the whole file. */
  cut: boolean;
}

const HEAD_BYTES = 1 << 20;
/** Characters that no text file holds. */
// eslint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL = /[\0-\x08\x0e-\x1a]/;

/** Files that come often and cannot be read, by their first bytes (latin1). */
const STRANGERS: readonly [magic: string, name: string, hint: string][] = [
  ['PK\x03\x04', 'a ZIP archive', 'Unpack it, and compress the file with gzip or zstd instead.'],
  ['\xd0\xcf\x11\xe0', 'an old Excel workbook', 'Save it as .xlsx, or the sheet as CSV (UTF-8), and upload that.'],
  ['%PDF', 'a PDF document', 'Export the table as CSV, and upload that.'],
  ['\x89PNG', 'a PNG picture', 'Upload the data behind the picture, as CSV.'],
  ['\xff\xd8\xff', 'a JPEG picture', 'Upload the data behind the picture, as CSV.'],
  ['GIF8', 'a GIF picture', 'Upload the data behind the picture, as CSV.'],
  ['ARROW1', 'an Arrow (Feather) file', 'Write it as Parquet, and upload that.'],
  ['ORC', 'an ORC file', 'Write it as Parquet, and upload that.'],
  ['Obj\x01', 'an Avro file', 'Write it as Parquet, and upload that.'],
  ['\x89HDF', 'an HDF5 file', 'Write it as Parquet, and upload that.'],
  ['SQLite format 3', 'an SQLite database', 'Export the table as CSV, and upload that.'],
  ['BZh', 'compressed with bzip2', 'Compress it with gzip or zstd instead.'],
  ['\xfd7zXZ', 'compressed with xz', 'Compress it with gzip or zstd instead.'],
  ['7z\xbc\xaf', 'a 7-Zip archive', 'Unpack it, and compress the file with gzip or zstd instead.'],
  ['\x80\x04\x95', 'a Python pickle', 'Write the table as Parquet, and upload that.'],
];

const EXTENSIONS: Readonly<Record<string, Format>> = {
  csv: 'csv',
  txt: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  json: 'json',
  parquet: 'parquet',
  pq: 'parquet',
};

/**
 * @param expected the format asked for, or `auto`
 * @throws AlmanacError EMPTY_FILE, FORMAT_MISMATCH, FORMAT_UNSUPPORTED, FILE_DAMAGED
 */
export async function detect(path: string, fileName: string, expected: Format | 'xlsx' | 'auto'): Promise<Detected> {
  const raw = await readHead(path);
  if (raw.bytes.length > 0 && expected === 'auto' && /\.xlsx$/i.test(fileName)) throw noWorkbook(fileName);
  if (expected === 'xlsx') throw noWorkbook(fileName);
  if (raw.bytes.length === 0) throw empty(fileName);
  const compression = compressionOf(raw.bytes);
  const { bytes, cut } = compression === 'none' ? raw : await decompressHead(path, compression, fileName);
  if (bytes.length === 0) throw empty(fileName);

  const claim = expected === 'auto' ? byName(fileName) : { format: expected, source: `It was to be read as ${expected}` };
  const refuse = (found: string, hint: string): AlmanacError =>
    claim
      ? new AlmanacError('FORMAT_MISMATCH', `${fileName} is ${found}. ${claim.source}.`, {
          hint,
          subject: { file: fileName, expected: claim.format, found },
        })
      : new AlmanacError('FORMAT_UNSUPPORTED', `${fileName} is ${found}, which cannot be read.`, {
          hint,
          subject: { file: fileName, found },
        });

  const latin = bytes.toString('latin1', 0, 16);
  const stranger = STRANGERS.find(([magic]) => latin.startsWith(magic));
  if (stranger) throw refuse(stranger[1], stranger[2]);
  if (latin.startsWith('PAR1')) {
    if (claim && claim.format !== 'parquet') throw refuse('a Parquet file', 'Name it .parquet, or leave the format to be found.');
    return { format: 'parquet', compression, encoding: 'utf-8', head: '', cut };
  }

  const encoding = encodingOf(bytes, cut);
  const head = decode(bytes, encoding, cut);
  if (CONTROL.test(head))
    throw refuse('binary data of no known kind', 'Upload CSV, TSV, NDJSON, JSON or Parquet, plain or compressed with gzip or zstd.');
  if (head.trim() === '') throw empty(fileName);
  if (/^\s*<(!doctype|html|\?xml)/i.test(head))
    throw refuse('a web page or XML', 'Was it downloaded without signing in? Upload the data itself.');
  const found = textFormat(head, cut);
  if (claim?.format === 'parquet')
    throw refuse(`text (it looks like ${found.toUpperCase()})`, 'Give it the right name, or upload the Parquet file.');
  if (claim && isJson(claim.format) !== isJson(found)) {
    throw refuse(`not ${claim.format.toUpperCase()}: it looks like ${found.toUpperCase()}`, 'Give it the right name, or name the format.');
  }
  const format = found === 'csv' && claim?.format === 'tsv' ? 'tsv' : expected === 'deepar' ? 'deepar' : found;
  return { format, compression, encoding, head, cut };
}

function noWorkbook(fileName: string): AlmanacError {
  return new AlmanacError('FORMAT_MISMATCH', `${fileName} is no Excel workbook.`, {
    hint: 'Save it anew as .xlsx, or give it the right name.',
    subject: { file: fileName, expected: 'xlsx' },
  });
}

function byName(fileName: string): { format: Format; source: string } | undefined {
  const extension = /\.([a-z]+)$/i.exec(fileName.replace(/\.(gz|gzip|zst|zstd)$/i, ''))?.[1]?.toLowerCase();
  const format = extension === undefined ? undefined : EXTENSIONS[extension];
  return format && { format, source: `Its name says .${extension}` };
}

const isJson = (format: Format): boolean => format === 'json' || format === 'ndjson' || format === 'deepar';

function textFormat(head: string, cut: boolean): 'csv' | 'ndjson' | 'json' | 'deepar' {
  const text = head.trimStart();
  if (text.startsWith('[')) return 'json';
  if (!text.startsWith('{')) return 'csv';
  const end = text.search(/[\r\n]/);
  const first = end < 0 ? text : text.slice(0, end);
  try {
    const record: unknown = JSON.parse(first);
    return isDeepAr(record) ? 'deepar' : 'ndjson';
  } catch {
    // A first line that goes beyond the head cannot be judged; one object over several lines is JSON.
    return end < 0 && cut ? (/"target"\s*:\s*\[/.test(first) ? 'deepar' : 'ndjson') : 'json';
  }
}

function isDeepAr(record: unknown): boolean {
  return typeof record === 'object' && record !== null && 'start' in record && 'target' in record && Array.isArray(record.target);
}

async function readHead(path: string): Promise<{ bytes: Buffer; cut: boolean }> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(size, HEAD_BYTES)), 0, Math.min(size, HEAD_BYTES), 0);
    return { bytes: buffer.subarray(0, bytesRead), cut: size > bytesRead };
  } finally {
    await file.close();
  }
}

/** The beginning of what a compressed file holds. */
async function decompressHead(path: string, compression: Compression, fileName: string): Promise<{ bytes: Buffer; cut: boolean }> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of contentOf(path, compression, fileName)) {
    parts.push(part);
    size += part.length;
    if (size > HEAD_BYTES) break;
  }
  return { bytes: Buffer.concat(parts).subarray(0, HEAD_BYTES), cut: size > HEAD_BYTES };
}

function encodingOf(bytes: Buffer, cut: boolean): Encoding {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  // Without a mark: text that is mostly ASCII has a zero in every second byte.
  const pairs = Math.min(bytes.length >> 1, 200);
  let even = 0;
  let odd = 0;
  for (let pair = 0; pair < pairs; pair++) {
    if (bytes[2 * pair] === 0) even++;
    if (bytes[2 * pair + 1] === 0) odd++;
  }
  if (pairs > 0 && odd > pairs * 0.8) return 'utf-16le';
  if (pairs > 0 && even > pairs * 0.8) return 'utf-16be';
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: cut });
    return 'utf-8';
  } catch {
    return 'windows-1252';
  }
}

function decode(bytes: Buffer, encoding: Encoding, cut: boolean): string {
  return withoutMark(new TextDecoder(encoding).decode(bytes, { stream: cut }));
}

/** A program that writes Windows-1252 may still mark its files as UTF-8. */
export const withoutMark = (text: string): string => (text.startsWith('ï»¿') ? text.slice(3) : text);

function empty(fileName: string): AlmanacError {
  return new AlmanacError('EMPTY_FILE', `${fileName} is empty.`, {
    hint: 'Upload a file with a header and at least one row.',
    subject: { file: fileName },
  });
}
