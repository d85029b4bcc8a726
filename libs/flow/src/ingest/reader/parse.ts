/**
 * Reads every row of the file once into the table `parsed`: id, t, z (see times.ts), y, covariates x0…, static
 * covariates s0…, and for a row that cannot be used the number of the rule that it breaks and the text at fault.
 * `parsed.rowid` is the row's number in the file, from 0, rows that the reader left out not counted.
 */
import { ESCAPED_FORMULA, readText } from '@almanac/contracts/csv';
import { AlmanacError, idOf, isAlmanacError, MOST_ID_BYTES, WHOLE_ID } from '@almanac/series';
import type { IngestOptions } from '@almanac/contracts';
import type { Column, Covariate, Mapping } from './columns.js';
import { type Database, isOutOfRoom, literal } from './database.js';
import { flagOrNumberSql, isMissing, type NumberStyle, numberSql, styleSql } from './numbers.js';
import { firstLine, type Source } from './source.js';
import { inYears } from './timeReader.js';
import { isValueSql } from './texts.js';
import { readTimes, type TimeReading } from './times.js';

/** More than there are rules: what a rule has above them says which of `Parsed.numbers` it is about. */
export const RULE_CODES = 16;
/** Number 0 is a good row. */
export const RULES = [
  '',
  'ROW_UNREADABLE',
  'ID_MISSING',
  'TIMESTAMP_MISSING',
  'TIMESTAMP_INVALID',
  'VALUE_NOT_NUMBER',
  'VALUE_NOT_FINITE',
  'TEXT_INVALID',
  'ID_TOO_LONG',
] as const;

export interface Parsed {
  times: TimeReading;
  /** Columns that hold numbers; the rule of a row says which of them is none. Without a name where the series is the column. */
  numbers: { name: string; covariate: boolean; style: NumberStyle }[];
  /** Rows of `parsed` per row of the file: above 1 for wide files. */
  cellsPerRow: number;
  /** `parsed` has y. */
  target: boolean;
  /** Covariate columns of `parsed`, past before future. */
  covariates: string[];
  statics: string[];
}

/** Rows that are looked at to tell how a column is written. */
const LOOKED_AT = 1000;

/** @throws AlmanacError TIMESTAMP_INVALID, DATE_ORDER_AMBIGUOUS, ENCODING_INVALID, FILE_DAMAGED */
export async function parse(database: Database, source: Source, mapping: Mapping, options: IngestOptions, now: number): Promise<Parsed> {
  const style: NumberStyle = { decimal: options.decimalSeparator, thousands: options.thousandsSeparator };
  const shaped = mapping.layout === 'long' ? longShape(source, mapping, options) : wideShape(source, mapping);
  const times = await readTimes(database, shaped.relation, shaped.time, options, now).catch((cause: unknown) => {
    throw isAlmanacError(cause) ? cause : fault(cause);
  });

  const shownTime = `CAST(c${shaped.time.index} AS VARCHAR)`;
  const numbers = [
    ...(shaped.value ? [{ as: 'y', column: shaped.value, value: undefined }] : []),
    ...shaped.covariates.map(({ column, value }, index) => ({ as: `x${index}`, column, value })),
  ];
  // The one character that no database keeps.
  const texts = ['id', ...shaped.statics.map((_, index) => `s${index}`)];
  const checks: Check[] = [
    ...(source.unreadable && mapping.layout === 'long' ? [{ rule: 1, failed: 'unreadable IS NOT NULL', text: 'unreadable' }] : []),
    { rule: 2, failed: `id IS NULL OR id = ''`, text: `''` },
    { rule: 3, failed: `t IS NULL AND ${isMissing(shownTime)}`, text: `''` },
    { rule: 4, failed: 't IS NULL', text: shownTime },
    ...numbers.flatMap(({ as, column }, at) => {
      const text = `CAST(c${column.index} AS VARCHAR)`;
      return [
        { rule: 5 + RULE_CODES * at, failed: `${as} IS NULL AND NOT ${isMissing(text)}`, text },
        { rule: 6 + RULE_CODES * at, failed: `isinf(${as})`, text },
      ];
    }),
    ...texts.map((text) => ({ rule: 7, failed: hasNul(text), text })),
    { rule: 8, failed: ID_TOO_LONG, text: 'id' },
  ];
  const styles = await stylesOf(
    database,
    shaped.relation,
    numbers.map(({ column }) => column),
    style,
  );
  const values = numbers.map(({ as, column, value }, index) => {
    const own = styles[index]!;
    if (value !== undefined) return `${isValueSql(column, value)} AS ${as}`;
    return `${as === 'y' ? doubleSql(column, own) : covariateSql(column, own)} AS ${as}`;
  });
  const statics = shaped.statics.map((column, index) => `CAST(c${column.index} AS VARCHAR) AS s${index}`);
  const kept = [
    ...numbers.map(({ as }) => `CASE WHEN isnan(${as}) THEN NULL ELSE ${as} END AS ${as}`),
    ...statics.map((_, index) => `s${index}`),
    ...(source.ahead ? [source.ahead] : []),
  ];
  // Nearly all rows pass the cheap question and are spared the dear ones.
  const suspect = [
    `id IS NULL`,
    `id = ''`,
    `t IS NULL`,
    ...texts.map(hasNul),
    ID_TOO_LONG,
    ...numbers.flatMap(({ as }) => [`${as} IS NULL`, `isinf(${as})`]),
  ].join(' OR ');
  const rule = `CASE WHEN ${suspect} THEN CASE ${checks.map(({ rule: number, failed }) => `WHEN ${failed} THEN ${number}`).join(' ')} ELSE 0 END ELSE 0 END`;
  const bad = `CASE WHEN rule > 0 THEN CASE ${checks.map(({ failed, text }) => `WHEN ${failed} THEN left(${text}, 200)`).join(' ')} END END`;
  const more = (sqls: readonly string[]): string => sqls.map((sql) => `, ${sql}`).join('');
  const read = `SELECT *, ${shaped.id} AS id, ${times.time} AS time${more([...values, ...statics])} FROM (${shaped.relation})`;
  const timed = `SELECT *, ${times.micros} AS micros, ${times.instant} AS z FROM (${read})`;
  const judged = `SELECT *, CAST(${rule} AS UINTEGER) AS rule FROM (SELECT *, ${times.integer ? 'micros' : inYears('micros')} AS t FROM (${timed}))`;
  await database
    .run(`CREATE TABLE parsed AS SELECT id, t, z${more(kept)}, rule, ${bad} AS bad FROM (${judged})`)
    .catch((cause: unknown) => {
      throw fault(cause);
    });
  return {
    times,
    numbers: numbers.map(({ as, column }, index) => ({ name: column.name, covariate: as !== 'y', style: styles[index]! })),
    cellsPerRow: shaped.cellsPerRow,
    target: shaped.value !== undefined,
    covariates: shaped.covariates.map((_, index) => `x${index}`),
    statics: statics.map((_, index) => `s${index}`),
  };
}

const hasNul = (text: string): string => `coalesce(contains(${text}, chr(0)), false)`;

const ID_TOO_LONG = `strlen(id) > ${MOST_ID_BYTES}`;

interface Check {
  rule: number;
  failed: string;
  text: string;
}

interface Shape {
  relation: string;
  /** SQL for the name of the series. */
  id: string;
  time: Column;
  value: Column | undefined;
  covariates: Covariate[];
  statics: Column[];
  cellsPerRow: number;
}

function longShape(source: Source, mapping: Extract<Mapping, { layout: 'long' }>, options: IngestOptions): Shape {
  const extra = source.unreadable ? `, ${source.unreadable} AS unreadable` : '';
  return {
    relation: extra ? `SELECT *${extra} FROM (${source.relation})` : source.relation,
    id: mapping.id ? idSql(source, mapping.id) : literal(options.dataset),
    time: mapping.time,
    value: mapping.value,
    covariates: [...mapping.past, ...mapping.future],
    statics: mapping.statics.map(({ column }) => column),
    cellsPerRow: 1,
  };
}

/** Turns one row with a cell per series (or per time) into one row per cell. A cell that is empty says nothing. */
function wideShape(source: Source, mapping: Exclude<Mapping, { layout: 'long' }>): Shape {
  const cells = mapping.layout === 'wide' ? mapping.series : mapping.times;
  const other = mapping.layout === 'wide' ? mapping.time : mapping.id;
  const type = cells.every((column) => column.type === cells[0]!.type) ? cells[0]!.type : 'VARCHAR';
  // A list is indexed at once, whatever its length; a column without a cell of its own has an empty name in it.
  const names = Array.from({ length: Math.max(...cells.map(({ index }) => index)) + 1 }, (_, index) =>
    literal(nameOf(source, cells.find((cell) => cell.index === index)?.name ?? '')),
  );
  const picked = cells.map(({ index }) => `CAST(c${index} AS ${type}) AS c${index}`);
  const relation = `SELECT other AS c0, cell AS c1, [${names.join(', ')}][substr(key, 2)::INTEGER + 1] AS c2
    FROM (SELECT c${other.index} AS other, ${picked.join(', ')} FROM (${source.relation})) UNPIVOT INCLUDE NULLS (cell FOR key IN (${cells.map(({ index }) => `c${index}`).join(', ')}))`;
  const column = (index: number, of: Column | undefined, asType: string): Column => ({ index, name: of?.name ?? '', type: asType });
  const value = column(1, undefined, type);
  return mapping.layout === 'wide'
    ? { relation, id: 'c2', time: column(0, other, other.type), value, covariates: [], statics: [], cellsPerRow: cells.length }
    : {
        relation,
        id: idSql(source, column(0, other, other.type)),
        time: column(2, undefined, 'VARCHAR'),
        value,
        covariates: [],
        statics: [],
        cellsPerRow: cells.length,
      };
}

function idSql(source: Source, { index, type }: Column): string {
  if (/^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/.test(type)) return `CAST(c${index} AS VARCHAR)`;
  const text = type === 'VARCHAR' ? `trim(c${index})` : `CAST(c${index} AS VARCHAR)`;
  // An apostrophe that keeps a spreadsheet from taking the id for a formula is not part of it (contracts/csv).
  const name = isDelimited(source)
    ? `(CASE WHEN prefix(${text}, '''') AND regexp_matches(${text}, ${literal(ESCAPED_FORMULA.source)}) THEN substr(${text}, 2) ELSE ${text} END)`
    : text;
  return `CASE WHEN suffix(${name}, '0') AND regexp_matches(${name}, ${literal(WHOLE_ID)}) THEN regexp_extract(${name}, ${literal(WHOLE_ID)}, 1) ELSE ${name} END`;
}

/** The same of a name that is no cell, as the header of a wide file has. */
const nameOf = (source: Source, name: string): string => idOf(isDelimited(source) ? readText(name) : name);

const isDelimited = ({ lines }: Source): boolean => lines?.delimiter !== undefined;

/** How the first cells of each column are written. */
async function stylesOf(database: Database, relation: string, columns: readonly Column[], style: NumberStyle): Promise<NumberStyle[]> {
  const written = columns.filter(({ type }) => type === 'VARCHAR');
  const found =
    written.length === 0
      ? {}
      : await database
          .one<Record<string, string>>(
            `SELECT ${written.map(({ index }) => `to_json(${styleSql(`c${index}`)})::VARCHAR AS s${index}`).join(', ')} FROM (SELECT ${written.map(({ index }) => `c${index}`).join(', ')} FROM (${relation}) LIMIT ${LOOKED_AT})`,
          )
          .catch((cause: unknown): Record<string, string> => {
            // Whatever else is wrong is met, and named, when all rows are read.
            if (isOutOfRoom(cause)) throw cause;
            return {};
          });
  return columns.map(({ index }) => {
    const own = found[`s${index}`];
    const { currency, percent, foreign } =
      own === undefined ? {} : (JSON.parse(own) as { [key in keyof NumberStyle]: NumberStyle[key] | null });
    return { ...style, currency: currency ?? undefined, percent: percent ?? false, foreign: foreign ?? false };
  });
}

function doubleSql({ index, type }: Column, style: NumberStyle): string {
  return type === 'VARCHAR' ? numberSql(`c${index}`, style) : `TRY_CAST(c${index} AS DOUBLE)`;
}

function covariateSql(column: Column, style: NumberStyle): string {
  return column.type === 'VARCHAR' ? flagOrNumberSql(`c${column.index}`, style) : doubleSql(column, style);
}

/** What a file could not be read for. Where the reader lacked room for it, nothing is wrong with the file. */
function fault(cause: unknown): unknown {
  return isOutOfRoom(cause) ? cause : unreadable(cause);
}

function unreadable(cause: unknown): AlmanacError {
  const reason = firstLine(cause);
  if (/not utf-?8|unicode|encoding/i.test(reason)) {
    return new AlmanacError('ENCODING_INVALID', 'The file is not UTF-8 throughout.', {
      hint: 'Save it as UTF-8, and upload it again.',
      subject: { reason },
      cause,
    });
  }
  if (/state machine/i.test(reason)) {
    return new AlmanacError('LINES_UNCLEAR', 'The lines of the file do not all end the same way.', {
      hint: 'Save it with one kind of line break throughout, and upload it again.',
      subject: { reason },
      cause,
    });
  }
  return new AlmanacError('FILE_DAMAGED', 'The file cannot be read to its end: it is damaged or was cut off.', {
    hint: 'Write or upload it again.',
    subject: { reason },
    cause,
  });
}
