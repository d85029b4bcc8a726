/**
 * Names of series: one rule for files, requests and addresses, so that a series is found by whatever names it.
 * Spaces around a name do not belong to it, and a whole number that was written with a fraction (101.0, as a program writes a column
 * of numbers with a hole in it) is the same name as without.
 */

/** In UTF-8: a third of a page of the database, less what else its indexes hold. */
export const MOST_ID_BYTES = 2000;

/** For SQL as well. */
export const WHOLE_ID = `^(-?(?:0|[1-9]\\d*))\\.0+$`;
const WHOLE = new RegExp(WHOLE_ID);
const encoder = new TextEncoder();

export function idOf(written: string | number): string {
  const text = typeof written === 'number' ? String(written) : written.replace(/^ +| +$/g, '');
  return text.endsWith('0') ? (WHOLE.exec(text)?.[1] ?? text) : text;
}

export const isIdTooLong = (id: string): boolean => 3 * id.length > MOST_ID_BYTES && encoder.encode(id).length > MOST_ID_BYTES;
