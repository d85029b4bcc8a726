/**
 * Numbers that are times: `20240131`, `202401`, `2024013113`, year-weeks, days of the year, the serial dates of spreadsheets
 * and seconds (down to nanoseconds) since 1970. What is none of them is a plain integer: a step.
 *
 * Invariant: a number that could be more than one of these is read by the rest of its column, or said to have been; what
 * was taken that the file does not say by itself is in `note`.
 */
import { clock, type Reader, strptime } from './timeReader.js';

/** What the sample of a column of numbers holds; counts of distinct texts. */
export interface Numbers {
  n: number;
  /** Smallest and largest. */
  least: number;
  most: number;
  /** Texts that are valid as such. */
  days: number;
  hours: number;
  minutes: number;
  seconds: number;
  ordinals: number;
  months: number;
  weeks: number;
  /** Of the year-weeks, those that are no month. */
  beyondMonths: number;
  /** With a fraction that is not 0. */
  fractions: number;
  /** Most digits behind the point. */
  decimals: number;
  longest: number;
  shortest: number;
}

const valid = (length: number, format: string, text = 'time'): string =>
  `count(*) FILTER (length(time) = ${length} AND year(try_strptime(${text}, '${format}')) BETWEEN 1800 AND 2200)::INT`;
const WEEK = `try_strptime(left(time, 4) || '-W' || right(time, 2) || '-1', '%G-W%V-%u')`;
/** Week 53 of a year that has none rolls into the next. */
const IS_WEEK = `regexp_full_match(time, '(19|20)\\d{4}') AND strftime(${WEEK}, '%G%V') = time`;

/** SQL of the figures above, over a relation with the column `time`. */
export const NUMBERS_SQL = `coalesce(min(TRY_CAST(time AS DOUBLE)), 0) AS least, coalesce(max(TRY_CAST(time AS DOUBLE)), 0) AS most,
  ${valid(8, '%Y%m%d')} AS days, ${valid(10, '%Y%m%d%H')} AS hours, ${valid(12, '%Y%m%d%H%M')} AS minutes, ${valid(14, '%Y%m%d%H%M%S')} AS seconds,
  count(*) FILTER (length(time) = 7 AND strftime(try_strptime(time, '%Y%j'), '%Y%j') = time AND left(time, 2) IN ('19', '20'))::INT AS ordinals,
  ${valid(6, '%Y%m%d', "time || '01'")} AS months, count(*) FILTER (${IS_WEEK})::INT AS weeks,
  count(*) FILTER (${IS_WEEK} AND right(time, 2) > '12')::INT AS "beyondMonths",
  count(*) FILTER (regexp_matches(time, '\\.\\d*[1-9]'))::INT AS fractions,
  coalesce(max(length(regexp_extract(time, '\\.(\\d*[1-9])', 1))), 0)::INT AS decimals,
  coalesce(max(length(time)), 0)::INT AS longest, coalesce(min(length(time)), 0)::INT AS shortest`;

/** Days since 1899-12-30, as spreadsheets count them: what a column may hold to be taken for such, and what it must by itself. */
const SERIALS = { from: 25_569, to: 73_051 };
const LIKELY_SERIALS = { from: 32_874, to: 55_154 };

/** @param frequency as it was asked for: `auto`, or a code that is not that of plain integers */
export function numericTimes(seen: Numbers, frequency: string): Reader | undefined {
  const most = (count: number): boolean => count > seen.n / 2;
  if (most(seen.days)) return strptime(['%Y%m%d'], 'YYYYMMDD');
  if (most(seen.seconds)) return strptime(['%Y%m%d%H%M%S'], 'YYYYMMDDhhmmss');
  if (most(seen.minutes)) return strptime(['%Y%m%d%H%M'], 'YYYYMMDDhhmm');
  if (most(seen.hours)) return strptime(['%Y%m%d%H'], 'YYYYMMDDhh');
  if (most(seen.ordinals)) {
    const checked = `CASE WHEN strftime(try_strptime(time, '%Y%j'), '%Y%j') = time THEN try_strptime(time, '%Y%j') END`;
    return { ...clock(checked, ORDINALS), note: 'Times were read as days of the year (YYYYDDD).' };
  }
  if (most(seen.weeks) && (seen.beyondMonths > 0 || /^\d*W/.test(frequency))) {
    const weeks = clock(`CASE WHEN ${IS_WEEK} THEN ${WEEK} END`, 'year-weeks (YYYYWW)');
    return { ...weeks, note: 'Times were read as ISO year-weeks (YYYYWW), each dated by its Monday.' };
  }
  if (most(seen.months)) {
    const months = clock(`CASE WHEN length(time) = 6 THEN try_strptime(time || '01', '%Y%m%d') END`, 'YYYYMM');
    const perhapsWeeks = frequency === 'auto' && seen.most - seen.least < 12;
    return perhapsWeeks
      ? { ...months, note: 'Times were read as months (YYYYMM). If they are year-weeks, set frequency to W-MON.' }
      : months;
  }
  if (/^[DWMQYBS]|^\d+[DWMQY]/.test(frequency) && seen.longest === 4 && seen.shortest === 4)
    return clock(`CASE WHEN length(time) = 4 THEN try_strptime(time, '%Y') END`, 'years');
  const range = frequency === 'auto' && seen.fractions === 0 ? LIKELY_SERIALS : SERIALS;
  if (seen.least >= range.from && seen.most < range.to) return serials(seen);
  const unit = EPOCH_UNITS.find(({ least }) => seen.most >= least);
  return unit && epoch(unit);
}

const DAY_S = 86_400;
export const ORDINALS = 'days of the year (YYYYDDD)';

/** A fraction of a day was rounded to so many digits; the clock it came from showed whole seconds, or coarser. */
function serials({ decimals, least }: Numbers): Reader {
  const second = decimals === 0 ? DAY_S : decimals >= 5 ? 1 : decimals === 4 ? 60 : decimals === 3 ? 300 : 3600;
  const text = String(least);
  return {
    micros: `CAST(round((TRY_CAST(time AS DOUBLE) - 25569) * ${DAY_S} / ${second}) * ${second}000000 AS BIGINT)`,
    instant: 'false',
    integer: false,
    description: 'Excel serial dates',
    note: `Times were read as Excel serial dates: ${text} is ${dateOfSerial(least)}. If they are plain integers, set frequency to 1.`,
  };
}

/** `45292` is `2024-01-01`. */
export const dateOfSerial = (serial: number): string => new Date((Math.floor(serial) - 25_569) * DAY_S * 1000).toISOString().slice(0, 10);

/** A number in a column of written dates that a spreadsheet may have made of one. */
export const isSerial = (text: string): boolean =>
  /^\d{5}(\.\d+)?$/.test(text) && Number(text) >= SERIALS.from && Number(text) < SERIALS.to;

interface EpochUnit {
  name: string;
  least: number;
  micros: string;
}

/** By size: seconds from 1973 on, then milliseconds, microseconds and nanoseconds. Smaller numbers are plain integers. */
const EPOCH_UNITS: readonly EpochUnit[] = [
  { name: 'nanoseconds', least: 1e17, micros: 'TRY_CAST(time AS HUGEINT) // 1000' },
  { name: 'microseconds', least: 1e14, micros: 'TRY_CAST(time AS DOUBLE)' },
  { name: 'milliseconds', least: 1e11, micros: 'round(TRY_CAST(time AS DOUBLE) * 1e3)' },
  { name: 'seconds', least: 1e8, micros: 'round(TRY_CAST(time AS DOUBLE) * 1e6)' },
];

function epoch({ name, micros }: EpochUnit): Reader {
  const description = `${name} since 1970`;
  return {
    micros: `TRY_CAST(${micros} AS BIGINT)`,
    instant: 'true',
    integer: false,
    description,
    note: `Times were read as ${description}.`,
  };
}
