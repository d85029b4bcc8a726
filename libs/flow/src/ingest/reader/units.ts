/**
 * A column beside the values that says what they are in (currency, unit, measure) and that nobody named. Its values are not read, so
 * amounts in two currencies would be one series without a word.
 */
import type { Column, Mapping } from './columns.js';
import { type Database, literal } from './database.js';
import { isMissing } from './numbers.js';
import type { Source } from './source.js';

const NAMES = [
  'currency|currencies|curr|ccy|cur|iso[ _-]?currency|währung|waehrung|wkz|devise|monnaie|moneda|divisa|valuta|moeda|waluta|валюта|通貨|货币|통화',
  'unit|uom|unit[ _-]?of[ _-]?measure(ment)?|einheit|mengeneinheit|unité|unite|unidad|unidade|unità|unita|eenheid|jednostka|ед|单位|単位|단위',
  'measure|metric|indicator|kennzahl|messgröße|messgroesse|indicateur|indicador|indicatore',
].join('|');
const NAME = new RegExp(`^((${NAMES})([ _-]?(code|name|id))?|(code[ _-]?)?(${NAMES}))$`, 'iu');
/** More values than there are units in a file: the column is something else. */
const MOST_UNITS = 60;
const SAID = 3;

type MixedSeries = { id: string | null; units: string; n: number };

const inWords = (id: string | null): string => (id === null ? 'the series' : `series "${id}"`);

/** @returns a sentence for each such column that has more than one value */
export async function warningsOfUnits(database: Database, source: Source, mapping: Mapping): Promise<string[]> {
  if (mapping.layout !== 'long') return [];
  const used = [
    mapping.id,
    mapping.time,
    mapping.value,
    ...[...mapping.past, ...mapping.future, ...mapping.statics].map(({ column }) => column),
  ];
  const isUsed = (column: Column): boolean => used.includes(column) || (source.together?.columns.includes(column) ?? false);
  const columns = source.columns.filter((column) => column.type === 'VARCHAR' && NAME.test(column.name.trim()) && !isUsed(column));
  const said: string[] = [];
  for (const column of columns) said.push(...(await warningOf(database, source, mapping.id, column)));
  return said;
}

async function warningOf(database: Database, source: Source, id: Column | undefined, { index, name }: Column): Promise<string[]> {
  const rows = `SELECT ${id ? `CAST(c${id.index} AS VARCHAR)` : 'NULL'} AS id, trim(c${index}) AS unit FROM (${source.relation})
    WHERE NOT ${isMissing(`c${index}`)} AND NOT regexp_full_match(c${index}, ${literal('[\\s\\d.,+-]*')})`;
  const { n, units } = await database.one<{ n: number; units: string | null }>(
    `SELECT count(*)::INT AS n, string_agg(unit, ', ' ORDER BY unit) AS units FROM (SELECT DISTINCT unit FROM (${rows}) LIMIT ${MOST_UNITS + 1})`,
  );
  if (n < 2 || n > MOST_UNITS) return [];
  const mixed = await database.rows<MixedSeries>(
    `SELECT id, string_agg(DISTINCT unit, ', ' ORDER BY unit) AS units, (count(*) OVER ())::INT AS n FROM (${rows})
     GROUP BY id HAVING count(DISTINCT unit) > 1 ORDER BY id LIMIT ${SAID}`,
  );
  const first = mixed[0];
  if (!first)
    return [
      `The column "${name}" says ${units}, by series; it was not read. Sums over series would add values of different units: name it as a static covariate, or upload one dataset of each.`,
    ];
  const series = mixed.map((each) => `${inWords(each.id)} (${each.units})`).join(', ');
  const more = first.n > mixed.length ? ` and ${first.n - mixed.length} more` : '';
  return [
    `The column "${name}" says more than one unit within ${series}${more}; it was not read, so their values are not of one kind. ` +
      `Make a series of each: set idColumn to a column that holds the series and its "${name}", or upload one file for each.`,
  ];
}
