/** The gaps of stored series filled, and their unusual values named; nothing is stored. */
import { setImmediate as breathe } from 'node:timers/promises';
import { type FilledSeries, MOST_DECOMPOSED, type Page, type UnusualSeries } from '@almanac/contracts';
import { type DecomposeOptions, fillGaps, type Frequency, unusualValues } from '@almanac/series';
import type { Store } from '@almanac/store';
import { holidayNames } from './decomposition.js';
import { gridOf, seasonLengthsOf } from './grid.js';
import { listHolidays, yearOf } from './marks.js';

type Source = { store: Store };
interface Query {
  uniqueId?: string | undefined;
  after?: string | undefined;
  limit: number;
}

interface Read {
  uniqueId: string;
  grid: Frequency;
  steps: ArrayLike<number>;
  values: Float64Array;
  options: DecomposeOptions;
}

/** @throws AlmanacError DATASET_NOT_FOUND, SERIES_NOT_FOUND */
export function filledGaps(source: Source, dataset: string, { level, ...query }: Query & { level: number }): Promise<Page<FilledSeries>> {
  const levels = [0.5 - level / 200, 0.5, 0.5 + level / 200];
  return eachSeries(source, dataset, query, ({ uniqueId, grid, steps, values, options }) => {
    const filled = fillGaps(values, options, levels);
    const gaps = values.reduce((count, value) => count + Number(Number.isNaN(value)), 0);
    const row = (q: number): number[] => filled.map(({ quantiles }) => quantiles[q]!);
    return {
      uniqueId,
      ds: filled.map(({ index }) => grid.wire(steps[index]!)),
      ...{ median: row(1), lower: row(0), upper: row(2) },
      unfilled: gaps - filled.length,
    };
  });
}

/** @throws AlmanacError DATASET_NOT_FOUND, SERIES_NOT_FOUND */
export function listUnusual(
  source: Source,
  dataset: string,
  { threshold, ...query }: Query & { threshold: number },
): Promise<Page<UnusualSeries>> {
  return eachSeries(source, dataset, query, ({ uniqueId, grid, steps, values, options }) => ({
    uniqueId,
    values: unusualValues(values, options, threshold).map(({ index, ...rest }) => ({ ds: grid.wire(steps[index]!), ...rest })),
  }));
}

/** Series of a page, the last 50,000 steps of each; others get their turn in between. */
async function eachSeries<T>(source: Source, dataset: string, { uniqueId, after, limit }: Query, work: (one: Read) => T): Promise<Page<T>> {
  const { store } = source;
  const record = await store.datasets.get(dataset);
  const grid = gridOf(record);
  const seasonLengths = seasonLengthsOf(record);
  const { items: holidays } = await listHolidays(source, dataset);
  const page =
    uniqueId === undefined
      ? await store.series.list(record.id, { after, limit })
      : { items: [await store.series.get(record.id, uniqueId)], next: null };
  const items: T[] = [];
  for (const one of page.items) {
    const whole = await store.series.readRange(one.id);
    const [steps, values] = [whole.steps.slice(-MOST_DECOMPOSED), whole.values.slice(-MOST_DECOMPOSED)];
    const names = holidayNames(grid, steps, seasonLengths[0] ?? 1, holidays);
    items.push(
      work({
        uniqueId: one.uniqueId,
        grid,
        steps,
        values,
        options: { seasonLengths, year: yearOf(grid), ...(names ? { holidays: names } : {}) },
      }),
    );
    await breathe();
  }
  return { items, next: page.next };
}
