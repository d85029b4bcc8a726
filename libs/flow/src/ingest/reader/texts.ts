/**
 * Covariates that are text and change over time (the weather in words). A series holds numbers: each value becomes a covariate of its own,
 * `weather = rain`, 1 where the column says so and 0 where it says anything else or nothing, as static categories do (ADR 22). A column of
 * very many values is left out by name, and the file, which is kept, still has it. Some texts in a column of numbers are slips, refused by
 * line; a column of yes and no in words that are not read is refused with what to write instead.
 */
import { isTruth } from '@almanac/contracts/csv';
import type { IngestOptions } from '@almanac/contracts';
import { indicator, MOST_CATEGORIES } from '../../runs/categories.js';
import type { Column, Covariate, Mapping } from './columns.js';
import { type Database, literal } from './database.js';
import { flagOrNumberSql, isMissing, isNumberInSomeStyle } from './numbers.js';
import type { Source } from './source.js';

/** Rows that are looked at before all are. */
const LOOKED_AT = 1000;

/** Those in which most cells are no numbers. */
export async function textCovariates(database: Database, source: Source, mapping: Mapping, options: IngestOptions): Promise<Column[]> {
  if (mapping.layout !== 'long') return [];
  const style = { decimal: options.decimalSeparator, thousands: options.thousandsSeparator };
  const isNoNumber = ({ index }: Column): string =>
    `NOT ${isMissing(`c${index}`)} AND ${flagOrNumberSql(`c${index}`, style)} IS NULL AND NOT coalesce(${isNumberInSomeStyle(`c${index}`, style)}, false)`;
  let suspects = [...mapping.past, ...mapping.future].map(({ column }) => column).filter(({ type }) => type === 'VARCHAR');
  for (const rows of [`SELECT * FROM (${source.relation}) LIMIT ${LOOKED_AT}`, source.relation]) {
    if (suspects.length === 0) return [];
    const counts = suspects.map(
      (column) =>
        `2 * count(*) FILTER (${isNoNumber(column)}) > count(*) FILTER (NOT ${isMissing(`c${column.index}`)}) AS c${column.index}`,
    );
    // Whatever is wrong with its rows is met, and named, when all of them are read.
    const found = await database.one<Record<string, boolean>>(`SELECT ${counts.join(', ')} FROM (${rows})`).catch(() => undefined);
    suspects = found ? suspects.filter(({ index }) => found[`c${index}`]) : [];
  }
  const texts: Column[] = [];
  for (const column of suspects) {
    const words = await database.rows<{ word: string }>(
      `SELECT DISTINCT c${column.index} AS word FROM (${source.relation}) WHERE ${isNoNumber(column)} LIMIT 20`,
    );
    if (!words.every(({ word }) => isTruth(word))) texts.push(column);
  }
  return texts;
}

/** A column of text with its values, those that the dataset has first; undefined where there are too many. */
export interface TextValues {
  column: Column;
  values: string[] | undefined;
}

/** @param stored values that the dataset has, by the name of the covariate */
export async function valuesOfTexts(
  database: Database,
  source: Source,
  texts: readonly Column[],
  stored: Readonly<Record<string, readonly string[]>>,
): Promise<TextValues[]> {
  const found: TextValues[] = [];
  for (const column of texts) {
    const rows = await database.rows<{ word: string }>(
      `SELECT ${wordSql(column)} AS word FROM (${source.relation}) GROUP BY 1 HAVING word <> '' ORDER BY count(*) DESC, word LIMIT ${MOST_CATEGORIES + 1}`,
    );
    const values = [...new Set([...(stored[column.name] ?? []), ...rows.map(({ word }) => word)])];
    found.push({ column, values: values.length > MOST_CATEGORIES ? undefined : values });
  }
  return found;
}

/** The text of a cell; empty where nothing is known. `none` is a value like others. */
const wordSql = ({ index }: Column): string =>
  `CASE WHEN lower(trim(c${index})) IN ('na', 'n/a', '#n/a', 'nan', 'null') THEN '' ELSE trim(coalesce(c${index}, '')) END`;

/** 1 or 0 for one value of a text. */
export const isValueSql = (column: Column, value: string): string =>
  `CASE WHEN ${wordSql(column)} = ${literal(value)} THEN 1.0::DOUBLE ELSE 0.0::DOUBLE END`;

/** The mapping with a covariate for each value of a text. */
export function withValues(mapping: Mapping, texts: readonly TextValues[]): Mapping {
  if (mapping.layout !== 'long' || texts.length === 0) return mapping;
  const each = (covariate: Covariate): Covariate[] => {
    const text = texts.find(({ column }) => column === covariate.column);
    return text ? (text.values ?? []).map((value) => ({ ...covariate, name: indicator(covariate.name, value), value })) : [covariate];
  };
  return { ...mapping, past: mapping.past.flatMap(each), future: mapping.future.flatMap(each) };
}

export const warningsOfTexts = (texts: readonly TextValues[]): string[] =>
  texts.map(({ column: { name }, values }) =>
    values
      ? `The covariate "${name}" is text: each of its ${values.length} values is a covariate of its own, "${indicator(name, values[0] ?? '')}" …, ` +
        '1 in its rows and 0 in the others; an empty cell is none of them.'
      : `The covariate "${name}" is text of more than ${MOST_CATEGORIES} values: it was left out, and stays in the file that is kept.`,
  );
