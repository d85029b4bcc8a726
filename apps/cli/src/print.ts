/** Results for people (aligned columns) and for programs (JSON). */
import type { StepsLeftOut } from '@almanac/contracts';
import { csvOf, parseCsv } from '@almanac/contracts/csv';
import { InvalidArgumentError } from 'commander';
import type { Context } from './context.js';

export const say = (text: string): void => void process.stdout.write(`${text}\n`);
let quiet = false;
/** With `--quiet` notes are kept to itself. */
export const hush = (wanted: boolean): void => void (quiet = wanted);
export const note = (text: string): void => void (quiet || process.stderr.write(`${text}\n`));
export const isQuiet = (): boolean => quiet;
/** What went wrong is said however quiet it is to be. */
export const complain = (text: string): void => void process.stderr.write(`${text}\n`);

/** Columns aligned by their widest cell; the last one is not padded. */
export function table(head: string[], rows: (string | number | null)[][]): string {
  const cells = [head, ...rows.map((row) => row.map((cell) => (cell === null ? '-' : String(cell))))];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  '))
    .join('\n');
}

/** Prints `value` as JSON when that was asked for, else the text. */
export function show(context: Context, value: unknown, text: () => string): void {
  say(context.json ? JSON.stringify(value, null, 2) : text());
}

/** @param instant a number is a step of a grid of plain integers, and no date */
export const shortDate = (instant: string | number | null): string | null =>
  typeof instant === 'number' ? String(instant) : instant && instant.slice(0, 16).replace('T', ' ');
/** Options as they are called here: `idColumn` is `--id-column`. */
export const asFlags = (text: string): string =>
  text.replace(
    /\b(idColumn|timeColumn|valueColumn|timeFormat|timeZone|(?:decimal|thousands)Separator|maxRejectedShare|fillPolicy|seasonLength|(?:past|future|static)Covariates|closed(?:Weekdays|Holidays|Dates))\b/g,
    (name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
  );
export const count = (value: number): string => value.toLocaleString('en');
export const fixed = (value: number | null | undefined, digits = 3): string =>
  value === null || value === undefined ? '-' : value.toFixed(digits);

/** A line about steps that a run left out because events cover them in part, where there are any. */
export function leftOut({ count: all, items }: StepsLeftOut): string[] {
  if (all === 0) return [];
  const shown = items.slice(0, 3).map(({ uniqueId, ds }) => `${uniqueId} ${shortDate(ds)}`);
  return [
    `steps left out, which events cover in part: ${shown.join(', ')}${all > shown.length ? ` and ${count(all - shown.length)} more` : ''}`,
  ];
}

export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** An option that may be repeated; ids have commas in them, so that no character can stand between two. */
export const several = (value: string, before: string[] = []): string[] => {
  if (value === '') throw new InvalidArgumentError('Give the id of a series.');
  return [...before, value];
};

/**
 * An option of names of columns: several with commas between (one that holds a comma in double quotes, as in a CSV file), and it may be
 * repeated.
 */
export const columns = (value: string, before: string[] = []): string[] => [...before, ...(parseCsv(value)[0] ?? []).filter(Boolean)];

/** The value of an option that counts something. */
export const whole = (value: string): number => {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0) throw new InvalidArgumentError('Give a whole number.');
  return number;
};

/** Steps per season, one or several. */
export const seasons = (value: string): number[] =>
  value.split(',').map((one) => {
    if (!/^\d+$/.test(one.trim())) throw new InvalidArgumentError('Give steps, e.g. 12, or 24,168.');
    return Number(one);
  });

/** Columns as CSV, in their order, without a line feed at the end. */
export function toCsv(of: Record<string, (string | number | null)[]>): string {
  const names = Object.keys(of);
  const [first = []] = Object.values(of);
  return csvOf([names, ...first.map((_, i) => names.map((name) => of[name]?.[i]))]).slice(0, -1);
}
