/**
 * A file as a SQL relation with columns c0, c1, …: text for CSV and JSON (so that every odd value can be judged and
 * quoted), typed for Parquet. Rows come in the order of the file.
 */
import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AlmanacError } from '@almanac/series';
import type { IngestLimits } from '@almanac/platform';
import type { ReadJob } from '../protocol.js';
import type { Column } from './columns.js';
import { type Database, isOutOfRoom, literal } from './database.js';
import { contentOf } from './decompress.js';
import { type Detected, type Encoding, withoutMark } from './detect.js';
import { findDialect } from './dialect.js';

export interface Source {
  columns: Column[];
  /** A SELECT that yields c0, c1, … and nothing else. */
  relation: string;
  /** SQL for the text of a row that cannot be taken apart, NULL for the others; only of line formats. */
  unreadable?: string;
  /** Column with steps to add to the time of a row, where a row's time is that of the first of many. */
  ahead?: string;
  /** How lines are cut, where rows have line numbers. */
  lines?: { path: string; skipLines: number; delimiter: string | undefined };
  /** Rows that the reader had to leave out because they are not cut like the others are in this table. */
  rejects?: string;
  /** The columns that make the time together, and what was taken of them. */
  together?: { columns: Column[]; note: string };
}

/** Bytes of one line, at most. */
const LINE_BYTES = 16 << 20;
/** Room for two such lines. DuckDB would take sixteen, which is more than a small reader has for all it does. */
const BUFFER_BYTES = 2 * LINE_BYTES;
/** What any compressed file may unfold into, however small it is. */
const UNFOLDED_BYTES = 64 * 2 ** 20;
const MEGABYTE = 2 ** 20;

/**
 * What is compressed or not UTF-8 is rewritten into the scratch folder, streamed; everything else is read where it lies.
 * @param oneLineBreak also make every line break of a text one byte, those in quotes too
 * @returns the path to read
 * @throws AlmanacError FILE_DAMAGED, FILE_TOO_LARGE
 */
export async function asPlainText(
  path: string,
  detected: Detected,
  { scratch, fileName, limits, oneLineBreak = false }: Pick<ReadJob, 'scratch' | 'fileName' | 'limits'> & { oneLineBreak?: boolean },
): Promise<string> {
  const { compression, encoding } = detected;
  if (encoding === 'utf-8' && compression === 'none' && !oneLineBreak) return path;
  const target = join(scratch, oneLineBreak ? 'lines' : 'content');
  const stages = [...(encoding === 'utf-8' ? [] : [recode(encoding)]), ...(oneLineBreak ? [breakLines()] : [])];
  const { size } = await stat(path);
  await pipeline([
    Readable.from(contentOf(path, compression, fileName), { objectMode: false }),
    withinReason(size, fileName, compression === 'none' ? {} : limits),
    ...stages,
    createWriteStream(target),
  ]);
  return target;
}

/** A few bytes can be made to unfold into more than any disk holds. */
function withinReason(compressed: number, fileName: string, { unfoldedTimes, scratchMb }: Partial<IngestLimits>): Transform {
  const byRatio = unfoldedTimes === undefined ? Infinity : Math.max(UNFOLDED_BYTES, compressed * unfoldedTimes);
  const byDisk = scratchMb === undefined ? Infinity : scratchMb * MEGABYTE;
  const most = Math.min(byRatio, byDisk);
  let bytes = 0;
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      if (bytes <= most) return done(null, chunk);
      const [what, setting] =
        byRatio <= byDisk
          ? [`more than ${unfoldedTimes} times its size`, 'ALMANAC_MAX_UNFOLDED_TIMES']
          : [`more than the ${scratchMb} MB of disk that the reader may use`, 'ALMANAC_READER_SCRATCH_MB'];
      return done(
        new AlmanacError('FILE_TOO_LARGE', `${fileName} unfolds into ${what}.`, {
          hint: `Compress it only once, or split it into several uploads. The operator sets the bound: ${setting}.`,
          subject: { file: fileName, bytes: compressed, allowed: most },
          status: 413,
        }),
      );
    },
  });
}

function recode(encoding: Encoding): Transform {
  const decoder = new TextDecoder(encoding);
  let first = true;
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      const text = decoder.decode(chunk, { stream: true });
      done(null, first ? withoutMark(text) : text);
      first = false;
    },
    flush: (done) => done(null, decoder.decode()),
  });
}

/** Files that were put together out of others end some lines one way and some another. */
function breakLines(): Transform {
  let carriage = false;
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      // No byte of UTF-8 but the line breaks themselves looks like one.
      const text = (carriage ? '\r' : '') + chunk.toString('latin1');
      carriage = text.endsWith('\r');
      done(null, Buffer.from((carriage ? text.slice(0, -1) : text).replace(/\r\n?/g, '\n'), 'latin1'));
    },
    flush: (done) => done(null, carriage ? '\n' : ''),
  });
}

/** @param wanted columns that the options name, to find the header by */
export function openDelimited(path: string, detected: Detected, wanted: readonly string[]): Source {
  const dialect = findDialect(detected.head, wanted, detected.format === 'tsv' ? '\t' : undefined);
  const columns = dialect.columns.map((name, index) => ({ index, name, type: 'VARCHAR' }));
  const settings = [
    literal(path),
    'auto_detect = false',
    'header = false',
    `skip = ${dialect.skipLines}`,
    `delim = ${literal(dialect.delimiter)}`,
    `quote = '"'`,
    `escape = '"'`,
    `compression = 'none'`,
    `columns = {${columns.map(({ index }) => `'c${index}': 'VARCHAR'`).join(', ')}}`,
    'store_rejects = true',
    'rejects_limit = 0',
    `max_line_size = ${LINE_BYTES}`,
    `buffer_size = ${BUFFER_BYTES}`,
  ];
  return {
    columns,
    relation: `SELECT * FROM read_csv(${settings.join(', ')})`,
    lines: { path, skipLines: dialect.skipLines, delimiter: dialect.delimiter },
    rejects: 'reject_errors',
  };
}

/** One JSON object a line. Columns are the keys that the first lines have. */
export function openJsonLines(path: string, detected: Detected): Source {
  const columns = [...keysOf(detected.head, detected.cut)].map((name, index) => ({ index, name, type: 'VARCHAR' }));
  if (columns.length === 0) {
    throw new AlmanacError('FORMAT_MISMATCH', 'No line of the file holds a JSON object with keys.', {
      hint: 'Write one object a line, e.g. {"unique_id":"a","ds":"2024-01-01","y":1}.',
    });
  }
  const picked = columns.map(
    ({ index, name }) => `json_extract_string(json, ${literal(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)}) AS c${index}`,
  );
  return {
    columns,
    relation: `SELECT line, ${picked.join(', ')} FROM (SELECT line, CASE WHEN json_valid(line) THEN line END AS json FROM ${linesOf(path)})`,
    unreadable: `CASE WHEN NOT json_valid(line) THEN left(line, 200) END`,
    lines: { path, skipLines: 0, delimiter: undefined },
  };
}

/**
 * DeepAR lines: `{"start": "…", "target": […], "cat": […], "dynamic_feat": [[…], …]}`, with an optional `item_id`. Each
 * becomes a row per step: c0 the series, c1 the start, c2 the value, then the categories and the features.
 */
export async function openDeepAr(database: Database, path: string): Promise<Source & { categories: number; features: number }> {
  const lines = `(SELECT *, row_number() OVER () AS line_no FROM (SELECT line, CASE WHEN json_valid(line) THEN line END AS json FROM ${linesOf(path)}))`;
  const { categories, features, broken } = await database.one<{ categories: number; features: number; broken: number | null }>(
    `SELECT coalesce(max(json_array_length(json, '/cat')), 0)::INT AS categories, coalesce(max(json_array_length(json, '/dynamic_feat')), 0)::INT AS features,
       min(line_no) FILTER (json IS NULL OR json_type(json, '/target') IS DISTINCT FROM 'ARRAY' OR json_type(json, '/start') IS DISTINCT FROM 'VARCHAR')::INT AS broken FROM ${lines}`,
  );
  if (broken !== null) {
    throw new AlmanacError('ROW_UNREADABLE', `Line ${broken} is no DeepAR line.`, {
      hint: 'Each line is an object with a text "start" and an array "target".',
      subject: { line: broken },
    });
  }
  const arrays = ['/target', ...Array.from({ length: features }, (_, index) => `/dynamic_feat/${index}`)].map(
    (at) => `CAST(json_extract(json, '${at}') AS VARCHAR[])`,
  );
  const texts = Array.from({ length: categories }, (_, index) => `json_extract_string(json, '/cat/${index}')`);
  const unnested = arrays.map((array, index) => `unnest(${array}) AS c${index === 0 ? 2 : 2 + categories + index}`);
  const length = `greatest(${arrays.map((array) => `coalesce(len(${array}), 0)`).join(', ')})`;
  const relation = `SELECT coalesce(json_extract_string(json, '/item_id'), 'series-' || line_no) AS c0, json_extract_string(json, '/start') AS c1,
    ${texts.map((sql, index) => `${sql} AS c${3 + index}, `).join('')}${unnested.join(', ')}, unnest(range(${length}))::INTEGER AS ahead FROM ${lines}`;
  const names = [
    'item_id',
    'start',
    'target',
    ...texts.map((_, index) => `cat_${index}`),
    ...Array.from({ length: features }, (_, index) => `dynamic_feat_${index}`),
  ];
  return { columns: names.map((name, index) => ({ index, name, type: 'VARCHAR' })), relation, ahead: 'ahead', categories, features };
}

/** The lines of a file that are not blank as one column, `line`. */
export function linesOf(path: string): string {
  const settings = `auto_detect = false, header = false, delim = '\x01', quote = '', escape = '', columns = {'line': 'VARCHAR'}, max_line_size = ${LINE_BYTES}, buffer_size = ${BUFFER_BYTES}`;
  return `(SELECT line FROM read_csv(${literal(path)}, compression = 'none', ${settings}) WHERE trim(line) <> '')`;
}

function keysOf(head: string, cut: boolean): Set<string> {
  const lines = head.split(/\r?\n/);
  // The last line of a head that was cut is not whole.
  if (cut && lines.length > 1) lines.pop();
  const keys = new Set<string>();
  for (const line of lines) {
    try {
      const record: unknown = JSON.parse(line);
      if (typeof record === 'object' && record !== null && !Array.isArray(record)) for (const key of Object.keys(record)) keys.add(key);
    } catch {
      // Judged with all other lines later.
    }
  }
  return keys;
}

/** An array of objects, or one object. */
export async function openJson(database: Database, path: string, head: string): Promise<Source> {
  if (/^\s*\[\s*\]\s*$/.test(head))
    throw new AlmanacError('NO_ROWS', 'The file is an empty JSON array.', { hint: 'Upload a file with at least one row.' });
  const read = `read_json(${literal(path)}, compression = 'uncompressed', maximum_object_size = ${LINE_BYTES * 4}`;
  try {
    const described = await database.rows<{ column_name: string }>(
      `DESCRIBE SELECT * FROM ${read}, auto_detect = true, records = true, sample_size = 20480)`,
    );
    const columns = described.map(({ column_name: name }, index) => ({ index, name, type: 'VARCHAR' }));
    const struct = columns.map(({ name }) => `${literal(name)}: 'VARCHAR'`).join(', ');
    const picked = columns.map(({ index, name }) => `${quoted(name)} AS c${index}`);
    return { columns, relation: `SELECT ${picked.join(', ')} FROM ${read}, records = true, columns = {${struct}})` };
  } catch (cause) {
    if (isOutOfRoom(cause)) throw cause;
    throw new AlmanacError('JSON_INVALID', 'The file is not an array of JSON objects.', {
      hint: 'Write [{"unique_id":"a","ds":"2024-01-01","y":1}, …], or one object a line (.ndjson).',
      subject: { reason: firstLine(cause) },
      cause,
    });
  }
}

export async function openParquet(database: Database, path: string): Promise<Source> {
  try {
    const described = await database.rows<{ column_name: string; column_type: string }>(
      `DESCRIBE SELECT * FROM read_parquet(${literal(path)})`,
    );
    const columns = described.map(({ column_name: name, column_type: type }, index) => ({ index, name, type }));
    const picked = columns.map(({ index, name }) => `${quoted(name)} AS c${index}`);
    return { columns, relation: `SELECT ${picked.join(', ')} FROM read_parquet(${literal(path)})` };
  } catch (cause) {
    if (isOutOfRoom(cause)) throw cause;
    throw new AlmanacError('FILE_DAMAGED', 'The Parquet file cannot be read: it is damaged or was cut off.', {
      hint: 'Write or upload it again.',
      subject: { reason: firstLine(cause) },
      cause,
    });
  }
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export function firstLine(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]!.slice(0, 300);
}
