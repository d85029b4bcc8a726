/** What a rule for settings may look at, and what the caller will judge forecasts by. Loads no TensorFlow.js. */
import type { CovariateNames } from './dataset/covariates.js';

/** What the caller will judge the forecasts by; it decides how windows weigh in the loss. */
export type Metric = 'wql' | 'mase' | 'smape' | 'owa' | 'mae' | 'mse';

export interface PanelFacts {
  frequency: string;
  /** Shortest first. */
  seasonLengths: readonly number[];
  horizon: number;
  /** Steps of each series, or a sample of them. */
  lengths: readonly number[];
  /** Number of series. */
  count: number;
  /** Default `owa`. */
  metric?: Metric;
  /** Those to use; see `covariatesOf`. None by default. */
  covariates?: CovariateNames;
}

/** Steps of the middle one of the series; 0 where there is none. */
export function typicalLength({ lengths }: Pick<PanelFacts, 'lengths'>): number {
  return [...lengths].sort((a, b) => a - b)[Math.floor(lengths.length / 2)] ?? 0;
}
