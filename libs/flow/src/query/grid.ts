/** Steps as instants, and back. */
import { Frequency } from '@almanac/series';

export const gridOf = ({ frequency, timeZone }: { frequency: string; timeZone: string }): Frequency => Frequency.parse(frequency, timeZone);
export const instantOf = (grid: Frequency, step: number): string => new Date(grid.timeOf(step)).toISOString();
/** NaN is a gap: JSON has no word for it. */
export const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);
