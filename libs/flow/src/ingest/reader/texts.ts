/**
 * Covariates that are text and change over time (the weather in words). No model reads them, and a series holds numbers: such a
 * column is left out by name, and the file, which is kept, still has it. Some texts in a column of numbers are slips, and refused by line;
 * a column of yes and no in words that are not read is refused with what to write instead.
 */
import { isTruth } from '@almanac/contracts/csv';
import type { IngestOptions } from '@almanac/contracts';
import type { Column, Mapping } from './columns.js';
import type { Database } from './database.js';
import { flagOrNumberSql, isMissing } from './numbers.js';
import type { Source } from './source.js';

/** Rows that are looked at before all are. */
const LOOKED_AT = 1000;

/** Those in which most cells are no numbers. */
export async function textCovariates(database: Database, source: Source, mapping: Mapping, options: IngestOptions): Promise<Column[]> {
  if (mapping.layout !== 'long') return [];
  const style = { decimal: options.decimalSeparator, thousands: options.thousandsSeparator };
  const isNoNumber = ({ index }: Column): string =>
    `NOT ${isMissing(`c${index}`)} AND NOT regexp_matches(c${index}, '\\p{Sc}') AND ${flagOrNumberSql(`c${index}`, style)} IS NULL`;
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

export function withoutCovariates(mapping: Mapping, left: readonly Column[]): Mapping {
  if (mapping.layout !== 'long' || left.length === 0) return mapping;
  const kept = ({ column }: { column: Column }): boolean => !left.includes(column);
  return { ...mapping, past: mapping.past.filter(kept), future: mapping.future.filter(kept) };
}

export const warningsOfTexts = (texts: readonly Column[]): string[] =>
  texts.map(
    ({ name }) =>
      `The covariate "${name}" is text that changes over time, which no model reads: it was left out, and stays in the file that is kept.`,
  );
