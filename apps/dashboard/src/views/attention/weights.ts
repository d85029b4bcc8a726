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
