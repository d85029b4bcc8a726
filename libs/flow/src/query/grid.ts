/** The grid of what is stored, the steps that requests name, its seasons, and its gaps as JSON has them. */
import { AlmanacError, Frequency, readTime, toInstant } from '@almanac/series';

export const gridOf = ({ frequency, timeZone }: { frequency: string; timeZone: string }): Frequency => Frequency.parse(frequency, timeZone);

/**
 * The step that a time of a request falls into, on a grid of plain integers the whole number that it is.
 * @throws AlmanacError TIME_INVALID, also for a date on plain integers and for a number on a grid of dates
 */
export function stepAt(grid: Frequency, time: string | number): number {
  const plain = grid.kind === 'integer';
  if (plain ? /^-?\d+$/.test(String(time)) : typeof time === 'string')
    return plain ? Number(time) : grid.floorStep(instantAt(String(time), grid.timeZone));
  throw new AlmanacError('TIME_INVALID', `"${time}" is no time of the grid ${grid.label} (${grid.timeZone}).`, {
    hint: plain ? 'Its steps are plain integers: give a whole number, e.g. 120.' : 'Write a date, e.g. 2024-01-31T23:00:00Z.',
    subject: { time, frequency: grid.label },
  });
}

/** A time of a request in milliseconds since 1970; without an offset it is one of the zone. @throws AlmanacError TIME_INVALID */
export function instantAt(text: string, timeZone: string): number {
  const time = readTime(text);
  if (time) return toInstant(time, timeZone);
  throw new AlmanacError('TIME_INVALID', `"${text}" is no time that is understood.`, {
    hint: 'Write 2024-01-31, 2024-01-31T23:00:00Z or 2024-01-31T23:00:00+01:00.',
    subject: { time: text },
  });
}
/** NaN is a gap: JSON has no word for it. */
export const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

/** Seasons that were declared, else those of the grid; two years of days have a year too. */
export function seasonLengthsOf({ frequency, timeZone, seasonLengths, firstStep, lastStep }: Seasoned): number[] {
  if (seasonLengths) return [...seasonLengths];
  const span = firstStep === null || lastStep === null ? 0 : lastStep - firstStep + 1;
  return gridOf({ frequency, timeZone }).seasonLengths(span);
}

export interface Seasoned {
  frequency: string;
  timeZone: string;
  seasonLengths: readonly number[] | null;
  firstStep: number | null;
  lastStep: number | null;
}
