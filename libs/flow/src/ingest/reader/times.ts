/**
 * Times as people write them: which way a column is written, and SQL that reads it.
 *
 * A time is read into microseconds since 1970 plus a flag: with an offset (or an epoch) it is an instant, without one
 * it is what a clock on the wall showed, to be placed by the zone of the dataset. Plain integers stay what they are.
 *
 * Invariants: a column is written one way. Where day and month could be swapped, the whole column decides; where even
 * that leaves both, it is refused: a date is never guessed.
 */
import { AlmanacError } from '@almanac/series';
import type { Column } from './columns.js';
import { type Database, literal } from './database.js';

export interface TimeReading {
  /** SQL of the column as it is read: text is trimmed. The other expressions name it `time`. */
  time: string;
  /** SQL: BIGINT, NULL where the text is no such time. May lie in years that make no sense, see `inYears`. */
  micros: string;
  /** SQL: BOOLEAN, true where `micros` is an instant. */
  instant: string;
  /** `micros` are plain integers, not times. */
  integer: boolean;
  /** For messages. */
  description: string;
}

const SAMPLE = 20_000;
const CLOCKS = [
  '',
  ' %H:%M',
  ' %H:%M:%S',
  ' %H:%M:%S.%f',
  'T%H:%M',
  'T%H:%M:%S',
  ' %I:%M %p',
  ' %I:%M:%S %p',
  ' %I:%M%p',
  ', %H:%M',
  ', %H:%M:%S',
];
/** An offset counts only behind a clock: the end of 2020-01-05 is a day, not five hours. */
const OFFSET = `:\\d{2}(\\.\\d+)?\\s*(Z|z|UTC|GMT|[+-]\\d{2}(:?\\d{2})?)$`;
/** Years that a timestamp may have; whatever lies outside was misread. */
const YEARS = [1000, 3000] as const;

/** A way to write dates, with or without a clock behind it. */
interface Family {
  name: string;
  formats: string[];
  order?: 'day first' | 'month first';
}

const family = (date: string, order?: Family['order']): Family => ({
  name: date,
  formats: CLOCKS.map((clock) => date + clock),
  ...(order && { order }),
});

const FAMILIES: readonly Family[] = [
  { name: 'YYYY-MM-DD HH', formats: ['%Y-%m-%d %H', '%Y-%m-%dT%H', '%Y-%m-%d %I %p', '%Y-%m-%d %I:%M %p', '%Y-%m-%d %I:%M:%S %p'] },
  family('%Y.%m.%d'),
  {
    name: 'YYYYMMDDThhmmss',
    formats: ['%Y%m%dT%H%M%S', '%Y%m%d %H%M%S', '%Y%m%d %H:%M:%S', '%Y%m%d %H:%M', '%Y%m%d%H%M%S', '%Y%m%d%H%M', '%Y%m%d'],
  },
  { name: 'YYYY-MM', formats: ['%Y-%m', '%Y/%m', '%Y.%m'] },
  family('%d.%m.%Y', 'day first'),
  family('%d/%m/%Y', 'day first'),
  family('%m/%d/%Y', 'month first'),
  family('%d-%m-%Y', 'day first'),
  family('%m-%d-%Y', 'month first'),
  family('%d.%m.%y', 'day first'),
  family('%d/%m/%y', 'day first'),
  family('%m/%d/%y', 'month first'),
  family('%d %b %Y'),
  family('%d-%b-%Y'),
  family('%d-%b-%y'),
  family('%d %B %Y'),
  family('%b %d, %Y'),
  family('%B %d, %Y'),
  family('%b %d %Y'),
  { name: 'Mon YYYY', formats: ['%b %Y', '%b-%Y', '%B %Y', '%b-%y', '%Y %b', '%Y-%b'] },
  { name: 'MM/YYYY', formats: ['%m/%Y', '%m.%Y', '%m-%Y'] },
];

/**
 * @param relation has the column as `c<index>`
 * @throws AlmanacError TIMESTAMP_INVALID, DATE_ORDER_AMBIGUOUS, TIME_FORMAT_INVALID
 */
export async function readTimes(
  database: Database,
  relation: string,
  column: Column,
  frequency: string,
  timeFormat: string | undefined,
): Promise<TimeReading> {
  const name = `c${column.index}`;
  const typed = { time: name, integer: false };
  if (/^TIMESTAMP WITH TIME ZONE$/.test(column.type))
    return { ...typed, micros: 'epoch_us(time)', instant: 'true', description: 'timestamps with a zone' };
  if (/^(TIMESTAMP|DATE)/.test(column.type))
    return { ...typed, micros: 'epoch_us(CAST(time AS TIMESTAMP))', instant: 'false', description: 'timestamps' };
  const text = column.type === 'VARCHAR' ? `trim(${name})` : `CAST(${name} AS VARCHAR)`;
  if (timeFormat !== undefined) return declared(database, text, timeFormat);

  const sample = `(SELECT DISTINCT ${text} AS time FROM (SELECT ${name} FROM (${relation}) WHERE ${name} IS NOT NULL LIMIT ${SAMPLE}) WHERE ${text} <> '')`;
  const seen = await database.one<Record<'n' | 'iso' | 'numbers' | 'most' | 'days' | 'months' | 'longest' | 'shortest', number>>(
    `SELECT count(*)::INT AS n, count(${inYears(ISO.micros)})::INT AS iso, count(*) FILTER (regexp_full_match(time, '-?\\d+(\\.\\d+)?([eE]\\+?\\d+)?'))::INT AS numbers,
       coalesce(max(abs(TRY_CAST(time AS DOUBLE))), 0) AS most,
       count(*) FILTER (length(time) = 8 AND year(try_strptime(time, '%Y%m%d')) BETWEEN 1800 AND 2200)::INT AS days,
       count(*) FILTER (length(time) = 6 AND year(try_strptime(time || '01', '%Y%m%d')) BETWEEN 1800 AND 2200)::INT AS months,
       coalesce(max(length(time)), 0)::INT AS longest, coalesce(min(length(time)), 0)::INT AS shortest FROM ${sample}`,
  );
  const reading = (reader: Reader): TimeReading => ({ time: text, ...reader });
  if (seen.iso === seen.n) return reading(ISO);
  // A few odd rows in a column of numbers are rejects, not another way to write.
  if (seen.numbers <= seen.n / 2)
    return reading(await writtenAs(database, `SELECT DISTINCT ${text} AS time FROM (${relation})`, sample, seen.n));
  if (frequency !== '1') {
    if (seen.days > seen.n / 2) return reading(strptime(['%Y%m%d'], 'YYYYMMDD'));
    if (seen.months > seen.n / 2)
      return reading(clock(`CASE WHEN length(time) = 6 THEN try_strptime(time || '01', '%Y%m%d') END`, 'YYYYMM'));
    if (/^[DWMQY]/.test(frequency) && seen.longest === 4 && seen.shortest === 4)
      return reading(clock(`CASE WHEN length(time) = 4 THEN try_strptime(time, '%Y') END`, 'years'));
    const unit = epochUnit(seen.most);
    if (unit) return reading(epoch(unit));
  }
  // A step is an INTEGER in the store.
  const integer = `CASE WHEN regexp_full_match(time, '-?\\d{1,9}(\\.0*)?') THEN TRY_CAST(time AS DOUBLE)::BIGINT END`;
  return { time: text, micros: integer, instant: 'false', integer: true, description: 'plain integers' };
}

type Reader = Omit<TimeReading, 'time'>;

/**
 * Text dates: the family that reads most of the sample, ISO 8601 first.
 * @param everything yields every distinct `time` of the file
 */
async function writtenAs(database: Database, everything: string, sample: string, total: number): Promise<Reader> {
  const ways: { reader: Reader; family?: Family }[] = [
    { reader: ISO },
    ...PERIODS.map((reader) => ({ reader })),
    ...FAMILIES.map((each) => ({ reader: strptime(each.formats, each.name), family: each })),
  ];
  const counted = ways.map(({ reader }, index) => `count(${inYears(reader.micros)})::INT AS k${index}`);
  const counts = Object.values(await database.one<Record<string, number>>(`SELECT ${counted.join(', ')} FROM ${sample}`));
  const most = Math.max(...counts);
  if (most < total / 2) {
    const { time } = await database.one<{ time: string }>(`SELECT time FROM ${sample} LIMIT 1`);
    throw new AlmanacError('TIMESTAMP_INVALID', `The time column holds no timestamps: "${time.slice(0, 60)}" cannot be read as one.`, {
      hint: 'Name another timeColumn, or say how times are written with timeFormat, e.g. %d/%m/%Y %H:%M.',
      subject: { text: time.slice(0, 200) },
    });
  }
  const best = ways[counts.indexOf(most)]!;
  const rival = ways.find(({ family }, index) => counts[index]! >= most / 2 && isSwapOf(family, best.family));
  return rival ? decideOrder(database, everything, best.reader, rival.reader) : best.reader;
}

/** Day and month could be swapped: every row of the file is asked, not a sample. */
async function decideOrder(database: Database, everything: string, one: Reader, other: Reader): Promise<Reader> {
  const read = `SELECT time, ${inYears(one.micros)} AS a, ${inYears(other.micros)} AS b FROM (${everything})`;
  const judged = await database.one<{ a: number; b: number; example: string | null }>(
    `SELECT count(a)::DOUBLE AS a, count(b)::DOUBLE AS b, min(time) FILTER (a <> b) AS example FROM (${read})`,
  );
  if (judged.a !== judged.b) return judged.a > judged.b ? one : other;
  if (judged.example === null) return one;
  throw new AlmanacError(
    'DATE_ORDER_AMBIGUOUS',
    `"${judged.example}" could be day before month or month before day, and no row of the file tells.`,
    {
      hint: `Set timeFormat to ${one.description} or to ${other.description} (with %H:%M behind it where there is a clock).`,
      subject: { text: judged.example, formats: [one.description, other.description] },
    },
  );
}

/** True where two families differ in nothing but the order of day and month. */
function isSwapOf(a: Family | undefined, b: Family | undefined): boolean {
  const shape = (family: Family): string => family.name.replace(/%[dm]/g, '?');
  return a?.order !== undefined && b?.order !== undefined && a.order !== b.order && shape(a) === shape(b);
}

const HAS_OFFSET = `(length(time) > 16 AND regexp_matches(time, ${literal(OFFSET)}))`;

/** The two shapes that most files have and that hold no offset: told apart without a regular expression. */
const NO_OFFSET = `(strlen(time) = 10 OR (strlen(time) = 19 AND substr(time, 17, 1) = ':' AND NOT suffix(time, 'Z')))`;
/** A clock in UTC, which needs no reckoning. */
const ZERO_OFFSET = `(strlen(time) > 16 AND (suffix(time, 'Z') OR suffix(time, '+00') OR suffix(time, '+00:00')))`;

// A cast to TIMESTAMP leaves an offset out of account, so it is right for no offset and for none but zero.
const ISO: Reader = {
  micros: `CASE WHEN ${NO_OFFSET} OR ${ZERO_OFFSET} OR NOT ${HAS_OFFSET} THEN epoch_us(TRY_CAST(time AS TIMESTAMP)) ELSE epoch_us(TRY_CAST(time AS TIMESTAMPTZ)) END`,
  instant: `coalesce(CASE WHEN ${NO_OFFSET} THEN false WHEN ${ZERO_OFFSET} THEN true ELSE ${HAS_OFFSET} END, false)`,
  integer: false,
  description: 'ISO 8601',
};

const QUARTER = `regexp_extract(time, '^(\\d{4})[- ]?[Qq]([1-4])$', ['y', 'q'])`;

/** Quarters and ISO weeks, which no cast and no strptime reads. */
const PERIODS: readonly Reader[] = [
  clock(
    `CASE WHEN ${QUARTER}.q <> '' THEN make_timestamp(${QUARTER}.y::BIGINT, (${QUARTER}.q::BIGINT - 1) * 3 + 1, 1, 0, 0, 0.0) END`,
    'YYYYQn',
  ),
  clock(`try_strptime(regexp_replace(time, '^(\\d{4})-?W(\\d{2})$', '\\1-W\\2-1'), '%G-W%V-%u')`, 'ISO weeks'),
];

function strptime(formats: readonly string[], description: string): Reader {
  return clock(`try_strptime(time, [${formats.map(literal).join(', ')}])`, description);
}

function clock(timestamp: string, description: string): Reader {
  return { micros: `epoch_us(${timestamp})`, instant: 'false', integer: false, description };
}

async function declared(database: Database, text: string, format: string): Promise<TimeReading> {
  await database.run(`SELECT try_strptime('', ${literal(format)})`).catch((cause: unknown) => {
    throw new AlmanacError('TIME_FORMAT_INVALID', `The timeFormat "${format}" is not understood.`, {
      hint: 'Use the letters of strptime: %Y %m %d %H %M %S %p %b %z, e.g. %d/%m/%Y %H:%M.',
      subject: { timeFormat: format },
      cause,
    });
  });
  return { ...strptime([format], format), time: text, instant: String(/%[zZ]/.test(format)) };
}

/** NULL for microseconds in years that make no sense: a two-digit year parses under %Y, and must fail there. */
export function inYears(micros: string): string {
  const [from, to] = YEARS.map((year) => Date.UTC(year, 0, 1) * 1000) as [number, number];
  return `(CASE WHEN ${micros} BETWEEN ${from} AND ${to} THEN ${micros} END)`;
}

/** By size: seconds from 1973 on, then milliseconds, microseconds and nanoseconds. Smaller numbers are plain integers. */
function epochUnit(most: number): EpochUnit | undefined {
  return EPOCH_UNITS.find(({ least }) => most >= least);
}

interface EpochUnit {
  name: string;
  least: number;
  micros: string;
}

const EPOCH_UNITS: readonly EpochUnit[] = [
  { name: 'nanoseconds', least: 1e17, micros: 'TRY_CAST(time AS HUGEINT) // 1000' },
  { name: 'microseconds', least: 1e14, micros: 'TRY_CAST(time AS DOUBLE)' },
  { name: 'milliseconds', least: 1e11, micros: 'round(TRY_CAST(time AS DOUBLE) * 1e3)' },
  { name: 'seconds', least: 1e8, micros: 'round(TRY_CAST(time AS DOUBLE) * 1e6)' },
];

function epoch({ name, micros }: EpochUnit): Reader {
  return { micros: `TRY_CAST(${micros} AS BIGINT)`, instant: 'true', integer: false, description: `${name} since 1970` };
}
