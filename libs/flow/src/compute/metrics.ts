/** Metrics as they travel. */
import type { Score } from '@almanac/contracts';
import type { Metrics } from '@almanac/forecasting';

export const defined = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** Figures that are not defined become null; they travel as JSON. */
export function metricsOf({ coverage, observations: _, ...figures }: Metrics): Score['metrics'] {
  const named = { ...figures, ...Object.fromEntries(Object.entries(coverage).map(([percent, share]) => [`coverage${percent}`, share])) };
  return Object.fromEntries(Object.entries(named).map(([name, value]) => [name, defined(value)]));
}
