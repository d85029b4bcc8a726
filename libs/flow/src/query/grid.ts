/** Steps as instants, and back, and the seasons that they have. */
import { Frequency } from '@almanac/series';

export const gridOf = ({ frequency, timeZone }: { frequency: string; timeZone: string }): Frequency => Frequency.parse(frequency, timeZone);
export const instantOf = (grid: Frequency, step: number): string => new Date(grid.timeOf(step)).toISOString();
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
