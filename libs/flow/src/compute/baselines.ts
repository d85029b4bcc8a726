/**
 * The methods that stand beside every model: naive, seasonal naive by every season, and Theta. What they are called and made with, without
 * TensorFlow.js.
 */
import { NAIVE, SEASONAL_NAIVE, THETA } from '@almanac/forecasting/plan';
import { DEFAULT_QUANTILES } from '@almanac/series';

export interface Reference {
  kind: string;
  label: string;
  config: Record<string, unknown>;
  /** Naive methods are judged by their point, used at every quantile, as published tables have them; Theta by its own quantiles. */
  levels: readonly number[];
}

const POINT = [0.5] as const;

export function referencesFor({ seasonLengths }: { seasonLengths: readonly number[] }): Reference[] {
  const seasons = seasonLengths.length > 0 ? seasonLengths : [1];
  return [
    { kind: NAIVE, label: NAIVE, config: {}, levels: POINT },
    ...seasons.map((seasonLength) => ({
      kind: SEASONAL_NAIVE,
      label: `${SEASONAL_NAIVE} (${seasonLength})`,
      config: { seasonLength },
      levels: POINT,
    })),
    { kind: THETA, label: THETA, config: {}, levels: DEFAULT_QUANTILES },
  ];
}

/** The kind and settings of a reference, by its label. */
export function baselineOf(panel: { seasonLengths: readonly number[] }, label: string): Pick<Reference, 'kind' | 'config'> {
  const found = referencesFor(panel).find((one) => one.label === label);
  if (!found) throw new Error(`There is no baseline "${label}".`);
  return found;
}
