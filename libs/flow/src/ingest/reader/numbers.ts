/**
 * Numbers as people write them, in SQL. `1234.5`, `1e3`, ` 5 `, `1 234,5`, `1'234.5`, a real minus sign, `$5` and `5 €` in a column
 * of them; `12 %` in a column of percentages; negatives of accountants, `(5.00)` and `5.00-`; digits of other scripts.
 *
 * Invariants: nothing that could be read in two ways is read. With a decimal point, `1,234` is refused unless the comma
 * was declared to separate thousands; `1,234.5` and `1,234,567` have one reading. The same holds the other way round.
 */
import { literal } from './database.js';
import { hasForeignDigits, westernNumber } from './digits.js';

export interface NumberStyle {
  decimal: '.' | ',';
  thousands: string | undefined;
  /** The sign of the currency that the column is written with: no other one is read, and none in a column without. */
  currency?: string | undefined;
  /** Every number of the column carries a percent sign: without one it is none, as 12% beside 12 may be 12 or 0.12. */
  percent?: boolean | undefined;
  /** The column has digits of another script. */
  foreign?: boolean | undefined;
}

/** What stands for a missing value, in any case. */
const MISSING = ['', 'na', 'n/a', '#n/a', 'nan', 'null', 'none', 'nil', '-', '--'];

/** SQL that is true where a text stands for a missing value. */
export const isMissing = (text: string): string => `(${text} IS NULL OR lower(trim(${text})) IN (${MISSING.map(literal).join(', ')}))`;

/** What names a currency: its sign, also with letters before it (`R$`), its code, or what is written for it in its country. */
const CURRENCY_WORDS = [...Intl.supportedValuesOf('currency'), 'kr', 'Kč', 'zł', 'Ft', 'lei', 'Fr', 'SFr', 'Rs', 'Rp', 'RM', 'руб', 'лв'];
const CURRENCY = `[A-Z]{0,2}\\p{Sc}|(?:${CURRENCY_WORDS.join('|')})\\.?`;
const AMOUNT = new RegExp(
  `^\\s*[-+−(]*\\s*(?:(${CURRENCY})\\s*[-+−]?\\s*[\\d.,'’\\s]*\\d|[\\d.,'’\\s]*\\d\\s*(${CURRENCY}))[\\s)-]*$`,
  'u',
);
const PERCENT = /^\s*[-+−(]*\s*[\d.,'’\s]*\d\s*%[\s)-]*$/;

/** The currency of a text that is an amount of one. */
export function currencyIn(text: string): string | undefined {
  const [, before, behind] = AMOUNT.exec(text) ?? [];
  return before ?? behind;
}
export const isPercent = (text: string): boolean => PERCENT.test(text);

/** SQL for the currency that a text names before or behind its digits, empty where it names none. */
export function currencySql(text: string): string {
  const pattern = `^[\\s(+−-]*(${CURRENCY})[\\s+−-]*[\\d.,]|\\d[.,]?\\s*(${CURRENCY})[\\s)-]*$`;
  const sides = `regexp_extract(${text}, ${literal(pattern)}, ['before', 'behind'])`;
  return `(${sides}.before || ${sides}.behind)`;
}
export const hasPercent = (text: string): string => `regexp_matches(${text}, '[%٪％]')`;

/**
 * SQL for how the numbers of a text column are written, as a struct of the fields of `NumberStyle`, by aggregating over rows: the currency
 * that most cells name; whether all of them are percentages; whether there are digits of other scripts.
 */
export const styleSql = (text: string): string => {
  const known = `NOT ${isMissing(text)}`;
  const sign = currencySql(text);
  return `{'currency': CASE WHEN 2 * count(*) FILTER (${sign} <> '') > count(*) FILTER (${known}) THEN mode(${sign}) FILTER (${sign} <> '') END,
    'percent': coalesce(bool_and(${hasPercent(text)}) FILTER (${known}), false), 'foreign': coalesce(bool_or(${hasForeignDigits(text)}), false)}`;
};

/** SQL that is true where a text is a number in some style of its own: an amount, a percentage, in the digits of another script. */
export const isNumberInSomeStyle = (text: string, style: NumberStyle): string => {
  const bare = `regexp_replace(replace(${westernNumber(text, style.decimal)}, '%', ''), ${literal(CURRENCY)}, '')`;
  return `${plainNumberSql(bare, style)} IS NOT NULL`;
};

/** SQL for the DOUBLE that a text column says, NULL where it says none or is missing. */
export function numberSql(text: string, style: NumberStyle): string {
  const western = style.foreign ? westernNumber(text, style.decimal) : text;
  if (!style.percent) return plainNumberSql(western, style);
  return `CASE WHEN ${hasPercent(western)} THEN ${plainNumberSql(`replace(replace(${western}, '％', ''), '%', '')`, style)} END`;
}

function plainNumberSql(text: string, style: NumberStyle): string {
  const plain = `TRY_CAST(${text} AS DOUBLE)`;
  const minus = `replace(trim(${text}), '−', '-')`;
  const bare = style.currency === undefined ? minus : `replace(trim(${minus}), ${literal(style.currency)}, '')`;
  const tidy = `CASE WHEN regexp_full_match(${bare}, '\\([^()+-]*\\)|[^()+-]*\\d\\s?-') THEN '-' || trim(${bare}, '() -') ELSE trim(${bare}) END`;
  const patterns = groupedPatterns(style);
  const digits = `regexp_replace(${tidy}, ${literal(style.decimal === '.' ? "[,\\s\u00a0\u202f'’]" : "[.\\s\u00a0\u202f'’]")}, '', 'g')`;
  const cleaned = style.decimal === '.' ? digits : `replace(${digits}, ',', '.')`;
  const grouped = `CASE WHEN regexp_full_match(${tidy}, ${literal(patterns)}) THEN TRY_CAST(${cleaned} AS DOUBLE) END`;
  // With a decimal comma a plain cast would take the point of "1.234" for the decimal one.
  const first =
    style.decimal === '.' ? plain : `CASE WHEN regexp_full_match(${text}, '\\s*[+-]?\\d+([eE][+-]?\\d+)?\\s*') THEN ${plain} END`;
  return `COALESCE(${first}, ${grouped})`;
}

/** The same for a column that may say whether: true and yes are 1, false and no are 0, in any case. */
export function flagOrNumberSql(text: string, style: NumberStyle): string {
  const word = `lower(trim(${text}))`;
  return `CASE WHEN ${word} IN ('true', 'yes') THEN 1.0 WHEN ${word} IN ('false', 'no') THEN 0.0 ELSE ${numberSql(text, style)} END`;
}

/** One regular expression for everything that has one reading under the style. */
function groupedPatterns({ decimal, thousands }: NumberStyle): string {
  const point = decimal === '.' ? '\\.' : ',';
  const other = decimal === '.' ? ',' : '\\.';
  const exponent = '([eE][+-]?\\d+)?';
  const fraction = `(${point}\\d*)?`;
  const alternatives = [
    `\\d*${point}?\\d+${exponent}`,
    `\\d+${point}${exponent}`,
    `\\d{1,3}([ \u00a0\u202f]\\d{3})+${fraction}`,
    `\\d{1,3}(['’]\\d{3})+${fraction}`,
    // The other sign between groups: with a decimal sign after it, or twice, it can be nothing else.
    `\\d{1,3}(${other}\\d{3})+${point}\\d*`,
    `\\d{1,3}(${other}\\d{3}){2,}`,
  ];
  if (thousands !== undefined && thousands !== decimal)
    alternatives.push(`\\d{1,3}(${thousands === '.' ? '\\.' : thousands}\\d{3})+${fraction}`);
  return `[+-]?(${alternatives.join('|')})`;
}
