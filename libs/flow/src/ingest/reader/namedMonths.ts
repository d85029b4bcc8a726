/** Dates with the names of months in a language other than English, as SQL that reads them. */
import { type Database, literal } from './database.js';
import { englishMonths } from './monthNames.js';
import { clock, pivoted, type Reader, strptimeSql } from './timeReader.js';

const WORD = `\\p{L}[\\p{L}\\p{M}'’]*\\.?`;
/** More distinct words than this are no months. */
const MOST_WORDS = 200;
const CLOCKS = ['', ' %H:%M', ' %H:%M:%S', ' %I:%M %p', ' %I:%M:%S %p'];
const dates = (year: string): string[] =>
  [`%d %b ${year}`, `%d-%b-${year}`, `%d/%b/${year}`, `%b %d ${year}`, `${year} %b %d`, `${year}-%b-%d`].flatMap((date) =>
    CLOCKS.map((each) => date + each),
  );
const FORMATS = [...dates('%Y'), '%b %Y', '%b-%Y', '%b/%Y', '%Y %b', '%Y-%b'];
const SHORT_FORMATS = [...dates('%y').filter((format) => !format.startsWith('%y')), '%b %y', '%b-%y', '%b/%y'];

/**
 * @param everything yields every distinct `time` of the file
 * @param format the only one to read, where it was asked for
 * @returns undefined where the words of the column are not the months of one language; `century` where years have two digits
 * @throws AlmanacError MONTH_NAME_AMBIGUOUS
 */
export async function namedMonths(
  database: Database,
  everything: string,
  pivot: number | undefined,
  format?: string,
): Promise<(Reader & { century: boolean }) | undefined> {
  const words = await database.rows<{ word: string }>(
    `SELECT DISTINCT unnest(regexp_extract_all(time, ${literal(WORD)})) AS word FROM (${everything}) WHERE time IS NOT NULL LIMIT ${MOST_WORDS + 1}`,
  );
  if (words.length === 0 || words.length > MOST_WORDS) return undefined;
  const months = englishMonths(words.map(({ word }) => word));
  if (months === undefined) return undefined;
  const map = `MAP {${[...months].map(([word, month]) => `${literal(word)}: ${literal(month)}`).join(', ')}}`;
  const word = `list_filter(regexp_extract_all(time, ${literal(WORD)}), lambda w: ${map}[w] IS NOT NULL)[1]`;
  const english = `replace(time, ${word}, ${map}[${word}])`;
  if (format !== undefined) {
    const short = format.includes('%y');
    const timestamp = strptimeSql([format.replaceAll('%B', '%b')], english);
    return { ...clock(short ? pivoted(timestamp, pivot) : timestamp, format), century: short && pivot === undefined };
  }
  // 1er, 5., 2nd, "5 de enero de 2024", "Jan. 5, 2024": one space between day, month and year.
  const behindNumber = `regexp_replace(${english}, '(\\d)(?:er|re|[ºª°.]|st|nd|rd|th)?,?\\s+(?:de |del |of )?', '\\1 ', 'g')`;
  const tidy = `regexp_replace(${behindNumber}, '(\\p{L})\\.?,?\\s+(?:de |del |of )?(\\d)', '\\1 \\2', 'g')`;
  const { years } = await database.one<{ years: number }>(
    `SELECT count(*) FILTER (regexp_matches(time, '\\d{4}'))::INT AS years FROM (${everything})`,
  );
  const short = years === 0;
  const timestamp = strptimeSql(short ? SHORT_FORMATS : FORMATS, tidy);
  return { ...clock(short ? pivoted(timestamp, pivot) : timestamp, 'months by name'), century: short && pivot === undefined };
}
