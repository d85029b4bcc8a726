/**
 * The first rows of a text file, read in the browser, so that the mapping can be suggested before anything is sent.
 * Binary files, and those compressed in a way that the browser does not know, are left to the dry run, which reads them for real.
 */
import { AS_NUMBERS, isTruth, parseCsv } from '@almanac/contracts/csv';
import { flagAsNumber, JOINT, LOOKS_LIKE_TIME, timeTogether } from '@almanac/contracts';
import type { Role } from './roles';

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

/** By the byte order mark; without one UTF-8, or Windows-1252 where the bytes are not that. */
function decoded(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  try {
    // The last letter of a cut may be torn.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

/** Undefined where the browser cannot read it; a damaged file is for the dry run to name. */
export async function preview(file: File): Promise<Preview | undefined> {
  if (!/\.(csv|tsv|txt|ndjson|jsonl|json)(\.gz)?$/i.test(file.name)) return undefined;
  try {
    const { bytes, whole } = await headOf(file);
    const text = decoded(bytes);
    // The last line of a cut is torn.
    return previewText(whole || !text.includes('\n') ? text : text.slice(0, text.lastIndexOf('\n')));
  } catch {
    return undefined;
  }
}

const DATE = /^\s*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})(?!\d)/;
/** With either decimal sign, thousands, a currency, and brackets for a negative. */
const NUMBER = /^\s*\(?\s*[-+−]?\s*\p{Sc}?\s*[-+−]?\s*(\d[\d.,'’\s]*|[.,]\d+)([eE][-+]?\d+)?\s*\p{Sc}?\s*\)?\s*$/u;
const isNumber = (text: string): boolean => text.length <= 64 && NUMBER.test(text) && !DATE.test(text);
const isBit = (text: string): boolean => /^\s*[01]([.,]0+)?\s*$/.test(text);

/** `store_id`, `shopId`, `Kunden-Nr`, `zip`: numbers that name something. */
const NAMES_SOMETHING = /(^|[_\s.-])(id|ids|key|code|sku|ean|nr|no|num|number|zip|plz|postcode|index|idx|row)$|[a-z](Id|Key|Code|Nr|No)$/i;
/** Parts of a date. */
const OF_THE_CALENDAR = /^(year|quarter|month|week|weekday|day|dayofweek|dow|hour|jahr|quartal|monat|woche|wochentag|tag|stunde)$/i;
const TARGETS = [
  'y',
  'value',
  'target',
  'sales',
  'sold',
  'demand',
  'quantity',
  'qty',
  'units',
  'revenue',
  'amount',
  'turnover',
  'volume',
  'count',
  'umsatz',
  'absatz',
  'menge',
  'wert',
  'verkauf',
  'ventes',
  'ventas',
  'importe',
  'montant',
];
const isTime = (text: string): boolean =>
  (/^\d{1,4}[-/.]\d{1,2}([-/.]\d{1,4})?/.test(text) || LOOKS_LIKE_TIME.test(text)) && !isNumber(text);

export interface Mapping {
  idColumn?: string;
  timeColumn?: string;
  valueColumn?: string;
  layout?: 'wide';
  decimalSeparator?: ',';
  thousandsSeparator?: '.' | ',';
}

/** Known names first, then what the cells look like. A flag, a number that names something and a part of a date are no target. */
export function suggestMapping({ columns, rows }: Preview): Mapping {
  const named = (...names: string[]): string | undefined => columns.find((column) => names.includes(column.toLowerCase()));
  /** A slip in a few rows does not change what a column is; what is empty says nothing. */
  const mostly = (index: number, test: (text: string) => boolean): boolean => {
    const filled = rows.map((row) => row[index] ?? '').filter((text) => text.trim() !== '');
    return filled.length > 0 && filled.filter(test).length >= 0.7 * filled.length;
  };
  const where = (test: (text: string) => boolean, taken: (string | undefined)[]): string | undefined =>
    columns.find((column, index) => !taken.includes(column) && mostly(index, test));
  const indexOf = (column: string): number => columns.indexOf(column);
  const isFlag = (column: string): boolean => {
    const filled = rows.map((row) => row[indexOf(column)] ?? '').filter((text) => text.trim() !== '');
    return filled.length > 1 && (filled.every(isTruth) || (filled.every(isBit) && new Set(filled).size > 1));
  };
  const together = named('ds') === undefined ? timeTogether(columns, rows) : undefined;
  const ofTime =
    together ?? [named('ds', 'date', 'datetime', 'timestamp', 'time') ?? where(isTime, [])].filter((column) => column !== undefined);
  const timeColumn = ofTime.length === 0 ? undefined : ofTime.join(JOINT);
  const idColumn =
    named('unique_id', 'item_id', 'series_id', 'series', 'id') ??
    columns.find((column) => !ofTime.includes(column) && NAMES_SOMETHING.test(column)) ??
    where((text) => !isNumber(text) && !isTime(text), [...ofTime, ...columns.filter(isFlag)]);
  const numbers = columns.filter(
    (column, index) => !ofTime.includes(column) && rows.every((row) => isNumber(row[index] ?? '') || row[index] === ''),
  );
  // A time and nothing but numbers: each column is a series.
  const wide = !idColumn && timeColumn && rows.length > 0 && numbers.length > 1 && numbers.length === columns.length - ofTime.length;
  if (wide && !named('y', 'value', 'target', 'sales', 'sold', 'demand', 'quantity', 'revenue', 'umsatz', 'absatz'))
    return { timeColumn, layout: 'wide' };
  const free = columns.filter((column) => !ofTime.includes(column) && column !== idColumn && !NAMES_SOMETHING.test(column));
  const numeric = free.filter((column) => mostly(indexOf(column), isNumber) && !isFlag(column) && !OF_THE_CALENDAR.test(column));
  const words = (column: string): string[] => column.toLowerCase().split(/[^\p{L}]+/u);
  const valueColumn =
    named('y', 'value', 'target') ??
    TARGETS.flatMap((target) => numeric.find((column) => words(column).includes(target)) ?? [])[0] ??
    numeric[0];
  return {
    ...(idColumn ? { idColumn } : {}),
    ...(timeColumn ? { timeColumn } : {}),
    ...(valueColumn ? { valueColumn, ...signsOf(rows.map((row) => row[indexOf(valueColumn)] ?? '')) } : {}),
  };
}

/** How the numbers of a column are written, where that leaves no doubt: one to two digits behind a comma, or both signs in one number. */
function signsOf(cells: readonly string[]): Pick<Mapping, 'decimalSeparator' | 'thousandsSeparator'> {
  const digits = cells.map((cell) => cell.replace(/[^\d.,]/g, '')).filter(Boolean);
  const comma = digits.some((text) => /^\d{1,3}(\.\d{3})+,\d+$/.test(text) || /^\d*,(\d{1,2}|\d{4,})$/.test(text));
  const point = digits.some((text) => /^\d{1,3}(,\d{3})+\.\d+$/.test(text) || /^\d*\.(\d{1,2}|\d{4,})$/.test(text));
  if (comma === point) return {};
  const grouped = digits.some((text) => (comma ? /\.\d{3}/ : /,\d{3}/).test(text));
  return { ...(comma ? { decimalSeparator: ',' } : {}), ...(grouped ? { thousandsSeparator: comma ? '.' : ',' } : {}) };
}

/** What is said of a column of yes and no that is to hold numbers, in the words that a refusal would have; undefined where it is read. */
export function truthNote({ columns, rows }: Preview, column: string, role: Role): string | undefined {
  if (role !== 'target' && role !== 'pastCovariate' && role !== 'futureCovariate') return undefined;
  const at = columns.indexOf(column);
  const words = rows.map((row) => row[at] ?? '').filter((text) => isTruth(text));
  // A covariate may say so in the words that everybody knows.
  const isRead = role !== 'target' && words.every((word) => typeof flagAsNumber(word) === 'number');
  return words.length === 0 || isRead ? undefined : `${column}: ${AS_NUMBERS}`;
}
