/** The range that an upload or a request states: steps that do not start in it are left out, and counted. */
import { AlmanacError, type Frequency, readTime, toInstant } from '@almanac/series';
import { stepAt } from '../query/grid.js';

export interface Range {
  from?: string | number | undefined;
  to?: string | number | undefined;
}

const DAY_MS = 86_400_000;

/**
 * First and last step of it, infinite where it is open. A date alone means its whole day.
 * @throws AlmanacError TIME_INVALID, also for a date on plain integers; RANGE_EMPTY
 */
export function stepsIn({ from, to }: Range, grid: Frequency): { first: number; last: number } {
  const first = from === undefined ? -Infinity : firstFrom(from, grid);
  const last = to === undefined ? Infinity : lastUpTo(to, grid);
  if (first > last)
    throw new AlmanacError('RANGE_EMPTY', `No step of ${grid.label} starts from ${from} to ${to}.`, {
      hint: 'Give a `to` that is later than `from`.',
      subject: { from, to, frequency: grid.label },
    });
  return { first, last };
}

function firstFrom(from: string | number, grid: Frequency): number {
  const step = stepAt(grid, from);
  return grid.kind === 'integer' || grid.timeOf(step) >= instantOf(String(from), grid) ? step : step + 1;
}

function lastUpTo(to: string | number, grid: Frequency): number {
  const step = stepAt(grid, to);
  if (grid.kind === 'integer' || !readTime(String(to))!.isDay) return step;
  return grid.floorStep(instantOf(String(to), grid, 1) - 1);
}

/** @param days later */
function instantOf(text: string, grid: Frequency, days = 0): number {
  const time = readTime(text)!;
  return toInstant({ ...time, clockMs: time.clockMs + days * DAY_MS }, grid.timeZone);
}
