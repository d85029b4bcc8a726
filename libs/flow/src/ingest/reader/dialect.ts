/**
 * How a delimited file is written: its delimiter, and where its header is. Found by the columns that are looked for,
 * and where those are missing by which delimiter cuts the lines most evenly.
 */
import { AlmanacError } from '@almanac/series';

export interface Dialect {
  delimiter: string;
  /** Physical lines before the first data row: titles, comments, `sep=` and the header itself. */
  skipLines: number;
  columns: string[];
}

const DELIMITERS = [',', ';', '\t', '|'];
/** How far down a header is looked for. */
const HEADER_DEPTH = 30;
const SAMPLE_RECORDS = 100;

interface LogicalLine {
  cells: string[];
  /** Physical lines up to and with this record. */
  endLine: number;
}

/**
 * @param head the beginning of the file
 * @param wanted names of the columns that should be there
 * @throws AlmanacError HEADER_MISSING
 */
export function findDialect(head: string, wanted: readonly string[], preferred?: string): Dialect {
  const marked = /^sep=(.)\r?\n/i.exec(head);
  const candidates = marked ? [marked[1]!] : preferred ? [preferred, ...DELIMITERS.filter((each) => each !== preferred)] : DELIMITERS;
  const ranked = candidates.map((delimiter, order) => {
    const records = splitRecords(head, delimiter, SAMPLE_RECORDS);
    const header = findHeader(records, wanted);
    return { delimiter, order, records, header, names: matches(records[header], wanted), evenness: evenness(records.slice(header)) };
  });
  ranked.sort((a, b) => b.names - a.names || b.evenness - a.evenness || a.order - b.order);
  const best = ranked[0]!;
  const header = best.records[best.header];
  if (!header || (best.names === 0 && looksLikeData(header.cells))) {
    throw new AlmanacError('HEADER_MISSING', 'The first line of the file holds values, not column names.', {
      hint: `Put a line with the names of the columns first, e.g. ${wanted.join(best.delimiter)}.`,
      subject: { line: header?.cells.join(best.delimiter).slice(0, 200) ?? '' },
    });
  }
  const columns = header.cells.map((cell) => cell.trim());
  return {
    delimiter: best.delimiter,
    skipLines: header.endLine,
    columns: columns.slice(0, usedWidth(columns, best.records.slice(best.header + 1))),
  };
}

/** Delimiters too many at the end of the header make no columns, unless rows have something there. */
function usedWidth(columns: readonly string[], rows: readonly LogicalLine[]): number {
  const named = columns.findLastIndex((name) => name !== '') + 1;
  const filled = rows.reduce(
    (most, { cells }) => Math.max(most, cells.slice(0, columns.length).findLastIndex((cell) => cell.trim() !== '') + 1),
    0,
  );
  return Math.max(named, filled);
}

/** The record with most of the wanted names, two at least (a value may look like one); else the first that is no comment. */
function findHeader(records: readonly LogicalLine[], wanted: readonly string[]): number {
  let best = -1;
  let most = 1;
  for (let index = 0; index < Math.min(records.length, HEADER_DEPTH); index++) {
    const found = matches(records[index], wanted);
    if (found > most) [best, most] = [index, found];
  }
  if (best >= 0) return best;
  return Math.max(
    0,
    records.findIndex(({ cells }) => !isComment(cells[0]!)),
  );
}

const isComment = (cell: string): boolean => cell.startsWith('#') || /^sep=.?$/i.test(cell);

function matches(record: LogicalLine | undefined, wanted: readonly string[]): number {
  if (!record) return 0;
  const names = new Set(record.cells.map((cell) => cell.trim().toLowerCase()));
  return wanted.filter((name) => names.has(name.trim().toLowerCase())).length;
}

/** Share of the records that have as many cells as the first one; 0 where that is one. */
function evenness(records: readonly LogicalLine[]): number {
  const width = records[0]?.cells.length ?? 0;
  return width < 2 ? 0 : records.filter(({ cells }) => cells.length === width).length / records.length;
}

const looksLikeData = (cells: readonly string[]): boolean =>
  cells.some((cell) => /^\s*[+-]?[\d.,]+(e[+-]?\d+)?\s*$/i.test(cell) || /^\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}/.test(cell));

/** Records of the head, quotes respected. Blank lines are no records; the last record of a head that was cut may be short. */
export function splitRecords(text: string, delimiter: string, limit: number): LogicalLine[] {
  const records: LogicalLine[] = [];
  let cells: string[] = [];
  let cell = '';
  let quoted = false;
  let line = 1;
  const endRecord = (): void => {
    if (cells.length > 0 || cell !== '') records.push({ cells: [...cells, cell], endLine: line });
    cells = [];
    cell = '';
  };
  for (let at = 0; at < text.length && records.length < limit; at++) {
    const char = text[at]!;
    const newline = char === '\n' || (char === '\r' && text[at + 1] !== '\n');
    if (quoted) {
      if (char === '"' && text[at + 1] === '"') cell += text[++at]!;
      else if (char === '"') quoted = false;
      else cell += char;
    } else if (char === '"' && cell === '') quoted = true;
    else if (char === delimiter) {
      cells.push(cell);
      cell = '';
    } else if (newline) endRecord();
    else if (char !== '\r') cell += char;
    if (newline) line++;
  }
  if (records.length < limit) endRecord();
  return records;
}
