/**
 * Single days on which no series of a file has a value, and the public holidays that they look like: what a person is asked about before
 * such days are forecast open. Weekdays on which there is never a row are left out by the frequency itself.
 */
import type { Findings } from '@almanac/contracts';
import type { Frequency } from '@almanac/series';
import { countryOf } from '../query/marks.js';
import { holidaysOf } from './closures.js';

export type ClosedDays = NonNullable<Findings['closedDays']>;

/** Fewer days may be accidents. */
const LEAST = 3;
const NAMED = 400;
/** Of the days without a value that are holidays, and of the holidays that are without a value. */
const MOST = 0.6;
/** A longer history is compared over its last days. */
const MOST_STEPS = 4000;
const DAY_MS = 86_400_000;

/** Looked through where the time zone belongs to no single country, as UTC does. */
const COUNTRIES = ['US', 'DE', 'GB', 'FR', 'IT', 'ES', 'NL', 'AT', 'CH', 'BE', 'PL', 'CA', 'AU', 'BR', 'SE', 'DK', 'NO', 'PT'];

/**
 * Null where there are next to none, and on grids whose steps are no days.
 * @param absent steps on which next to no series has a value, though it has some before and after
 * @param from, to first and last step of the file
 */
export async function closedDays(grid: Frequency, absent: readonly number[], from: number, to: number): Promise<ClosedDays | null> {
  if (grid.kind !== 'calendar' || !grid.unclosed.isWithinDay || absent.length < LEAST) return null;
  const dayOf = (step: number): number => Date.parse(`${grid.format(step).slice(0, 10)}T00:00Z`) / DAY_MS;
  const days = absent.map(dayOf).sort((a, b) => a - b);
  const first = Math.max(from, to - MOST_STEPS);
  const open = Array.from({ length: to - first + 1 }, (_, i) => dayOf(first + i));
  const found = await countryOfDays(grid.timeZone, new Set(days.filter((day) => day >= open[0]!)), open);
  return {
    count: days.length,
    days: days.slice(0, NAMED).map((day) => new Date(day * DAY_MS).toISOString().slice(0, 10)),
    holidays: found?.country ?? null,
    onHolidays: found?.times ?? 0,
  };
}

/**
 * Whose public holidays the days are; undefined where they are nobody's.
 * @param open days of the grid, ascending
 */
async function countryOfDays(
  timeZone: string,
  absent: ReadonlySet<number>,
  open: readonly number[],
): Promise<{ country: string; times: number } | undefined> {
  const yearOf = (day: number): number => new Date(day * DAY_MS).getUTCFullYear();
  const years = [yearOf(open[0]!), yearOf(open.at(-1)!)] as const;
  const own = await countryOf(timeZone);
  let best: { country: string; times: number; fit: number } | undefined;
  for (const country of own === undefined ? COUNTRIES : [own]) {
    const closed = new Set(await holidaysOf(country, years));
    const holidays = open.filter((day) => closed.has(day));
    const times = holidays.filter((day) => absent.has(day)).length;
    const [ofAbsent, ofHolidays] = [times / absent.size, times / holidays.length];
    if (!(ofAbsent >= MOST && ofHolidays >= MOST)) continue;
    const fit = ofAbsent + ofHolidays;
    if (best === undefined || fit > best.fit) best = { country, times, fit };
  }
  return best;
}
