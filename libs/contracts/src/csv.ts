/**
 * The one writer and the one reader of CSV outside DuckDB (RFC 4180), by Papa Parse. Browser-safe.
 *
 * Invariant: a text that a spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@`, one of these in full width as some
 * spreadsheets take it, a tab, a carriage return or a line feed) is written with an apostrophe before it, by the rule of OWASP ("CSV
 * injection"), and so is one that begins with apostrophes and then one of those; `readText` takes that apostrophe away again, so
 * that every text comes back as it was. Numbers are written as they are.
 */
import { AlmanacError } from '@almanac/series';
import Papa from 'papaparse';

/** Texts that get an apostrophe when they are written. */
const FORMULA = /^'*[=+\-@\t\r\n＝＋－＠]/;
/** The same after they were written; DuckDB reads it as well. */
export const ESCAPED_FORMULA = /^'+[=+\-@\t\r\n＝＋－＠]/;

export type Cell = string | number | boolean | null | undefined;

/** Rows as lines that end with a line feed; what is not known stays empty. Give numbers as numbers: `-1` is no formula. */
export function csvOf(rows: readonly (readonly Cell[])[]): string {
  return rows.length === 0 ? '' : `${Papa.unparse(rows as unknown[][], { newline: '\n', escapeFormulae: FORMULA })}\n`;
}

/** A text as it was before it was written: ids and names, not numbers. */
export const readText = (cell: string): string => (ESCAPED_FORMULA.test(cell) ? cell.slice(1) : cell);

export interface CsvOptions {
  delimiter?: string;
  /** Rows from the start, of a text that may be cut off. */
  rows?: number;
}

/** Rows of cells, as they are written; empty lines are left out. @throws AlmanacError CSV_INVALID */
export function parseCsv(text: string, { delimiter = ',', rows }: CsvOptions = {}): string[][] {
  const { data, errors } = Papa.parse<string[]>(text.replace(/^\uFEFF/, ''), {
    delimiter,
    skipEmptyLines: true,
    ...(rows === undefined ? {} : { preview: rows }),
  });
  const [fault] = errors;
  if (fault && rows === undefined)
    throw new AlmanacError('CSV_INVALID', `Row ${(fault.row ?? 0) + 1} is no CSV: ${fault.message}.`, {
      hint: 'Put quotes around the whole cell, and double a quote that belongs to it: "".',
      subject: { row: (fault.row ?? 0) + 1 },
    });
  return data;
}

/** Words for yes and no, as people write them in a column. */
const TRUTH = /^\s*(true|false|yes|no|t|f|y|n|ja|nein|oui|non|vrai|faux|s[ií]|sim|n[aã]o|verdadero|falso|on|off)\s*$/i;
export const isTruth = (cell: string): boolean => TRUTH.test(cell);
/** What is proposed where a column of such words is to hold numbers. */
export const AS_NUMBERS = 'Write 1 and 0 for yes and no.';
