/**
 * The first rows of a text file, read in the browser, so that the mapping can be suggested before anything is sent.
 * Binary files, and those compressed in a way that the browser does not know, are left to the dry run, which reads them for real.
 */
import { parseCsv } from '@almanac/contracts/csv';

export interface Preview {
  columns: string[];
  rows: string[][];
}

const HEAD_BYTES = 64 * 1024;
const SHOWN = 8;

export function previewText(text: string): Preview | undefined {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter(Boolean);
  const first = lines[0];
  if (first === undefined) return undefined;
  if (/^[{[]/.test(first)) return ofObjects(first.startsWith('{') ? lines : text.slice(text.indexOf('[') + 1).split(/(?<=\})\s*,/));
  const delimiter = [',', ';', '\t', '|']
    .map((candidate) => ({ candidate, cells: parseCsv(first, { delimiter: candidate, rows: 1 })[0]?.length ?? 0 }))
    .reduce((a, b) => (b.cells > a.cells ? b : a)).candidate;
  const [columns = [], ...rows] = parseCsv(text, { delimiter, rows: SHOWN + 1 });
  return columns.length > 1 ? { columns, rows } : undefined;
}

/** Columns of lines of JSON, or of the objects of an array. The last may be torn. */
function ofObjects(texts: readonly string[]): Preview | undefined {
  const objects = texts.slice(0, SHOWN).flatMap((text) => {
    try {
      return [JSON.parse(text) as Record<string, unknown>];
    } catch {
      return [];
    }
  });
  const columns = Object.keys(objects[0] ?? {});
  if (columns.length === 0) return undefined;
  const cell = (value: unknown): string => (typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? ''));
  return { columns, rows: objects.map((object) => columns.map((column) => cell(object[column]).slice(0, 200))) };
}

/** The first bytes of a file, unpacked; whether that is all of it. */
async function headOf(file: File): Promise<{ bytes: Uint8Array; whole: boolean }> {
  if (!/\.gz$/i.test(file.name)) return { bytes: await file.slice(0, HEAD_BYTES).bytes(), whole: file.size <= HEAD_BYTES };
  const reader = file.stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  const bytes = new Uint8Array(HEAD_BYTES);
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { bytes: bytes.subarray(0, length), whole: true };
    bytes.set(value.subarray(0, HEAD_BYTES - length), length);
    length += Math.min(value.length, HEAD_BYTES - length);
    if (length === HEAD_BYTES) {
      await reader.cancel();
      return { bytes, whole: false };
    }
  }
}

/** By the byte order mark; UTF-8 unless there is one. */
const encodingOf = ([first, second]: Uint8Array): string =>
  first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';

/** Undefined where the browser cannot read it; a damaged file is for the dry run to name. */
export async function preview(file: File): Promise<Preview | undefined> {
  if (!/\.(csv|tsv|txt|ndjson|jsonl|json)(\.gz)?$/i.test(file.name)) return undefined;
  try {
    const { bytes, whole } = await headOf(file);
    const text = new TextDecoder(encodingOf(bytes)).decode(bytes);
    // The last line of a cut is torn.
    return previewText(whole || !text.includes('\n') ? text : text.slice(0, text.lastIndexOf('\n')));
  } catch {
    return undefined;
  }
}

const isNumber = (text: string): boolean => text.trim() !== '' && Number.isFinite(Number(text.replace(',', '.')));
const isTime = (text: string): boolean => /^\d{1,4}[-/.]\d{1,2}([-/.]\d{1,4})?/.test(text) && !isNumber(text);

export interface Mapping {
  idColumn?: string;
  timeColumn?: string;
  valueColumn?: string;
  layout?: 'wide';
}

/** Known names first, then what the cells look like. */
export function suggestMapping({ columns, rows }: Preview): Mapping {
  const named = (...names: string[]): string | undefined => columns.find((column) => names.includes(column.toLowerCase()));
  /** A slip in a few rows does not change what a column is; what is empty says nothing. */
  const mostly = (index: number, test: (text: string) => boolean): boolean => {
    const filled = rows.map((row) => row[index] ?? '').filter((text) => text.trim() !== '');
    return filled.length > 0 && filled.filter(test).length >= 0.7 * filled.length;
  };
  const where = (test: (text: string) => boolean, taken: (string | undefined)[]): string | undefined =>
    columns.find((column, index) => !taken.includes(column) && mostly(index, test));
  const timeColumn = named('ds', 'date', 'datetime', 'timestamp', 'time') ?? where(isTime, []);
  const idColumn =
    named('unique_id', 'item_id', 'series_id', 'series', 'id') ?? where((text) => !isNumber(text) && !isTime(text), [timeColumn]);
  const numbers = columns.filter(
    (column, index) => column !== timeColumn && rows.every((row) => isNumber(row[index] ?? '') || row[index] === ''),
  );
  // A time and nothing but numbers: each column is a series.
  const wide = !idColumn && timeColumn && rows.length > 0 && numbers.length > 1 && numbers.length === columns.length - 1;
  if (wide && !named('y', 'value', 'target')) return { timeColumn, layout: 'wide' };
  const valueColumn = named('y', 'value', 'target', 'sales', 'count') ?? where(isNumber, [timeColumn, idColumn]);
  return { ...(idColumn ? { idColumn } : {}), ...(timeColumn ? { timeColumn } : {}), ...(valueColumn ? { valueColumn } : {}) };
}
