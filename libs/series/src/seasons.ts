/** After how many steps a pattern of days, weeks or years comes again, by the grid alone. */
import { HOUR_MS, MINUTE_MS } from './grid.js';
import type { OpenTimes } from './openHours.js';
import type { Spec } from './spec.js';
import { DAY_MS } from './zone.js';

/** Longer ones say more than any series of such steps can show. */
const LONGEST = 10_080;
const DAYS_OF_YEAR = 365;

/**
 * @param spec of the grid
 * @param span steps from the first to the last of the series, where they are known: two years of days have a yearly season too
 * @returns shortest first
 */
export function seasonsOf(spec: Spec, span = 0): number[] {
  if (spec.unit === 'integer') return [];
  if (spec.unit === 'fixed')
    return spec.hours ? openSeasons(spec.widthMs, spec.hours, openOf(spec.weekdays)) : fixedSeasons(spec.widthMs, openOf(spec.weekdays));
  if (spec.unit === 'week') return wholeParts(52, spec.count);
  if (spec.unit === 'month') return wholeParts(12, spec.count);
  if (spec.weekdays) return [openOf(spec.weekdays)];
  if (spec.count === 1) return span >= 2 * DAYS_OF_YEAR && !spec.closures ? [7, DAYS_OF_YEAR] : [7];
  // Every second or third day meets each weekday once in seven steps.
  return spec.count <= 3 ? [7] : wholeParts(DAYS_OF_YEAR, spec.count);
}

function fixedSeasons(widthMs: number, openPerWeek: number): number[] {
  const periods = widthMs < MINUTE_MS ? [HOUR_MS, DAY_MS] : [DAY_MS, (openPerWeek * DAY_MS) as number];
  return periods
    .filter((period) => period % widthMs === 0 && period > widthMs && period / widthMs <= LONGEST)
    .map((period) => period / widthMs);
}

/** The same in the open hours of a day, which hold a whole number of steps. */
function openSeasons(widthMs: number, { fromMs, toMs }: OpenTimes, openPerWeek: number): number[] {
  const open = toMs > fromMs ? toMs - fromMs : DAY_MS - fromMs + toMs;
  const perDay = open / widthMs;
  if (!Number.isInteger(perDay) || DAY_MS % widthMs !== 0) return [];
  return [perDay, perDay * openPerWeek].filter((steps, i, all) => steps > 1 && steps <= LONGEST && steps !== all[i - 1]);
}

const openOf = (weekdays: readonly boolean[] | undefined): number => weekdays?.filter(Boolean).length ?? 7;
const wholeParts = (year: number, count: number): number[] => (year % count === 0 && year > count ? [year / count] : []);
