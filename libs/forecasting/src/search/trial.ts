/** A trial of a search: one candidate trained and scored on a validation tail. */
import { backtest } from '../backtest/backtest.js';
import { type Panel } from '../forecaster.js';
import { SEASONAL_NAIVE } from '../kinds/baselines/plan.js';
import { createForecaster } from '../kinds/registry.js';
import { type TrialRunner } from './halving.js';

/**
 * Scores a trial on a validation tail: the panel's last windows, which its training does not see. Fitted once, at the first cutoff.
 *
 * @param panel without anything that a final test is to be made on
 */
export function forecastTrial(
  panel: Panel,
  options: {
    horizon: number;
    windows?: number;
    stepSize?: number;
    metric?: 'wql' | 'mase' | 'smape' | 'mae' | 'rmse';
    align?: 'calendar' | 'ends';
  },
): TrialRunner {
  const { metric = 'wql', ...tail } = options;
  return async ({ kind, config, seed }, signal) => {
    const models = [{ name: 'trial', create: () => createForecaster(kind, config) }];
    const { models: reports } = await backtest(panel, models, { ...tail, refitEvery: 0, seed, ...(signal ? { signal } : {}) });
    const [own, naive] = ['trial', SEASONAL_NAIVE].map((name) => reports.find((report) => report.name === name)!.overall[metric]);
    return { score: own!, overSeasonalNaive: own! / naive! };
  };
}
