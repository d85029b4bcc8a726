/** Sums over attention maps. */
import type { AttentionMapsResource } from '@almanac/contracts';

/** Weight per look-back column: of one horizon step, or the mean over all. All branches, weighed by the gate. */
export function columnWeights(maps: AttentionMapsResource, row: number | null): number[] {
  const width = maps.columns.length;
  const sum = new Array<number>(width).fill(0);
  const rows = row === null ? maps.rows.map((_, index) => index) : [row];
  for (const index of rows) {
    maps.branches.forEach((branch, position) => {
      const share = maps.gate[index]?.[position] ?? 1 / maps.branches.length;
      maps.maps[branch]?.[index]?.forEach((weight, column) => {
        if (column < width) sum[column] = (sum[column] ?? 0) + (share * weight) / rows.length;
      });
    });
  }
  return sum;
}

/**
 * Mean weight by lag in steps. A column covers `columnSteps` steps; its lag runs from its middle to the horizon step, and
 * is counted in whole columns.
 */
export function weightByLag(maps: AttentionMapsResource, map: number[][]): { lag: number; weight: number }[] {
  const width = maps.columns.length;
  const byLag = new Map<number, number>();
  map.forEach((weights, step) =>
    weights.forEach((weight, column) => {
      if (column >= width) return;
      const steps = (width - column) * maps.columnSteps + step;
      const lag = Math.round(steps / maps.columnSteps) * maps.columnSteps;
      byLag.set(lag, (byLag.get(lag) ?? 0) + weight / map.length);
    }),
  );
  return [...byLag].map(([lag, weight]) => ({ lag, weight })).sort((a, b) => a.lag - b.lag);
}

/** Lightest and darkest of a drawing, as weights. */
export interface Scale {
  low: number;
  high: number;
}

export function scaleOf(weights: Iterable<number>): Scale {
  let low = Infinity;
  let high = -Infinity;
  for (const weight of weights) {
    low = Math.min(low, weight);
    high = Math.max(high, weight);
  }
  return low <= high ? { low, high } : { low: 0, high: 0 };
}

/** From 0 to 1. Where all weights are the same, none stands out. */
export const shadeOf = (weight: number, { low, high }: Scale): number => (high - low < 1e-9 ? 0.3 : (weight - low) / (high - low));

/** Lags to mark: multiples of the shortest season that leaves no more than a few of them. */
export function seasonMarks(seasons: readonly number[], longest: number, most = 8): number[] {
  const season = seasons.toSorted((a, b) => a - b).find((one) => one > 1 && longest / one <= most && longest >= one);
  return season === undefined ? [] : Array.from({ length: Math.floor(longest / season) }, (_, index) => (index + 1) * season);
}
