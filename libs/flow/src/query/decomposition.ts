/** A stored series taken apart, with the public holidays of a country. */
import { MOST_DECOMPOSED, type SeriesDecomposition } from '@almanac/contracts';
import { decompose, type Frequency } from '@almanac/series';
import type { Store } from '@almanac/store';
import { gridOf, orNull, seasonLengthsOf } from './grid.js';
import { listHolidays, yearOf } from './marks.js';

type Source = { store: Store };

const DAY_MS = 86_400_000;

/** @throws AlmanacError DATASET_NOT_FOUND, SERIES_NOT_FOUND, COUNTRY_UNKNOWN */
export async function getDecomposition(
  source: Source,
  dataset: string,
  uniqueId: string,
  { steps: asked, country: wanted }: { steps: number; country?: string | undefined },
): Promise<SeriesDecomposition> {
  const { store } = source;
  const record = await store.datasets.get(dataset);
  const { id } = await store.series.get(record.id, uniqueId);
  const whole = await store.series.readRange(id);
  const [steps, values] = [whole.steps.slice(-MOST_DECOMPOSED), whole.values.slice(-MOST_DECOMPOSED)];
  const grid = gridOf(record);
  const { country, items } = wanted === 'none' ? { country: null, items: [] } : await listHolidays(source, dataset, wanted);
  const seasonLengths = seasonLengthsOf(record);
  const names = holidayNames(grid, steps, seasonLengths[0] ?? 1, items);
  const parts = decompose(values, { seasonLengths, year: yearOf(grid), ...(names ? { holidays: names } : {}) });
  const shown = <T>(of: ArrayLike<T>): T[] => Array.from(of).slice(-asked);
  return {
    uniqueId,
    country: names ? country : null,
    ds: shown(steps).map((step) => grid.wire(step)),
    y: shown(values).map(orNull),
    trend: shown(parts.trend),
    seasons: parts.seasons.map((season) => ({
      length: season.length,
      values: shown(season.values),
      strength: strengthOf(season.values, parts.rest),
    })),
    holidays: parts.holidays ? shown(parts.holidays) : null,
    rest: shown(parts.rest).map(orNull),
    unseen: seasonLengths.filter((length) => !parts.seasons.some((season) => season.length === length)),
    changepoints: parts.changepoints.map(({ index, before, after }) => ({
      ds: grid.wire(steps[index]!),
      before: orNull(before),
      after: orNull(after),
    })),
  };
}

/**
 * What each step that lies in a holiday is called: by the holiday where a step is a day, by its place in the day where it is shorter, since
 * a holiday changes the course of a day. Undefined where steps have no days, or none of them is a holiday.
 */
export function holidayNames(
  grid: Frequency,
  steps: ArrayLike<number>,
  season: number,
  holidays: readonly { start: string; end: string; name: string }[],
): (string | undefined)[] | undefined {
  if (grid.kind === 'integer' || holidays.length === 0 || steps.length < 2) return undefined;
  const width = grid.timeOf(1) - grid.timeOf(0);
  if (width > DAY_MS) return undefined;
  const spans = holidays
    .map(({ start, end, name }) => ({ from: Date.parse(start), to: Date.parse(end), name }))
    .sort((a, b) => a.from - b.from);
  let at = 0;
  let found = false;
  const names = Array.from(steps, (step) => {
    const time = grid.timeOf(step);
    while (at < spans.length && spans[at]!.to <= time) at++;
    const span = spans[at];
    if (!span || time < span.from) return undefined;
    found = true;
    return width < DAY_MS ? `step ${((step % season) + season) % season}` : span.name;
  });
  return found ? names : undefined;
}

/** 1 − Var(rest) / Var(season + rest). */
function strengthOf(season: Float64Array, rest: Float64Array): number {
  const observed = Array.from(rest, (_, t) => t).filter((t) => !Number.isNaN(rest[t]!));
  const variance = (of: (t: number) => number): number => {
    let [mean, squares, count] = [0, 0, 0];
    for (const t of observed) {
      const apart = of(t) - mean;
      mean += apart / ++count;
      squares += apart * (of(t) - mean);
    }
    return squares / Math.max(1, count);
  };
  const both = variance((t) => season[t]! + rest[t]!);
  return both > 0 ? Math.max(0, 1 - variance((t) => rest[t]!) / both) : 0;
}
