/** Past forecasts beside what was observed since, and seasonal naive on the same steps. */
import {
  createForecaster,
  cutPanel,
  type Panel,
  scoreForecasts,
  SEASONAL_NAIVE,
  type SeriesForecast,
  targetKindsOf,
} from '@almanac/forecasting';
import type { SeriesScore } from '@almanac/store';
import { firstSteps } from './firstSteps.js';
import { defined } from './metrics.js';
import { referencesFor } from './baselines.js';
import type { ScoreOutcome, ScoreTask } from './tasks.js';

/** An observation is unexpected from so many half widths of the 95 % interval on: 3.9 deviations of a normal error. */
const UNEXPECTED = 2;
/** More of one forecast say nothing more. */
const MOST_UNEXPECTED = 10_000;

export async function score({ panel, forecasts, levels, first, from }: ScoreTask): Promise<ScoreOutcome> {
  const horizon = horizonOf(forecasts, levels);
  const cut = (of: readonly SeriesForecast[], count: number): SeriesForecast[] => of.map((one) => firstSteps(one, count, horizon, first));
  const naive = await naiveForecasts(panel, forecasts, levels.length);
  const whole = scoreForecasts(panel, forecasts, { levels });
  const judged = cut(forecasts, levels.length);
  const { overall, perSeries } = scoreForecasts(panel, judged, { levels });
  return {
    observations: overall.observations,
    live: {
      series: perSeries.filter(({ observations }) => observations > 0).length,
      wql: defined(overall.wql),
      // Later seasons of a forecast that was judged already say nothing new of what others would have said.
      baselines: from === 0 ? await baselineScores(panel, judged, levels, first) : [],
      naiveWql: defined(scoreForecasts(panel, cut(naive, 1), { levels: [0.5] }).overall.wql),
      mase: defined(overall.mase),
      coverage80: defined(overall.coverage['80'] ?? Number.NaN),
      bias: defined(bias(panel, judged, levels)),
    },
    perHorizon: whole.perHorizon.map((metrics, h) => ({ step: h + 1, ...scoreOf(metrics) })),
    series: scoredSeries(whole),
    naive: scoredSeries(scoreForecasts(panel, naive, { levels: [0.5] })),
    unexpected: unexpectedIn(panel, forecasts, levels, from),
  };
}

type Scored = ReturnType<typeof scoreForecasts>;

const scoreOf = ({ observations, wql, mase, mae, coverage }: Scored['overall']): Omit<SeriesScore, 'uniqueId'> => ({
  observations,
  wql: defined(wql),
  mase: defined(mase),
  mae: defined(mae),
  coverage80: defined(coverage['80'] ?? Number.NaN),
});

const scoredSeries = ({ perSeries }: Scored): SeriesScore[] =>
  perSeries.filter(({ observations }) => observations > 0).map((metrics) => ({ uniqueId: metrics.id, ...scoreOf(metrics) }));

const horizonOf = (forecasts: readonly SeriesForecast[], levels: readonly number[]): number =>
  (forecasts[0]?.quantiles.length ?? 0) / levels.length;

/** Observations after the first `from` steps that lie far outside the 95 % interval of their forecast. */
function unexpectedIn(
  panel: Panel,
  forecasts: readonly SeriesForecast[],
  levels: readonly number[],
  from: number,
): ScoreOutcome['unexpected'] {
  const byId = new Map(panel.series.map((series) => [series.id, series]));
  const [low, middle, high] = [0.025, 0.5, 0.975].map((level) => levels.findIndex((one) => Math.abs(one - level) < 1e-9)) as [
    number,
    number,
    number,
  ];
  if (Math.min(low, middle, high) < 0) return [];
  const horizon = horizonOf(forecasts, levels);
  const found: ScoreOutcome['unexpected'] = [];
  for (const { id, cutoff, quantiles } of forecasts) {
    const { firstStep, values } = byId.get(id)!;
    for (let h = from; h < horizon && found.length < MOST_UNEXPECTED; h++) {
      const step = cutoff + 1 + h;
      const value = values[step - firstStep] ?? Number.NaN;
      const [lower, median, upper] = [low, middle, high].map((row) => quantiles[row * horizon + h]!) as [number, number, number];
      const width = value > median ? upper - median : median - lower;
      // Where a forecast allows for nothing else, one other value is no measure of how unlikely it was.
      if (Number.isNaN(value) || !(width > 0)) continue;
      const distance = Math.abs(value - median) / width;
      if (distance > UNEXPECTED) found.push({ id, step, value, median, lower, upper, score: distance });
    }
  }
  return found;
}

/** WQL of the baselines as they would have forecast for the model, all quantiles of them, at the same cutoffs. */
async function baselineScores(
  panel: Panel,
  forecasts: readonly SeriesForecast[],
  levels: readonly number[],
  first: number,
): Promise<ScoreOutcome['live']['baselines']> {
  const cutoffs = new Map(forecasts.map(({ id, cutoff }) => [id, cutoff]));
  const known = cutPanel({ ...panel, series: panel.series.filter(({ id }) => cutoffs.has(id)) }, ({ id }) => cutoffs.get(id)!, first);
  const targets = targetKindsOf(known.series);
  const scores: ScoreOutcome['live']['baselines'] = [];
  for (const { kind, label, config } of referencesFor(panel)) {
    const made = await createForecaster(kind, config).predict(known, { horizon: first, levels, targets });
    scores.push({ label, wql: defined(scoreForecasts(panel, made, { levels }).overall.wql) });
  }
  return scores;
}

/** What seasonal naive would have said at the same cutoffs. */
async function naiveForecasts(panel: Panel, forecasts: readonly SeriesForecast[], levels: number): Promise<SeriesForecast[]> {
  const seasonLength = panel.seasonLengths[0] ?? 1;
  const forecaster = createForecaster(SEASONAL_NAIVE, { seasonLength });
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
