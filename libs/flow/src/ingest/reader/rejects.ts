/**
 * Rejected rows: how many break which rule, and for the first of them the line and the text at fault. A row is rejected
 * once, for the first rule it breaks.
 */
import { AlmanacError, type Frequency, MOST_ID_BYTES } from '@almanac/series';
import type { IngestOptions } from '@almanac/contracts';
import { AS_NUMBERS, isTruth } from '@almanac/contracts/csv';
import type { RejectedLine } from '../protocol.js';
import type { Database } from './database.js';
import { locate } from './locate.js';
import { dateOfSerial, isSerial } from './numericTimes.js';
import { currencyIn, isPercent, type NumberStyle } from './numbers.js';
import { type Parsed, RULE_CODES, RULES } from './parse.js';
import { type Source } from './source.js';
import { hintForTime } from './times.js';

/** Rejected rows that are kept with line and text; all are counted. */
const KEPT = 100_000;
/** In one message. */
export const REJECTS_AT_ONCE = 5_000;

export interface Rejects {
  total: number;
  counts: { rule: string; count: number }[];
  /** In the order of the file. */
  rows: RejectedLine[];
  /** Of the first row by its rule, where it is a cell that is no number: where it stands. */
  cell?: { rule: string; series: string; column: string; covariate: boolean; style: NumberStyle } | undefined;
}

/** Why the reader left a row out, in DuckDB's words and ours. */
const LEFT_OUT_RULES: Readonly<Record<string, string>> = {
  'MISSING COLUMNS': 'TOO_FEW_COLUMNS',
  'TOO MANY COLUMNS': 'TOO_MANY_COLUMNS',
  'UNQUOTED VALUE': 'QUOTES_UNBALANCED',
  'INVALID ENCODING': 'ENCODING_INVALID',
  'LINE SIZE OVER MAXIMUM': 'LINE_TOO_LONG',
};

const shownTime = `replace(strftime(make_timestamp(p.t), '%Y-%m-%d %H:%M:%S'), ' 00:00:00', '')`;

/**
 * Rejected rows: those that the reader left out, those of `parsed`, and once there is `placed`, those of that.
 * @param grid how rows must lie on it: not asked yet, anywhere (events are aggregated), or exactly
 */
export async function findRejects(
  database: Database,
  source: Source,
  parsed: Parsed,
  grid: 'not yet' | 'anywhere' | 'exactly',
): Promise<Rejects> {
  const skipped = "SELECT row, 'TIMESTAMP_SKIPPED' AS rule FROM placed WHERE skipped";
  const closed = "SELECT row, 'CLOSED_DAY' AS rule FROM placed WHERE NOT skipped AND closed";
  const offGrid = "SELECT row, 'OFF_GRID' AS rule FROM placed WHERE NOT skipped AND NOT closed AND NOT on_grid";
  const misplaced = [skipped, closed, ...(grid === 'exactly' ? [offGrid] : [])].join(' UNION ALL ');
  await database.run(
    `CREATE OR REPLACE TABLE broken AS SELECT rowid // ${parsed.cellsPerRow} AS row, ['${RULES.join("', '")}'][rule % ${RULE_CODES} + 1] AS rule, coalesce(bad, '') AS text FROM parsed WHERE rule > 0
     ${grid === 'not yet' ? '' : `UNION ALL SELECT p.rowid // ${parsed.cellsPerRow}, m.rule, concat(CASE WHEN m.rule <> 'TIMESTAMP_SKIPPED' THEN p.id || ' ' END, ${shownTime}) FROM (${misplaced}) m JOIN parsed p ON p.rowid = m.row`}`,
  );
  const leftOut = await leftOutRows(database, source);
  const counts = await database.rows<{ rule: string; count: number }>(
    'SELECT rule, count(DISTINCT row)::DOUBLE AS count FROM broken GROUP BY rule',
  );
  for (const { rule } of leftOut) {
    const known = counts.find((each) => each.rule === rule);
    if (known) known.count++;
    else counts.push({ rule, count: 1 });
  }
  counts.sort((a, b) => b.count - a.count);
  const total = (await database.one<{ n: number }>('SELECT count(DISTINCT row)::DOUBLE AS n FROM broken')).n + leftOut.length;
  if (total === 0) return { total, counts, rows: [] };

  const kept = await database.rows<{ row: number; rule: string; text: string }>(
    `SELECT row::DOUBLE AS row, rule, any_value(text) AS text FROM broken GROUP BY row, rule ORDER BY row LIMIT ${KEPT}`,
  );
  const cell = await cellOf(database, parsed, counts[0]!.rule);
  if (!source.lines) return { total, counts, rows: kept.map(({ rule, text }) => ({ line: null, rule, text })), cell };
  const { lineOf, leftOut: lines } = await locate(
    source.lines,
    [...new Set(kept.map(({ row }) => row))],
    leftOut.map(({ at }) => at),
  );
  const rows = [
    ...kept.map(({ row, rule, text }) => ({ line: lineOf.get(row) ?? null, rule, text })),
    ...leftOut.slice(0, KEPT).map(({ rule, text }, index) => ({ line: lines[index] ?? null, rule, text })),
  ];
  rows.sort((a, b) => (a.line ?? Infinity) - (b.line ?? Infinity));
  return { total, counts, rows: rows.slice(0, KEPT), cell };
}

async function cellOf(database: Database, parsed: Parsed, rule: string): Promise<Rejects['cell']> {
  if (rule !== 'VALUE_NOT_NUMBER' && rule !== 'VALUE_NOT_FINITE') return undefined;
  const [first] = await database.rows<{ id: string; at: number }>(
    `SELECT id, rule // ${RULE_CODES} AS at FROM parsed WHERE rule % ${RULE_CODES} = ${RULES.indexOf(rule)} ORDER BY rowid LIMIT 1`,
  );
  const column = first && parsed.numbers[first.at];
  return column && { rule, series: first.id, column: column.name, covariate: column.covariate, style: column.style };
}

async function leftOutRows(database: Database, source: Source): Promise<{ at: number; rule: string; text: string }[]> {
  if (!source.rejects) return [];
  const rows = await database.rows<{ begins: number; kind: string; text: string }>(
    `SELECT line_byte_position::DOUBLE AS begins, any_value(error_type)::VARCHAR AS kind, left(trim(any_value(csv_line), chr(13) || chr(10)), 200) AS text FROM ${source.rejects} GROUP BY line_byte_position ORDER BY begins`,
  );
  return rows.map(({ begins, kind, text }) => ({ at: begins, rule: LEFT_OUT_RULES[kind] ?? 'ROW_UNREADABLE', text }));
}

/** Rows of the file, good or not. */
export async function countRows(database: Database, source: Source, parsed: Parsed): Promise<number> {
  const { n } = await database.one<{ n: number }>('SELECT count(*)::DOUBLE AS n FROM parsed');
  const leftOut = source.rejects
    ? (await database.one<{ n: number }>(`SELECT count(DISTINCT line_byte_position)::DOUBLE AS n FROM ${source.rejects}`)).n
    : 0;
  return n / parsed.cellsPerRow + leftOut;
}

/** The lines of some rows; null for formats without lines. */
export async function linesOf(source: Source, rows: readonly number[], database: Database): Promise<(number | null)[]> {
  if (!source.lines) return rows.map(() => null);
  const leftOut = await leftOutRows(database, source);
  const { lineOf } = await locate(
    source.lines,
    [...rows].sort((a, b) => a - b),
    leftOut.map(({ at }) => at),
  );
  return rows.map((row) => lineOf.get(row) ?? null);
}

interface Explanation {
  says: (text: string) => string;
  hint: string;
}

const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  ROW_UNREADABLE: { says: (text) => `"${text}" is not a JSON object`, hint: 'Write one JSON object a line.' },
  ID_MISSING: { says: () => 'the row names no series', hint: 'Fill the series column of every row.' },
  TIMESTAMP_MISSING: { says: () => 'the row has no time', hint: 'Fill the time column of every row.' },
  TIMESTAMP_INVALID: {
    says: (text) => `"${text}" cannot be read as a time`,
    hint: 'Write all times the same way, or say how with timeFormat.',
  },
  TIMESTAMP_SKIPPED: {
    says: (text) => `no clock of the zone ever showed ${text}`,
    hint: 'The clock went forward over it. Check the time zone, or write times with an offset.',
  },
  VALUE_NOT_NUMBER: { says: (text) => `"${text}" is not a number`, hint: 'Correct the value, or leave it empty where nothing is known.' },
  VALUE_NOT_FINITE: { says: (text) => `"${text}" is not a finite number`, hint: 'Leave the value empty where nothing is known.' },
  TOO_FEW_COLUMNS: {
    says: () => 'the row has fewer columns than the header',
    hint: 'Complete the row, or put values that hold the delimiter in quotes.',
  },
  TOO_MANY_COLUMNS: {
    says: () => 'the row has more columns than the header',
    hint: 'Put values that hold the delimiter in quotes; for decimal commas use another delimiter.',
  },
  QUOTES_UNBALANCED: {
    says: () => 'a quote is opened and not closed, or closed in the middle',
    hint: 'Double a quote that belongs to a value: "".',
  },
  ENCODING_INVALID: { says: () => 'the row is not valid UTF-8', hint: 'Save the file as UTF-8.' },
  TEXT_INVALID: {
    says: () => 'the name of the series, or a static covariate, holds a NUL character',
    hint: 'Remove it: no database keeps it.',
  },
  ID_TOO_LONG: {
    says: (text) => `the name of the series is longer than ${MOST_ID_BYTES.toLocaleString('en')} bytes of UTF-8: "${text.slice(0, 40)}…"`,
    hint: 'Shorten it. Is another column the one that names the series (idColumn)?',
  },
  LINE_TOO_LONG: { says: () => 'the line is longer than 16 MB', hint: 'Check the line breaks and quotes of the file.' },
};

/** True where more rows are rejected than the options allow, or all. */
export function areTooMany(rejects: Rejects, rowsRead: number, options: IngestOptions): boolean {
  return rejects.total > options.maxRejectedShare * rowsRead || rejects.total >= rowsRead || areMerged(rejects, rowsRead);
}

/** More rows without a series than good ones: what was merged cells kept its value in the first row only. No share allows for that. */
function areMerged({ total, counts }: Rejects, rowsRead: number): boolean {
  return (counts.find(({ rule }) => rule === 'ID_MISSING')?.count ?? 0) > rowsRead - total;
}

/**
 * The error for rows that are refused: the rule most of them break, and the first row that breaks it.
 * @param frequency the grid that rows were put on, once there is one
 */
export function refusalOf(rejects: Rejects, rowsRead: number, options: IngestOptions, frequency?: Frequency): AlmanacError {
  const { rule } = rejects.counts[0]!;
  const first = rejects.rows.find((row) => row.rule === rule)!;
  const offGrid = frequency && (rule === 'OFF_GRID' || rule === 'CLOSED_DAY');
  if (offGrid) return offGridRefusal(rule, rejects, rowsRead, options, frequency);
  const explanation = EXPLANATIONS[rule]!;
  const where = first.line === null ? '' : `Line ${first.line}: `;
  const cell = rejects.cell?.rule === rule ? rejects.cell : undefined;
  const said = where + explanation.says(first.text) + (cell ? placeOf(cell) : '');
  const others = rejects.total - 1;
  const more =
    others === 0
      ? ''
      : ` ${others.toLocaleString('en')} more ${others === 1 ? 'row was' : 'rows were'} rejected (${rejects.counts.map((each) => `${each.rule} ${each.count}`).join(', ')}).`;
  return new AlmanacError(rule, `${said[0]!.toUpperCase()}${said.slice(1)}.${more}`, {
    hint: hintFor(rule, first.text, options, cell) ?? (areMerged(rejects, rowsRead) ? MERGED : explanation.hint),
    subject: {
      line: first.line,
      text: first.text,
      ...(cell ? { series: cell.series, ...(cell.column === '' ? {} : { column: cell.column }) } : {}),
      rule,
      rowsRead,
      rowsRejected: rejects.total,
    },
  });
}

const placeOf = ({ column, series }: NonNullable<Rejects['cell']>): string =>
  ` (${column === '' ? '' : `column "${column}", `}series "${series.slice(0, 100)}")`;

const MERGED = 'Fill the series column of every row: merged cells keep their value in the first row only, and totals are no series.';

function hintFor(rule: string, text: string, options: IngestOptions, cell: Rejects['cell']): string | undefined {
  if (rule === 'TIMESTAMP_INVALID') {
    if (isSerial(text))
      return `${text} is ${dateOfSerial(Number(text))} as a serial date of Excel: format the whole column as dates, and save it again.`;
    return hintForTime(text);
  }
  if (rule === 'VALUE_NOT_NUMBER' && isTruth(text))
    return cell?.covariate ? AS_NUMBERS : `${AS_NUMBERS} Or is another column the target (valueColumn)?`;
  if (rule !== 'VALUE_NOT_NUMBER') return undefined;
  return signHint(text, cell?.style) ?? decimalHint(text, options) ?? unitHint(text);
}

/** Amounts and percentages that are written in more than one way. */
function signHint(text: string, style: NumberStyle | undefined): string | undefined {
  if (Boolean(style?.percent) !== isPercent(text))
    return 'Only some values have a percent sign, and 12% beside 12 may be 12 or 0.12. Write all with the sign, or none.';
  const currency = currencyIn(text);
  if (currency === undefined || currency === style?.currency) return undefined;
  const others = style?.currency === undefined ? 'most other values name no currency' : `most other values are in ${style.currency}`;
  return `This value is in ${currency}, and ${others}. Convert all to one currency; where every series keeps to one, leave the signs out of the cells.`;
}

/** `12 kWh`, `1.3M`, `<5`. */
function unitHint(text: string): string | undefined {
  const [, before = '', behind = ''] = /^\s*([^\d\s.,()+−-]{0,10}?)\s*[-+−]?[\d.,]*\d\s*([^\d\s][^\d]{0,9})?$/u.exec(text) ?? [];
  const sign = (before || behind).trim();
  return sign === '' ? undefined : `"${sign}" beside a number is not understood: write the number alone, all of them in one unit.`;
}

/** Rows that are named in a refusal. */
const NAMED = 5;

/** Names the rows that break the rhythm of the others, and the ways to keep them. */
function offGridRefusal(rule: string, rejects: Rejects, rowsRead: number, options: IngestOptions, frequency: Frequency): AlmanacError {
  const { count } = rejects.counts.find((each) => each.rule === rule)!;
  const rows = rejects.rows.filter((row) => row.rule === rule);
  const named = rows.slice(0, NAMED).map(({ line, text }) => (line === null ? text : `line ${line} (${text})`));
  const more = count > named.length ? ` and ${(count - named.length).toLocaleString('en')} more` : '';
  const [n, all] = [count.toLocaleString('en'), rowsRead.toLocaleString('en')];
  const orHour = frequency.hours ? 'or in hours ' : '';
  const are =
    count === 1
      ? `is ${rule === 'CLOSED_DAY' ? `on a day ${orHour}that is closed on` : 'off'}`
      : `are ${rule === 'CLOSED_DAY' ? `on days ${orHour}that are closed on` : 'off'}`;
  const others = rejects.total - count;
  const also = others === 0 ? '' : ` ${others.toLocaleString('en')} rows were rejected for other reasons.`;
  return new AlmanacError(rule, `${n} of ${all} rows ${are} the grid ${frequency.label}: ${named.join(', ')}${more}.${also}`, {
    hint: rule === 'CLOSED_DAY' ? closedHint(frequency) : offGridHint(options, frequency),
    subject: {
      frequency: frequency.label,
      rows: rows.slice(0, 100).map(({ line, text }) => ({ line, text })),
      rule,
      rowsRead,
      rowsRejected: rejects.total,
    },
  });
}

function closedHint(frequency: Frequency): string {
  if (frequency.hours) return 'Correct the rows, or name a frequency in which these hours are open: h for every hour.';
  return frequency.closures
    ? 'Correct the rows, or leave the days out of the closure calendar.'
    : 'Correct the rows, or name a frequency in which these days are open: D for every day.';
}

function offGridHint({ frequency: asked }: IngestOptions, frequency: Frequency): string {
  const gathered = frequency.isByLastDay ? frequency.byFirstDay : frequency;
  const found = asked === 'auto' ? `${frequency.label} is the rhythm of the other rows. ` : '';
  const finer =
    frequency.isDated && frequency.code !== 'D'
      ? 'to keep every date apart, set frequency to D'
      : 'or name a finer frequency, or the time zone of the data';
  return `${found}Correct these rows; or gather them in their steps: set frequency to ${gathered.label} with an aggregation, e.g. last; ${finer}.`;
}

/** The mistake behind most columns that are "no numbers". */
function decimalHint(text: string, { decimalSeparator }: IngestOptions): string | undefined {
  const other = decimalSeparator === '.' ? ',' : '.';
  // Without what stands for a negative or between thousands anyway.
  const digits = text.replace(/[\s'’()+−-]|^\p{Sc}|\p{Sc}$|^[A-Z]{3}|[A-Z]{3}$|%/gu, '');
  if (new RegExp(`^\\d{1,3}\\${other}\\d{3}$`).test(digits))
    return `Set decimalSeparator to "${other}" if that is the decimal sign, or thousandsSeparator to "${other}" if it separates thousands.`;
  if (new RegExp(`^\\d{1,2}(\\${other}\\d{2})+\\${other}\\d{3}(\\${decimalSeparator}\\d+)?$`).test(digits))
    return `Digits in groups of two (${digits.slice(0, 30)}) are not understood: write numbers without a sign between them.`;
  return new RegExp(`^(\\d*|\\d{1,3}(\\${decimalSeparator}\\d{3})+)\\${other}\\d+$`).test(digits)
    ? `Set decimalSeparator to "${other}".`
    : undefined;
}
