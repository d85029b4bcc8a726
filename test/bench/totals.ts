/**
 * Series whose errors hang together, over the days and between each other: how often the 80 % intervals of sums of their forecasts hold
 * what came. As a user has it: a model is backtested over many windows, and the report says it.
 */
import { backtest, createForecaster, type Panel, plans, type SeriesData, totalsCoverage, type TotalsCoverage } from '@almanac/forecasting';
import { DEFAULT_QUANTILES } from '@almanac/series';

import { noise } from './knownParts.js';

const HORIZON = 14;
const HISTORY = 2500;
const COUNT = 12;
/** Of neighbouring days, and of series on the same day. */
const PERSISTENCE = 0.7;
const COMMON = 0.4;

export async function coverageOfTotals(windows: number): Promise<{ totals: TotalsCoverage; steps: number }> {
  const length = HISTORY + windows * HORIZON;
  const errors = (seed: number): Float64Array => {
    const draw = noise(seed);
    let error = draw();
    return Float64Array.from({ length }, () => (error = PERSISTENCE * error + Math.sqrt(1 - PERSISTENCE ** 2) * draw()));
  };
  const shared = errors(1000);
  const series = Array.from({ length: COUNT }, (_, no): SeriesData => {
    const own = errors(no);
    const value = (t: number): number =>
      100 + 10 * no + (t % 7 >= 5 ? -20 : 8) + 10 * (Math.sqrt(COMMON) * shared[t]! + Math.sqrt(1 - COMMON) * own[t]!);
    return { id: `s${no}`, firstStep: 0, values: Float64Array.from({ length }, (__, t) => value(t)) };
  });
  const panel: Panel = { frequency: 'D', timeZone: 'UTC', seasonLengths: [7], series };
  const facts = { frequency: 'D', seasonLengths: [7], horizon: HORIZON, lengths: series.map(() => HISTORY), count: COUNT };
  const create = (): ReturnType<typeof createForecaster> => createForecaster('linear', plans.settings('linear', facts, { config: {} }));
  const { models } = await backtest(panel, [{ name: 'linear', create }], { horizon: HORIZON, windows, refitEvery: 0, seed: 1 });
  const [linear] = models;
  const totals = totalsCoverage(
    panel,
    linear!.windows.map(({ forecasts }) => forecasts),
    DEFAULT_QUANTILES,
  );
  return { totals, steps: linear!.overall.coverage['80']! };
}
