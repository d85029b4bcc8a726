/** A time that is spread over columns, `Date + Time`, as one more column of the source: text that is read like every other time. */
import { partOf, partsOf, type TimePart } from '@almanac/contracts/timeParts';
import { AlmanacError } from '@almanac/series';
import { type Column, lookup } from './columns.js';
import { type Database, literal } from './database.js';
import { CLOCKS } from './decorated.js';
import type { IngestOptions } from '@almanac/contracts';
import { periodsOf } from './periods.js';
import type { Source } from './source.js';

const LOOKED_AT = 20_000;

interface Together {
  /** Where it is not that of the source. */
  relation?: string;
  sql: string;
  /** Text unless given. */
  type?: string;
  /** What was taken that the file does not say by itself. */
  note?: string;
}

interface Part {
  part: TimePart;
  column: Column;
  /** SQL of the text, NULL where the cell is empty. */
  sql: string;
}

/** The columns that are named together; none where the name is that of a column, or of none. */
export function timeParts(columns: readonly Column[], name: string): Column[] {
  if (lookup(columns, name).length > 0) return [];
  const names = partsOf(name);
  const found = names.map((each) => lookup(columns, each));
  return names.length > 1 && found.every(({ length }) => length === 1) ? found.map(([column]) => column!) : [];
}

/**
 * @returns the source with the column, and what was taken that the file does not say by itself
 * @throws AlmanacError OPTIONS_CONFLICT
 */
export async function withTime(database: Database, source: Source, options: IngestOptions, now: number): Promise<Source> {
  const name = options.timeColumn;
  const columns = timeParts(source.columns, name);
  if (columns.length === 0) return source;
  const parts = columns.map((column): Part => {
    const text = `trim(CAST(c${column.index} AS VARCHAR))`;
    return { part: partOf(column.name), column, sql: `nullif(regexp_replace(${text}, '^(\\d+)\\.0+$', '\\1'), '')` };
  });
  const year = parts.find(({ part }) => part === 'year');
  const {
    relation: whole = source.relation,
    sql,
    type = 'VARCHAR',
    note,
  }: Together = year ? { sql: ofYear(year, parts) } : await ofDate(database, source, parts, options, now);
  const index = Math.max(...source.columns.map((column) => column.index)) + 1;
  const relation = `SELECT *, ${sql} AS c${index} FROM (${whole})`;
  const { example } = await database.one<{ example: string | null }>(
    `SELECT ${type === 'VARCHAR' ? `c${index}` : `strftime(timezone('UTC', c${index}), '%Y-%m-%dT%H:%M:%SZ')`} AS example FROM (${relation}) WHERE c${index} IS NOT NULL LIMIT 1`,
  );
  const said = `The time was put together of ${columns.map((column) => `"${column.name}"`).join(' and ')}: ${example ?? 'nothing'} is the first.${note ?? ''}`;
  return {
    ...source,
    columns: [...source.columns, { index, name, type }],
    relation,
    together: { columns, note: said },
  };
}

function ofYear(year: Part, parts: readonly Part[]): string {
  const one = (part: TimePart): string | undefined => parts.find((each) => each.part === part)?.sql;
  const [quarter, month, week, day, hour] = [one('quarter'), one('month'), one('week'), one('day'), one('hour')];
  const known = [year.sql, quarter, month, week, day, hour].filter((sql) => sql !== undefined);
  if (
    known.length !== parts.length ||
    (month === undefined && (day !== undefined || hour !== undefined)) ||
    (hour !== undefined && day === undefined)
  )
    throw notTogether(parts);
  if (month === undefined && quarter !== undefined && week === undefined)
    return `CASE WHEN regexp_full_match(${quarter}, '[QqTt]?\\s?[1-4]') THEN ${year.sql} || 'Q' || right(${quarter}, 1) ELSE ${year.sql} || ' ' || ${quarter} END`;
  if (month === undefined && week !== undefined && quarter === undefined)
    return `${year.sql} || '-W' || lpad(regexp_replace(upper(${week}), '^(KW|CW|W|WK)\\s?', ''), 2, '0')`;
  if (month === undefined || week !== undefined || quarter !== undefined) throw notTogether(parts);
  const numbered = `${year.sql} || '-' || lpad(${month}, 2, '0')${day === undefined ? '' : ` || '-' || lpad(${day}, 2, '0')`}`;
  const named = `${day === undefined ? '' : `${day} || ' ' || `}${month} || ' ' || ${year.sql}`;
  const date = `CASE WHEN regexp_full_match(${month}, '\\d{1,2}') THEN ${numbered} ELSE ${named} END`;
  return hour === undefined ? date : `(${date}) || ' ' || ${clockOf(hour)}`;
}

const clockOf = (hour: string): string =>
  `CASE WHEN regexp_full_match(${hour}, '\\d{1,2}') THEN lpad(${hour}, 2, '0') || ':00' ELSE ${hour} END`;

/** A date, and a clock, the first end of an interval, or a number of hours: those from 1 to 24 are the hours that end then. */
async function ofDate(database: Database, source: Source, parts: readonly Part[], options: IngestOptions, now: number): Promise<Together> {
  const [date, clock] = parts;
  if (parts.length !== 2 || !date || !clock) throw notTogether(parts);
  const { numbers, n, least, most } = await database.one<{ numbers: number; n: number; least: number; most: number }>(
    `SELECT count(*) FILTER (regexp_full_match(time, '\\d+'))::INT AS numbers, count(time)::INT AS n, coalesce(min(TRY_CAST(time AS INTEGER)), 0) AS least,
      coalesce(max(TRY_CAST(time AS INTEGER)), 0) AS most FROM (SELECT ${clock.sql} AS time FROM (${source.relation}) LIMIT ${LOOKED_AT})`,
  );
  const day = `regexp_replace(${date.sql}, '[T ]00:00(:00(\\.0+)?)?$', '')`;
  if (numbers < n || n === 0) return { sql: `${day} || ' ' || regexp_replace(${clock.sql}, ${literal(CLOCKS.replace('.*', ''))}, '\\1')` };
  // Hours from 1 to 25, or to 23 on a day in spring, are periods too.
  if (clock.part === 'period' || (clock.part === 'hour' && most > 24)) {
    const periods = await periodsOf(database, source, date.column, { column: clock.column, number: clock.sql }, options, now);
    if (periods === undefined) throw notTogether(parts);
    return { ...periods, type: 'TIMESTAMP WITH TIME ZONE' };
  }
  if (clock.part !== 'hour' || (most === 24 && least === 0)) throw notTogether(parts);
  if (most === 24 && options.timeMarks === 'end') throw endsAlready(clock);
  if (most < 24) return { sql: `${day} || ' ' || ${clockOf(clock.sql)}` };
  return {
    sql: `${day} || ' ' || lpad(CAST(TRY_CAST(${clock.sql} AS INTEGER) - 1 AS VARCHAR), 2, '0') || ':00'`,
    note: ` The hours go from 1 to 24, and were taken for those that end then: 1 is 00:00 to 01:00.`,
  };
}

function endsAlready({ column }: Part): AlmanacError {
  return new AlmanacError(
    'OPTIONS_CONFLICT',
    `The hours of "${column.name}" go from 1 to 24 and are read as those that end then, and timeMarks says that times are ends.`,
    {
      hint: 'Leave timeMarks out: the start of each hour is its time.',
      subject: { option: 'timeMarks' },
    },
  );
}

function notTogether(parts: readonly Part[]): AlmanacError {
  const names = parts.map(({ column }) => `"${column.name}"`).join(' and ');
  return new AlmanacError('OPTIONS_CONFLICT', `${names} make no time together that is known.`, {
    hint: 'Name a date and a time of day or an hour (0 to 23, or 1 to 24), a date and the number of a period of the day (1 to 48, 1 to 96, 1 to 288), or year and month (and day), year and ISO week, or year and quarter; or write one column of times.',
    subject: { option: 'timeColumn', columns: parts.map(({ column }) => column.name) },
  });
}
