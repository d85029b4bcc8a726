/** Years that are none of data in the Gregorian calendar: dates of another one, read as if they were of this. */
import type { Frequency } from '@almanac/series';

/** @returns a warning, or none */
export function calendarWarnings(grid: Frequency, from: number, to: number): string[] {
  if (grid.kind === 'integer' || from > to) return [];
  const [first, last] = [from, to].map((step) => Number(grid.format(step).slice(0, 4))) as [number, number];
  const said = `The times lie in the years ${first} to ${last}, as dates of the Gregorian calendar`;
  const convert = 'Convert them, and upload the file anew: months, leap days, weekdays and seasons are those of other days otherwise.';
  if (first >= 2443 && last <= 2643) return [`${said}. Thailand counts 543 years more: 2567 is 2024. ${convert}`];
  if (first >= 1300 && last <= 1500)
    return [`${said}. The Hijri calendar and the Persian one are in these years, and their months have other lengths. ${convert}`];
  return [];
}
