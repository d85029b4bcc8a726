/** A part of a forecast; it loads nothing. */
import type { SeriesForecast } from '@almanac/forecasting';

/** The first steps of a forecast, level by level. */
export function firstSteps({ id, cutoff, quantiles }: SeriesForecast, levels: number, horizon: number, steps: number): SeriesForecast {
  const cut = new Float64Array(levels * steps);
  for (let level = 0; level < levels; level++) cut.set(quantiles.subarray(level * horizon, level * horizon + steps), level * steps);
  return { id, cutoff, quantiles: cut };
}
