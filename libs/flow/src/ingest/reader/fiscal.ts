/** Periods of fiscal years: which days they cover stands in no file, so they are named and not read. */
import { AlmanacError } from '@almanac/series';
import { type Database, literal } from './database.js';

/** `FY22 P01`, `FY2022-Q1`, `P01 2022`, `Q1 FY22`, `2022P01`, and SAP's `001.2022`, `2022.001`. */
const PERIOD =
  /^(?:(?:FY|GJ)[ -]?'?\d{2}(?:\d{2})?(?:[ \-/.]*(?:P|PD|M|Q|H|W|Period)\s?\d{1,2})?|(?:P|PD|M|Q|H|Period)\s?\d{1,2}[ \-/.]*(?:FY|GJ)[ -]?'?\d{2}(?:\d{2})?|(?:P|PD|Period)\s?\d{1,2}[ \-/.]*\d{4}|\d{4}[ \-/.]?(?:P|PD|Period)\s?\d{1,2}|0(?:0[1-9]|1[0-6])[./]\d{4}|\d{4}[./]0(?:0[1-9]|1[0-6]))$/i;

const WAY_OUT =
  'which days it covers stands in no file. Write the first day of each period instead (2021-07-01), or number the periods one after another (1, 2, 3, …) with ' +
  'frequency 1 and their number in a year as seasonLength (12, 13, 4).';

export function fiscalHint(text: string): string | undefined {
  const plain = text.trim();
  const [, year = '', next] = /^(\d{4})[-/](\d{2})$/.exec(plain) ?? [];
  if (next !== undefined && Number(next) === (Number(year) + 1) % 100)
    return `"${plain}" is a year that spans two: write its first day (${year}-07-01), or the first of its years.`;
  if (!PERIOD.test(plain)) return undefined;
  const months = /^(.*?)P(0[1-9]|1[0-2])(.*)$/i.test(plain)
    ? ` If period 1 is January, set timeFormat to ${plain
        .replace(/P\d{2}/i, 'P%m')
        .replace(/\d{4}/, '%Y')
        .replace(/(FY[ -]?'?)\d{2}$|(FY[ -]?'?)\d{2}(?=\D)/i, '$1$2%y')}.`
    : '';
  return `"${plain}" names a period of a fiscal year, and ${WAY_OUT}${months}`;
}

const refused = (message: string, text: string, hint: string): AlmanacError =>
  new AlmanacError('TIMESTAMP_INVALID', message, { hint, subject: { text: text.slice(0, 200) } });

/** `2022001` to `2022012` and `2023001`: periods as SAP writes them, and no days of the year, which would begin every January. */
export async function refusePeriods(database: Database, sample: string): Promise<void> {
  const parts = `regexp_extract(time, '^(\\d{4})[-/]?(\\d{3})$', ['year', 'no'])`;
  const { periods, years, n, example } = await database.one<{ periods: number; years: number; n: number; example: string }>(
    `SELECT count(*) FILTER (${parts}.no BETWEEN '001' AND '016')::INT AS periods, count(DISTINCT ${parts}.year)::INT AS years, count(*)::INT AS n, min(time) AS example FROM ${sample}`,
  );
  if (periods < n || years < 2 || n < 3) return;
  throw refused(
    `The times look like periods of fiscal years ("${example}"): none is beyond 016, in ${years} years.`,
    example,
    `"${example}" may be a period, and ${WAY_OUT} If days of the year are meant, set timeFormat to ${/\D/.test(example) ? `%Y${example[4]}%j` : '%Y%j'}.`,
  );
}

/** `2010/11`, `2011/12`: years that span two, and no months. */
export async function refuseSpans(database: Database, sample: string): Promise<void> {
  const parts = `regexp_extract(time, ${literal('^(\\d{4})[-/](\\d{2})$')}, ['year', 'next'])`;
  const { spans, n, example } = await database.one<{ spans: number; n: number; example: string }>(
    `SELECT count(*) FILTER (TRY_CAST(${parts}.next AS INTEGER) = (TRY_CAST(${parts}.year AS INTEGER) + 1) % 100)::INT AS spans, count(*)::INT AS n, min(time) AS example FROM ${sample}`,
  );
  if (spans < n || n < 3) return;
  throw refused(
    `The times look like years that span two ("${example}"), and not like months: each is followed by the year after it.`,
    example,
    `Write the first day of each (${example.slice(0, 4)}-07-01), or the first of its years with timeFormat %Y. If months are meant, set timeFormat to %Y${example[4]}%m.`,
  );
}
