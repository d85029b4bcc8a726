/**
 * A sheet of an Excel workbook as CSV, which the reader of CSV then reads with all its rules: one line for each row of the sheet, so that
 * lines are counted as Excel counts rows.
 *
 * Invariants: what the archive unfolds into is counted to its last byte before anything is read from it; dates and times come out as the
 * clock shows them, numbers in the style that the options say of texts; a cell that holds an error is an error text, never a number.
 */
import { createWriteStream } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AlmanacError } from '@almanac/series';
import type { CellValue } from 'hucre';
import yauzl from 'yauzl';
import type { ReadJob } from '../protocol.js';

type Job = Pick<ReadJob, 'path' | 'fileName' | 'options' | 'scratch' | 'limits'>;

export interface SheetAsText {
  path: string;
  warnings: string[];
}

const MAGIC = 'PK\x03\x04';
const MEGABYTE = 2 ** 20;
/** Workbooks are read as a whole; what is larger belongs into Parquet or CSV. */
const MOST_BYTES = 128 * MEGABYTE;
const UNFOLDED_BYTES = 64 * MEGABYTE;
/** Distinct texts of all sheets lie in memory while rows are read. */
const MOST_TEXTS = 64 * MEGABYTE;
const MOST_ENTRIES = 10_000;
const SHOWN = 10;

/** Whether the bytes and the name say that it is a workbook; any other archive is for `detect` to refuse. */
export async function isWorkbook({ path, options: { format } }: Job): Promise<boolean> {
  if (format !== 'auto' && format !== 'xlsx') return false;
  const file = await open(path, 'r');
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    if (buffer.toString('latin1') !== MAGIC) return false;
  } finally {
    await file.close();
  }
  return (await entriesOf(path).catch(() => [])).some(({ fileName }) => fileName === 'xl/workbook.xml');
}

/** @throws AlmanacError SHEET_NOT_FOUND, FILE_TOO_LARGE, FILE_DAMAGED, EMPTY_FILE */
export async function sheetAsText(job: Job): Promise<SheetAsText> {
  const { path, fileName, options, scratch } = job;
  const { size } = await stat(path);
  if (size > MOST_BYTES)
    throw tooLarge(fileName, `has ${Math.ceil(size / MEGABYTE)} MB; workbooks of ${MOST_BYTES / MEGABYTE} MB are read`);
  const { names, most } = await measured(job, size);
  const index = options.sheet === undefined ? 0 : names.indexOf(options.sheet);
  const name = names[index];
  if (name === undefined)
    throw new AlmanacError('SHEET_NOT_FOUND', `${fileName} has no sheet "${options.sheet ?? ''}".`, {
      hint: `It has ${names.slice(0, SHOWN).join(', ')}${names.length > SHOWN ? ', …' : ''}.`,
      subject: { file: fileName, sheets: names.slice(0, 100) },
    });
  const target = join(scratch, 'sheet.csv');
  // Loaded for workbooks only: every file that is read waits for what this process loads.
  const { streamXlsxRows } = await import('hucre/xlsx');
  try {
    const rows = streamXlsxRows(await readFile(path), { sheet: index });
    await pipeline(Readable.from(upTo(most, linesOf(rows, options.decimalSeparator), fileName)), createWriteStream(target));
  } catch (cause) {
    if (cause instanceof AlmanacError) throw cause;
    throw damaged(fileName, cause);
  }
  if ((await stat(target)).size === 0)
    throw new AlmanacError('EMPTY_FILE', `The sheet "${name}" of ${fileName} is empty.`, {
      hint: names.length > 1 ? `Name another one with \`sheet\`: ${names.slice(0, SHOWN).join(', ')}.` : 'Upload a sheet with rows.',
      subject: { file: fileName, sheet: name },
    });
  const others = names.filter((_, at) => at !== index);
  const said = options.sheet === undefined && others.length > 0;
  const list = `${others.slice(0, SHOWN).join(', ')}${others.length > SHOWN ? ', …' : ''}`;
  return { path: target, warnings: said ? [`The sheet "${name}" was read. The workbook also has ${list}; name one with sheet.`] : [] };
}

type Row = { index: number; values: CellValue[] };
/** Rows whose widest says how wide the table is: the file leaves out the empty cells at the end of a row. */
const LOOKED_AT = 1000;
/** That are held before they are written. */
const MOST_CELLS = 1_000_000;

/** A line for each row; cells that hold line breaks keep to one. */
async function* linesOf(rows: AsyncIterable<Row>, decimal: string): AsyncGenerator<string> {
  let next = 0;
  let width = 0;
  const textOf = ({ index, values }: Row): string => {
    const cells = Array.from({ length: Math.max(width, values.length) }, (_, at) => cell(values[at] ?? null, decimal));
    // Rows that hold nothing are not in the file.
    const empty = '\n'.repeat(Math.max(0, index - next));
    next = index + 1;
    return `${empty}${cells.join(',')}\n`;
  };
  let waiting: Row[] = [];
  const flushed = (): string => {
    width = Math.max(width, ...waiting.map(({ values }) => values.length));
    const text = waiting.map(textOf).join('');
    waiting = [];
    return text;
  };
  let cells = 0;
  for await (const row of rows) {
    cells += Math.max(width, row.values.length);
    if (waiting.push(row) < LOOKED_AT && cells < MOST_CELLS) continue;
    cells = 0;
    yield flushed();
  }
  if (waiting.length > 0) yield flushed();
}

/** Cells far to the right and rows far down make empty ones that are in no file: the text may be no larger than the workbook unfolded. */
async function* upTo(most: number, lines: AsyncIterable<string>, fileName: string): AsyncGenerator<string> {
  let bytes = 0;
  for await (const text of lines) {
    bytes += Buffer.byteLength(text);
    if (bytes > most) throw tooLarge(fileName, `has more than ${Math.floor(most / MEGABYTE)} MB of cells, empty ones included`);
    yield text;
  }
}

function cell(value: CellValue, decimal: string): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return decimal === '.' ? String(value) : `"${String(value).replace('.', decimal)}"`;
  if (value instanceof Date) return clock(value);
  const given = String(value);
  const text = /[\r\n]/.test(given)
    ? given
        .split(/[\r\n]+/)
        .map((line) => line.trim())
        .join(' ')
        .trim()
    : given;
  return /[",]/.test(text) || text.trim() !== text ? `"${text.replaceAll('"', '""')}"` : text;
}

const SECOND = 1000;
/** Off by so little, a time is a whole second: Excel keeps days as fractions. */
const SNAP_MS = 5;

/** What the cell shows: Excel knows no zone. */
function clock(date: Date): string {
  const given = date.getTime();
  if (Number.isNaN(given)) return '';
  const near = Math.round(given / SECOND) * SECOND;
  const text = new Date(Math.abs(given - near) <= SNAP_MS ? near : given)
    .toISOString()
    .slice(0, -1)
    .replace(/\.000$/, '');
  return text.replace(/T00:00:00$/, '');
}

/**
 * Names of the sheets, once every entry was unfolded and counted: what an archive says of its sizes may be a lie.
 * And how many bytes there may be.
 * @throws AlmanacError FILE_TOO_LARGE, FILE_DAMAGED
 */
async function measured({ path, fileName, limits }: Job, size: number): Promise<{ names: string[]; most: number }> {
  const byRatio = Math.max(UNFOLDED_BYTES, size * (limits.unfoldedTimes ?? Infinity));
  const byDisk = (limits.scratchMb ?? Infinity) * MEGABYTE;
  const most = Math.min(byRatio, byDisk);
  let bytes = 0;
  let workbook = '';
  try {
    for await (const { name, content } of unfolded(path)) {
      let own = 0;
      for await (const chunk of content) {
        bytes += chunk.length;
        own += chunk.length;
        if (bytes > most) throw tooLarge(fileName, `unfolds into more than ${Math.floor(most / MEGABYTE)} MB`);
        if (name === 'xl/sharedStrings.xml' && own > MOST_TEXTS)
          throw tooLarge(fileName, `holds more than ${MOST_TEXTS / MEGABYTE} MB of distinct texts`);
        if (name === 'xl/workbook.xml') workbook += chunk.toString('utf8');
      }
    }
  } catch (cause) {
    if (cause instanceof AlmanacError) throw cause;
    throw damaged(fileName, cause);
  }
  const names = [...workbook.matchAll(/<(?:\w+:)?sheet\s[^<>]*?\bname="([^"]*)"/g)].map(([, name]) => plain(name!));
  if (names.length === 0) throw damaged(fileName, new Error('no sheets'));
  return { names, most };
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
/** Text of an attribute of XML. */
const plain = (text: string): string =>
  text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal?: string, hex?: string, name?: string) => {
    const code = decimal ? Number(decimal) : hex ? parseInt(hex, 16) : undefined;
    return code === undefined ? (ENTITIES[name!] ?? whole) : String.fromCodePoint(code);
  });

async function entriesOf(path: string): Promise<yauzl.Entry[]> {
  const zip = await opened(path);
  const entries: yauzl.Entry[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      zip.once('end', resolve).once('error', reject);
      zip.on('entry', (entry: yauzl.Entry) => {
        entries.push(entry);
        if (entries.length > MOST_ENTRIES) reject(new Error('too many entries'));
        else zip.readEntry();
      });
      zip.readEntry();
    });
  } finally {
    zip.close();
  }
  return entries;
}

async function* unfolded(path: string): AsyncGenerator<{ name: string; content: AsyncIterable<Buffer> }> {
  const entries = await entriesOf(path);
  const zip = await opened(path);
  try {
    for (const entry of entries) {
      const content = await new Promise<Readable>((resolve, reject) =>
        zip.openReadStream(entry, (error, stream) => (error ? reject(error) : resolve(stream))),
      );
      yield { name: entry.fileName, content };
    }
  } finally {
    zip.close();
  }
}

/** Sizes are checked as entries are read. */
const opened = (path: string): Promise<yauzl.ZipFile> =>
  new Promise((resolve, reject) =>
    yauzl.open(path, { lazyEntries: true, autoClose: false, validateEntrySizes: true }, (error, zip) =>
      error ? reject(error) : resolve(zip),
    ),
  );

const damaged = (fileName: string, cause: unknown): AlmanacError =>
  new AlmanacError('FILE_DAMAGED', `${fileName} cannot be read as a workbook: it is damaged, or protected by a password.`, {
    hint: 'Open it and save it anew without a password, or save the sheet as CSV (UTF-8).',
    subject: { file: fileName },
    cause,
  });

const tooLarge = (fileName: string, what: string): AlmanacError =>
  new AlmanacError('FILE_TOO_LARGE', `${fileName} ${what}.`, {
    hint: 'Save the sheet as CSV (UTF-8) or Parquet and upload that, which files of any size may be.',
    subject: { file: fileName },
    status: 413,
  });
