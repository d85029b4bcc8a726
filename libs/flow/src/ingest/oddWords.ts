/** What is said of rows whose times are odd (far.ts): a warning, or the reason why no zeros are filled in between. */
import { AlmanacError, type Frequency } from '@almanac/series';
import type { NamedRow, NamedRows, OddTimes } from './protocol.js';

/** Rows that are named in a sentence. */
const SAID = 5;

/** `line 17`, or what else a row is called. */
export type Where = (row: NamedRow) => string | undefined;
export const byLine: Where = ({ line }) => (line === null ? undefined : `line ${line}`);

function named({ count, rows }: NamedRows, grid: Frequency, where: Where): string {
  const said = rows.slice(0, SAID).map((row) => {
    const [place, what] = [where(row), `${grid.format(row.step)} of series "${row.id.slice(0, 100)}"`];
    return place === undefined ? what : `${place} (${what})`;
  });
  return said.join(', ') + (count > said.length ? ` and ${(count - said.length).toLocaleString('en')} more` : '');
}

const rowsLie = (count: number): string => (count === 1 ? 'One row lies' : `${count.toLocaleString('en')} rows lie`);
const farSays = (far: NamedRows, grid: Frequency, where: Where): string =>
  `${rowsLie(far.count)} far from all others: ${named(far, grid, where)}.`;
const futureSays = (future: NamedRows, grid: Frequency, where: Where): string =>
  `${rowsLie(future.count)} in the future: ${named(future, grid, where)}.`;

const OUT =
  'Correct the times, or the way in which they are read (timeFormat); leave out what lies outside of a range with `from` and `to`, or say with them that it is meant.';

/** @param ways what to do about it, where a range cannot be stated */
export function oddWarnings({ far, future }: OddTimes, grid: Frequency, where: Where = byLine, ways = OUT): string[] {
  return [
    ...(far.count > 0 ? [`${farSays(far, grid, where)} ${ways}`] : []),
    ...(future.count > 0
      ? [`${futureSays(future, grid, where)} ${far.count > 0 ? `The same holds for ${future.count === 1 ? 'it' : 'them'}.` : ways}`]
      : []),
  ];
}

/** Why no zeros are filled; undefined where nothing is odd. */
export function zerosRefusal({ far, future }: OddTimes, grid: Frequency, where: Where = byLine, ways = OUT): AlmanacError | undefined {
  const [code, rows, says] = far.count > 0 ? (['TIME_FAR', far, farSays] as const) : (['TIME_IN_FUTURE', future, futureSays] as const);
  if (rows.count === 0) return undefined;
  const items = rows.rows.map((row) => ({
    ...(where(row) === undefined ? {} : { at: where(row) }),
    series: row.id,
    ds: grid.wire(row.step),
  }));
  return new AlmanacError(
    code,
    `${says(rows, grid, where)} The fill policy zero would fill zeros ${far.count > 0 ? 'in between' : 'up to then'}. Nothing was stored.`,
    {
      hint: `${ways} With the fill policy none, the steps in between are gaps.`,
      subject: { rows: items, count: rows.count },
      status: 422,
    },
  );
}
