/** A time in the body of a request as an instant, or as the step that it names. */
import { AlmanacError, type Frequency, readTime, toInstant } from '@almanac/series';

export function stepAt(time: string | number, grid: Frequency, series: string): number {
  if (grid.kind === 'integer') {
    if (typeof time === 'number') return time;
    if (/^-?\d{1,9}$/.test(time)) return Number(time);
    throw invalidTime(time, series, 'The frequency is 1: give whole numbers.');
  }
  if (typeof time === 'number') throw invalidTime(time, series, 'Whole numbers are steps of the frequency 1.');
  return grid.stepOf(instantAt(time, grid.timeZone, series));
}

export function instantAt(text: string, timeZone: string, series: string): number {
  const time = readTime(text);
  if (!time) throw invalidTime(text, series, 'Write 2024-01-31, 2024-01-31T23:00:00Z or 2024-01-31T23:00:00+01:00.');
  return toInstant(time, timeZone);
}

function invalidTime(time: string | number, series: string, hint: string): AlmanacError {
  return new AlmanacError('TIME_INVALID', `"${time}" in the series "${series}" is no time that is understood.`, {
    hint,
    subject: { series, ds: time },
  });
}
