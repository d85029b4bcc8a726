/**
 * Points that could stand between thousands: in a file with `;` or tabs between its columns, as spreadsheets write them where the comma is
 * the decimal sign, a column in which every point has one to three digits before it and three behind it. They are read as decimal points,
 * and whoever sent the file is asked.
 */
import type { IngestOptions } from '@almanac/contracts';
import type { Column, Mapping } from './columns.js';
import { type Database, literal } from './database.js';
import { isMissing } from './numbers.js';
import type { Source } from './source.js';

const SEPARATORS = [';', '\t'];
/** Rows that are looked at before all are. */
const LOOKED_AT = 1000;
/** Columns of a wide file that are looked at. */
const MOST_COLUMNS = 100;
const GROUPED = '[+-]?[1-9]\\d{0,2}\\.\\d{3}';
/** What a number that is written in groups looks like too where it has no group. */
const SMALL = '[+-]?\\d{1,3}';

/** Whether a file with such columns can be one of those, whatever is in it. */
export const mayGroup = (delimiter: string | undefined, { decimalSeparator, thousandsSeparator }: IngestOptions): boolean =>
  delimiter !== undefined && SEPARATORS.includes(delimiter) && decimalSeparator === '.' && thousandsSeparator === undefined;

/** One of which this cannot be said is a decimal number for sure. */
export const looksGrouped = (cells: readonly string[]): boolean =>
  cells.some((cell) => new RegExp(`^${GROUPED}$`).test(cell)) &&
  cells.every((cell) => cell === '' || new RegExp(`^(${GROUPED}|${SMALL})$`).test(cell));

function numbersOf(mapping: Mapping): Column[] {
  if (mapping.layout === 'wide') return mapping.series.slice(0, MOST_COLUMNS);
  if (mapping.layout === 'wide-times') return mapping.times.slice(0, MOST_COLUMNS);
  return [...(mapping.value ? [mapping.value] : []), ...[...mapping.past, ...mapping.future].map(({ column }) => column)];
}

export async function warningsOfPoints(database: Database, source: Source, mapping: Mapping, options: IngestOptions): Promise<string[]> {
  if (!mayGroup(source.lines?.delimiter, options)) return [];
  let columns = numbersOf(mapping).filter(({ type }) => type === 'VARCHAR');
  let examples = new Map<number, string>();
  for (const rows of [`SELECT * FROM (${source.relation}) LIMIT ${LOOKED_AT}`, source.relation]) {
    if (columns.length === 0) return [];
    const sql = columns.flatMap(({ index }) => {
      const bare = `trim(regexp_replace(c${index}, '[\\p{Sc}\\s]', '', 'g'))`;
      const is = (pattern: string): string => `regexp_full_match(${bare}, ${literal(pattern)})`;
      return [
        `min(c${index}) FILTER (${is(GROUPED)}) AS e${index}`,
        `bool_or(NOT ${isMissing(`c${index}`)} AND NOT ${is(`${GROUPED}|${SMALL}`)}) AS o${index}`,
      ];
    });
    // Whatever is wrong with its rows is met, and named, when all of them are read.
    const found = await database
      .one<Record<string, string | boolean | null>>(`SELECT ${sql.join(', ')} FROM (${rows})`)
      .catch(() => undefined);
    if (!found) return [];
    examples = new Map(
      columns.flatMap(({ index }) => (typeof found[`e${index}`] === 'string' ? [[index, found[`e${index}`] as string]] : [])),
    );
    columns = columns.filter(({ index }) => examples.has(index) && found[`o${index}`] !== true);
  }
  return columns.map(
    ({ index, name }) =>
      `Every point in "${name}" has three digits behind it ("${examples.get(index)}"), and was read as the decimal sign. If it stands between ` +
      'thousands, set decimalSeparator to ","; if it is the decimal sign, set thousandsSeparator to "," and this is asked no more.',
  );
}
