/**
 * Which columns were probably meant, where those that were looked for are missing: by what such columns are usually
 * called, else by what is in them. Only ever said, never taken.
 */
import type { IngestOptions } from '@almanac/contracts';
import { JOINT, LOOKS_LIKE_TIME, partOf, timeTogether } from '@almanac/contracts/timeParts';
import { type Column, nearestName } from './columns.js';

/** By option; an `idColumn` of "" means that the file holds one series. */
export type Suggestion = Partial<Pick<IngestOptions, 'idColumn' | 'timeColumn' | 'valueColumn'>>;

const TIME_TYPE = /^(DATE|TIMESTAMP)/;
const NUMBER_TYPE = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*)$/;
const NUMBER = /^\s*[-+−]?\d[\d.,'’\s]*([eE][-+]?\d+)?\s*$/;

/**
 * @param rows a few rows of the file as text, by column
 * @returns a column for each option whose column is missing, as far as one is likely
 */
export function suggestColumns(columns: readonly Column[], rows: readonly (string | null)[][], options: IngestOptions): Suggestion {
  const has = (name: string): boolean => columns.some((column) => same(column.name, name));

  const taken = new Set<string>();
  const suggestion: Suggestion = {};
  const looksLike = (column: Column, type: RegExp, text: RegExp): boolean => {
    if (type.test(column.type)) return true;
    const cells = rows.flatMap((row) => row[column.index]?.trim() || []);
    return column.type === 'VARCHAR' && cells.length > 0 && cells.every((cell) => text.test(cell));
  };
  const isTime = (column: Column): boolean => looksLike(column, TIME_TYPE, LOOKS_LIKE_TIME);
  const isNumber = (column: Column): boolean => looksLike(column, NUMBER_TYPE, NUMBER) && !isTime(column);
  const fill = (option: keyof Suggestion, isSuch: (column: Column) => boolean): void => {
    if (options[option] === '' || has(options[option])) return;
    const free = columns.filter(({ name }) => name !== '' && !taken.has(name));
    const found =
      nearestName(
        options[option],
        free.map(({ name }) => name),
      ) ?? free.find(isSuch)?.name;
    if (found === undefined) return;
    suggestion[option] = found;
    taken.add(found);
  };
  for (const option of ['idColumn', 'timeColumn', 'valueColumn'] as const) if (has(options[option])) taken.add(options[option]);
  const together = timeTogether(
    columns.map(({ name }) => name),
    rows.map((row) => columns.map(({ index }) => row[index])),
  );
  // Also where one of them was named: a date without its clock is half of the time.
  if (together && (!has(options.timeColumn) || together.some((name) => same(name, options.timeColumn)))) {
    suggestion.timeColumn = together.join(JOINT);
    for (const name of together) taken.add(name);
  }
  if (suggestion.timeColumn === undefined) fill('timeColumn', isTime);
  if (options.aggregation !== 'count') fill('valueColumn', isNumber);
  // The quarter beside year and month is part of the time, not a series.
  fill('idColumn', (column) => !isTime(column) && !isNumber(column) && !(together && partOf(column.name) !== 'other'));
  const known = suggestion.timeColumn !== undefined && (suggestion.valueColumn !== undefined || options.aggregation === 'count');
  if (options.idColumn !== '' && !has(options.idColumn) && suggestion.idColumn === undefined && known) suggestion.idColumn = '';
  return suggestion;
}

const same = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();

/** `idColumn "store", timeColumn "date"`; undefined for none. */
export function inWords(suggestion: Suggestion): string | undefined {
  const parts = Object.entries(suggestion).map(([option, name]) => `${option} "${name}"`);
  return parts.length === 0 ? undefined : parts.join(', ');
}
