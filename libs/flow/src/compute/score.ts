/** Past forecasts beside what was observed since, and seasonal naive on the same steps. */
import { createForecaster, type Panel, scoreForecasts, type SeriesForecast } from '@almanac/forecasting';
import { defined } from './metrics.js';
import type { ScoreOutcome, ScoreTask } from './tasks.js';

export async function score({ panel, forecasts, levels }: ScoreTask): Promise<ScoreOutcome> {
  const { overall, perSeries } = scoreForecasts(panel, forecasts, { levels });
  const naive = await naiveForecasts(panel, forecasts, levels.length);
  return {
    observations: overall.observations,
    series: perSeries.filter(({ observations }) => observations > 0).length,
    wql: defined(overall.wql),
    naiveWql: defined(scoreForecasts(panel, naive, { levels: [0.5] }).overall.wql),
    mase: defined(overall.mase),
    coverage80: defined(overall.coverage['80'] ?? Number.NaN),
    bias: defined(bias(panel, forecasts, levels)),
  };
}

/** What seasonal naive would have said at the same cutoffs. */
async function naiveForecasts(panel: Panel, forecasts: readonly SeriesForecast[], levels: number): Promise<SeriesForecast[]> {
  const seasonLength = panel.seasonLengths[0] ?? 1;
  const forecaster = createForecaster('seasonalNaive', { seasonLength });
  const byId = new Map(panel.series.map((series) => [series.id, series]));
  const made: SeriesForecast[] = [];
  for (const { id, cutoff, quantiles } of forecasts) {
    const series = byId.get(id)!;
    const known = { ...panel, series: [{ ...series, values: series.values.slice(0, Math.max(0, cutoff - series.firstStep + 1)) }] };
    made.push(...(await forecaster.predict(known, { horizon: quantiles.length / levels, levels: [0.5] })));
  }
  return made;
}

/** Mean of actual minus median, over the mean size of actuals. */
function bias(panel: Panel, forecasts: readonly SeriesForecast[], levels: readonly number[]): number {
  const byId = new Map(panel.series.map((series) => [series.id, series]));
  const median = levels.findIndex((level) => Math.abs(level - 0.5) < 1e-9);
  let error = 0;
  let size = 0;
  for (const { id, cutoff, quantiles } of forecasts) {
    const { firstStep, values } = byId.get(id)!;
    const horizon = quantiles.length / levels.length;
    for (let h = 0; h < horizon; h++) {
      const actual = values[cutoff + 1 + h - firstStep] ?? Number.NaN;
      if (Number.isNaN(actual)) continue;
      error += actual - quantiles[median * horizon + h]!;
      size += Math.abs(actual);
    }
  }
  return error / size;
}
