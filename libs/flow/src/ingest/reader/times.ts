/**
 * Times as people write them: which way a column is written, and SQL that reads it.
 *
 * A time is read into microseconds since 1970 plus a flag: with an offset (or an epoch) it is an instant, without one
 * it is what a clock on the wall showed, to be placed by the zone of the dataset. Plain integers stay what they are.
 *
 * Invariants: a column is written one way. Where day and month could be swapped, the whole column decides; where even
 * that leaves both, it is refused: a date is never guessed.
 */
import { AlmanacError, isAlmanacError } from '@almanac/series';
import type { IngestOptions } from '@almanac/contracts';
import type { Column } from './columns.js';
import { type Database, literal } from './database.js';
import { type Undecorated, undecorated } from './decorated.js';
import { fiscalHint, refusePeriods, refuseSpans } from './fiscal.js';
import { namedMonths } from './namedMonths.js';
import { type Numbers, NUMBERS_SQL, numericTimes, ORDINALS } from './numericTimes.js';
import { clock, inYears, pivoted, type Reader, strptimeSql } from './timeReader.js';

export interface TimeReading extends Reader {
  /** SQL of the column as it is read: text is trimmed. The other expressions name it `time`. */
  time: string;
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
  { name: 'YYYYMmm', formats: ['%YM%m', '%Y-M%m'] },
  { name: 'Mon D hh:mm:ss YYYY', formats: ['%b %d %H:%M:%S %Y'] },
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
  { name: 'Mon YYYY', formats: ['%b %Y', '%b-%Y', '%B %Y', '%B-%Y', '%Y %b', '%Y-%b'] },
  { name: 'Mon YY', formats: ['%b-%y', '%b %y'] },
  { name: 'YYYY年M月D日', formats: CLOCKS.slice(0, 3).map((clock) => `%Y年%m月%d日${clock}`) },
  { name: 'YYYY年M月', formats: ['%Y年%m月'] },
  { name: 'YYYY년 M월 D일', formats: CLOCKS.slice(0, 3).flatMap((clock) => [`%Y년 %m월 %d일${clock}`, `%Y년%m월%d일${clock}`]) },
  { name: 'YYYY년 M월', formats: ['%Y년 %m월', '%Y년%m월'] },
  { name: 'MM/YYYY', formats: ['%m/%Y', '%m.%Y', '%m-%Y'] },
];

/**
 * @param relation has the column as `c<index>`
 * @param now the present in milliseconds, by the database's clock: years in the future are of another century
 * @throws AlmanacError TIMESTAMP_INVALID, DATE_ORDER_AMBIGUOUS, CENTURY_AMBIGUOUS, MONTH_NAME_AMBIGUOUS, TIME_FORMAT_INVALID
 */
export async function readTimes(
  database: Database,
  relation: string,
  column: Column,
  options: IngestOptions,
  now: number,
): Promise<TimeReading> {
  const name = `c${column.index}`;
  const typed = { time: name, integer: false };
  if (/^TIMESTAMP WITH TIME ZONE$/.test(column.type))
    return { ...typed, micros: 'epoch_us(time)', instant: 'true', description: 'timestamps with a zone' };
  if (/^(TIMESTAMP|DATE)/.test(column.type))
    return { ...typed, micros: 'epoch_us(CAST(time AS TIMESTAMP))', instant: 'false', description: 'timestamps' };
  const text = column.type === 'VARCHAR' ? `trim(${name})` : `CAST(${name} AS VARCHAR)`;
  return readText(database, relation, name, text, options, now);
}

async function readText(
  database: Database,
  relation: string,
  name: string,
  text: string,
  options: IngestOptions,
  now: number,
  around?: Undecorated,
): Promise<TimeReading> {
  const reading = (reader: Reader): TimeReading => {
    const note = [reader.note, around?.note].filter((each) => each !== undefined).join(' ');
    return { time: text, ...reader, ...(note === '' ? {} : { note }) };
  };
  const everything = `SELECT DISTINCT ${text} AS time FROM (${relation})`;
  if (options.timeFormat !== undefined) return reading(await declared(database, everything, options.timeFormat, options.yearPivot, now));

  const sample = `(SELECT DISTINCT ${text} AS time FROM (SELECT ${name} FROM (${relation}) WHERE ${name} IS NOT NULL LIMIT ${SAMPLE}) WHERE ${text} <> '')`;
  const seen = await database.one<{ n: number; iso: number; numbers: number }>(
    `SELECT count(*)::INT AS n, count(${inYears(ISO.micros)})::INT AS iso, count(*) FILTER (${NUMBER})::INT AS numbers FROM ${sample}`,
  );
  const bare = async (): Promise<TimeReading | undefined> => {
    const found = await undecorated(database, sample, text);
    if (!found || (around?.isInterval && found.isInterval)) return undefined;
    if (found.isInterval && options.timeMarks === 'end') throw twoEnds(found);
    const note = [around?.note, found.note].filter((each) => each !== undefined).join(' ');
    return readText(database, relation, name, found.text, options, now, { ...around, ...found, ...(note === '' ? {} : { note }) });
  };
  if (seen.iso === seen.n) return ((await haveManyOffsets(database, sample)) ? await bare() : undefined) ?? reading(ISO);
  // A few odd rows in a column of numbers are rejects, not another way to write.
  if (seen.numbers <= seen.n / 2) {
    return writtenAs(database, everything, sample, seen.n, options.yearPivot, now).then(reading, async (error: unknown) => {
      if (!isAlmanacError(error) || error.code !== 'TIMESTAMP_INVALID') throw error;
      const read = await bare();
      if (!read) throw error;
      return read;
    });
  }
  if (options.frequency !== '1') {
    const found = await database.one<Record<keyof Omit<Numbers, 'n'>, number>>(`SELECT ${NUMBERS_SQL} FROM ${sample} WHERE ${NUMBER}`);
    const numeric = numericTimes({ n: seen.n, ...found }, options.frequency);
    if (numeric?.description === ORDINALS) await refusePeriods(database, sample);
    if (numeric) return reading(numeric);
  }
  // A step is an INTEGER in the store.
  const integer = `CASE WHEN regexp_full_match(time, '-?\\d{1,9}(\\.0*)?') THEN TRY_CAST(time AS DOUBLE)::BIGINT END`;
  return reading({ micros: integer, instant: 'false', integer: true, description: 'plain integers' });
}

const NUMBER = `regexp_full_match(time, '-?\\d+(\\.\\d+)?([eE]\\+?\\d+)?')`;

/**
 * Text dates: the family that reads most of the sample, ISO 8601 first; months by names that are not English where those
 * read more.
 * @param everything yields every distinct `time` of the file
 */
async function writtenAs(
  database: Database,
  everything: string,
  sample: string,
  total: number,
  pivot: number | undefined,
  now: number,
): Promise<Reader> {
  const ways: { reader: Reader; family?: Family }[] = [
    { reader: ISO },
    ...[...PERIODS, WITH_OFFSET].map((reader) => ({ reader })),
    ...FAMILIES.map((each) => ({ reader: ofFamily(each, pivot), family: each })),
  ];
  const counted = ways.map(({ reader }, index) => `count(${inYears(reader.micros)})::INT AS k${index}`);
  const counts = Object.values(await database.one<Record<string, number>>(`SELECT ${counted.join(', ')} FROM ${sample}`));
  const most = Math.max(...counts);
  if (most < total) {
    const named = await namedMonths(database, everything, pivot);
    if (named) {
      const { read } = await database.one<{ read: number }>(`SELECT count(${inYears(named.micros)})::INT AS read FROM ${sample}`);
      if (read > most && read >= total / 2) return named.century ? inOneCentury(database, everything, named, now) : named;
    }
  }
  if (most < total / 2) throw await noTimes(database, sample);
  const best = ways[counts.indexOf(most)]!;
  if (best.reader === ORDINAL_DAYS) await refusePeriods(database, sample);
  if (best.family?.name === 'YYYY-MM') await refuseSpans(database, sample);
  const rival = ways.find(({ family }, index) => counts[index]! >= most / 2 && isSwapOf(family, best.family));
  const reader = rival ? await decideOrder(database, everything, best.reader, rival.reader) : best.reader;
  return best.family?.formats.some(isShortYear) && pivot === undefined ? inOneCentury(database, everything, reader, now) : reader;
}

const isShortYear = (format: string): boolean => format.includes('%y');

const ofFamily = ({ formats, name }: Family, pivot: number | undefined): Reader =>
  clock(formats.some(isShortYear) ? pivoted(strptimeSql(formats), pivot) : strptimeSql(formats), name);

/** The years from 1969 on are no fact of the file: where they tear a series apart or lead into the future, somebody has to say. */
async function inOneCentury(database: Database, everything: string, reader: Reader, now: number): Promise<Reader> {
  const { least, most, early, late } = await database.one<{ least: number | null; most: number | null; early: string; late: string }>(
    `SELECT year(make_timestamp(min(t))) AS least, year(make_timestamp(max(t))) AS most, arg_min(time, t) AS early, arg_max(time, t) AS late
     FROM (SELECT time, ${inYears(reader.micros)} AS t FROM (${everything}))`,
  );
  if (least === null || most === null || (most <= new Date(now).getUTCFullYear() + 1 && most - least < 50)) return reader;
  throw new AlmanacError(
    'CENTURY_AMBIGUOUS',
    `Years are written with two digits, and which century they are of is not clear: "${early}" would be of ${least} and "${late}" of ${most}.`,
    {
      hint: 'Set yearPivot: two-digit years below it are of the 2000s, all others of the 1900s (e.g. 30: 29 is 2029, 30 is 1930). Or write four digits.',
      subject: { earliest: early, latest: late, option: 'yearPivot' },
    },
  );
}

/** `00:00-01:00`, `01:00-02:00` … behind a date: no zone has as many offsets. */
async function haveManyOffsets(database: Database, sample: string): Promise<boolean> {
  const { offsets } = await database.one<{ offsets: number }>(
    `SELECT count(DISTINCT regexp_extract(time, '\\d{2}:\\d{2}-(\\d{2}:\\d{2})$', 1))::INT AS offsets FROM ${sample}`,
  );
  return offsets > 3;
}

function twoEnds({ note }: Undecorated): AlmanacError {
  return new AlmanacError('OPTIONS_CONFLICT', `The times are intervals, and timeMarks says that they are ends. ${note ?? ''}`.trim(), {
    hint: 'Leave timeMarks out: the start of each interval is its time.',
    subject: { option: 'timeMarks' },
  });
}

async function noTimes(database: Database, sample: string): Promise<AlmanacError> {
  const { time } = await database.one<{ time: string }>(`SELECT time FROM ${sample} LIMIT 1`);
  return new AlmanacError('TIMESTAMP_INVALID', `The time column holds no timestamps: "${time.slice(0, 60)}" cannot be read as one.`, {
    hint: hintForTime(time) ?? 'Name another timeColumn, or say how times are written with timeFormat, e.g. %d/%m/%Y %H:%M.',
    subject: { text: time.slice(0, 200) },
  });
}

const UNDERSTOOD = /^(UTC|GMT|AM|PM|Z)$/i;

/** The reason why a text that looks like a time is none, where that can be said. */
export function hintForTime(text: string): string | undefined {
  const period = fiscalHint(text);
  if (period !== undefined) return period;
  const [, abbreviation] = /\d\s*\(?([A-Z]{2,5})\)?$/.exec(text.trim()) ?? [];
  if (abbreviation !== undefined && !UNDERSTOOD.test(abbreviation))
    return `"${abbreviation}" is the abbreviation of a zone, and several zones go by one: write an offset (+01:00) instead, or leave it out and set timeZone.`;
  const [, half] = /\d\s*([ap]\.\s?m\.?)$/i.exec(text.trim()) ?? [];
  if (half !== undefined) return `"${half}" with points is not understood: write AM and PM.`;
  const [, zone] = /\[?\b([A-Z][A-Za-z_]+\/[A-Za-z_/]+)\]?$/.exec(text.trim()) ?? [];
  if (zone !== undefined) return `A zone behind a time is not understood: leave "${zone}" out and set timeZone to it.`;
  return undefined;
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

/** The two shapes that most files have and that hold no offset: distinguished without a regular expression. */
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

/**
 * Year and part of it, in either order: `2024Q1`, `2024-Q1`, `Q1 2024`, `1Q2024`, `Q1'24`, `1Q24`; years of two digits are of the last
 * century from 69 on.
 */
const part = (letters: string, most: number): { year: string; no: string } => {
  const both = `regexp_extract(time, '^(\\d{4})[-/ ]?${letters}([1-${most}])$|^(?:${letters}([1-${most}])|([1-${most}])${letters})[-/ ]?(?:(\\d{4})|[''’]?(\\d{2}))$', ['y', 'a', 'b', 'c', 'z', 's'])`;
  const short = `CASE WHEN ${both}.s = '' THEN '' WHEN ${both}.s < '69' THEN '20' || ${both}.s ELSE '19' || ${both}.s END`;
  return { year: `(${both}.y || ${both}.z || ${short})`, no: `(${both}.a || ${both}.b || ${both}.c)` };
};
// T of trimestre, as half of Europe writes it.
const QUARTER = part('[QqTt]', 4);
const HALF = part('[HhSs]', 2);

/** `2024-W05`, `2024W5`, `2024-W05-1`, `W05 2024`, also with KW. */
const WEEK_PARTS = `regexp_extract(upper(time), '^(\\d{4})[-/ ]?K?W[- ]?(\\d{1,2})(?:-([1-7]))?$|^K?W[- ]?(\\d{1,2})[-/. ]+(\\d{4})$', ['y', 'w', 'd', 'v', 'z'])`;
const WEEK_TEXT = `(${WEEK_PARTS}.y || ${WEEK_PARTS}.z) || '-W' || lpad(${WEEK_PARTS}.w || ${WEEK_PARTS}.v, 2, '0')`;
const WEEK = `try_strptime(${WEEK_TEXT} || '-' || CASE WHEN ${WEEK_PARTS}.d = '' THEN '1' ELSE ${WEEK_PARTS}.d END, '%G-W%V-%u')`;

const startOf = ({ year, no }: { year: string; no: string }, months: number): string =>
  `CASE WHEN ${no} <> '' THEN make_timestamp(TRY_CAST(${year} AS BIGINT), (TRY_CAST(${no} AS BIGINT) - 1) * ${months} + 1, 1, 0, 0, 0.0) END`;

/** `2024-001`; day 366 of a year that has none is none. */
const ORDINAL_DAYS = clock(
  `CASE WHEN regexp_full_match(time, '\\d{4}[-/]\\d{3}') AND strftime(try_strptime(replace(time, '/', '-'), '%Y-%j'), '%Y-%j') = replace(time, '/', '-') THEN try_strptime(replace(time, '/', '-'), '%Y-%j') END`,
  'days of the year (YYYY-DDD)',
);

/** `01 Jan 2022 00:00:00 GMT`, `01/Jan/2022:00:00:00 +0000`, `Jan 01 2022 00:00:00 GMT+0100 (CET)`: mails, web servers, browsers. */
const OFFSET_TEXT = `regexp_replace(regexp_replace(regexp_replace(time, '\\s*\\([^)]*\\)$', ''), '\\s*(GMT|UTC)([+-]\\d)', ' \\2'), '\\s*(GMT|UTC|Z)( \\d{4})?$', ' +0000\\2')`;
// strptime would take the abbreviation of a zone for an offset.
const WITH_OFFSET: Reader = {
  ...clock(
    `CASE WHEN regexp_matches(${OFFSET_TEXT}, '[+-]\\d{2}:?\\d{2}( \\d{4})?$') THEN ${strptimeSql(
      [
        '%Y-%m-%dT%H:%M %z',
        '%Y-%m-%d %H:%M %z',
        '%d %b %Y %H:%M:%S %z',
        '%d %b %Y %H:%M %z',
        '%d-%b-%Y %H:%M:%S %z',
        '%d/%b/%Y:%H:%M:%S %z',
        '%b %d %Y %H:%M:%S %z',
        '%b %d %H:%M:%S %z %Y',
      ],
      OFFSET_TEXT,
    )} END`,
    'dates with month names and offsets',
  ),
  instant: 'true',
};

/** Quarters, halves and ISO weeks, which no cast and no strptime reads. Week 53 of a year that has none would roll into the next. */
const PERIODS: readonly Reader[] = [
  clock(startOf(QUARTER, 3), 'YYYYQn'),
  clock(startOf(HALF, 6), 'YYYYHn'),
  clock(`CASE WHEN strftime(${WEEK}, '%G-W%V') = ${WEEK_TEXT} THEN ${WEEK} END`, 'ISO weeks'),
  ORDINAL_DAYS,
];

/** By the format that was asked for; months by names in other languages are read as well. */
async function declared(database: Database, everything: string, format: string, pivot: number | undefined, now: number): Promise<Reader> {
  await database.run(`SELECT try_strptime('', ${literal(format)})`).catch((cause: unknown) => {
    throw new AlmanacError('TIME_FORMAT_INVALID', `The timeFormat "${format}" is not understood.`, {
      hint: 'Use the letters of strptime: %Y %m %d %H %M %S %p %b %z, e.g. %d/%m/%Y %H:%M.',
      subject: { timeFormat: format },
      cause,
    });
  });
  const instant = String(/%[zZ]/.test(format));
  const plain = { ...clock(isShortYear(format) ? pivoted(strptimeSql([format]), pivot) : strptimeSql([format]), format), instant };
  if (/%[bB]/.test(format)) {
    const named = await namedMonths(database, everything, pivot, format);
    if (named) return { ...named, instant };
  }
  return isShortYear(format) && pivot === undefined ? inOneCentury(database, everything, plain, now) : plain;
}
