/** The final forecast: what the model said, with what planners changed. */
import type { ForecastRecord, OverrideRecord, Store } from '@almanac/store';

/** Overrides by forecast. */
export type Overridden = (record: Pick<ForecastRecord, 'runId' | 'seriesId' | 'cutoffStep'>) => readonly OverrideRecord[];

/** What is changed of some forecasts. */
export async function overridesOf(store: Store, records: readonly Pick<ForecastRecord, 'runId'>[]): Promise<Overridden> {
  const all = records.length === 0 ? [] : await store.overrides.of([...new Set(records.map(({ runId }) => runId))]);
  return lookUp(all);
}

export function lookUp(all: readonly OverrideRecord[]): Overridden {
  const key = ({ runId, seriesId, cutoffStep }: Pick<ForecastRecord, 'runId' | 'seriesId' | 'cutoffStep'>): string =>
    `${runId} ${seriesId} ${cutoffStep}`;
  const by = Map.groupBy(all, key);
  return (record) => by.get(key(record)) ?? [];
}

/**
 * Quantiles with the overrides, one after the other: a percentage scales all of a step, a value or an addition moves all by as much as the
 * median. Where the model never went below 0, the final forecast does not either.
 */
export function finalOf(record: ForecastRecord, overrides: readonly OverrideRecord[]): Float64Array {
  const { horizon, cutoffStep, levels } = record;
  const quantiles = record.quantiles.slice();
  const median = levels.indexOf(0.5);
  const floor = quantiles.some((value) => value < 0) ? -Infinity : 0;
  for (const { fromStep, toStep, change, amount } of overrides)
    for (let step = fromStep; step <= toStep; step++) {
      const h = step - cutoffStep - 1;
      const by = change === 'set' ? amount - quantiles[median * horizon + h]! : amount;
      // What is not known is so no longer where somebody says it.
      if (change === 'set' && Number.isNaN(by)) quantiles[median * horizon + h] = amount;
      for (let q = 0; q < levels.length; q++) {
        const i = q * horizon + h;
        if (change === 'percent') quantiles[i]! *= 1 + amount / 100;
        else if (!Number.isNaN(by)) quantiles[i]! += by;
        if (amount >= 0 || change !== 'set') quantiles[i] = Math.max(floor, quantiles[i]!);
      }
    }
  return quantiles;
}
