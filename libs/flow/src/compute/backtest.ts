/**
 * One model over rolling cutoffs, in pieces that may be computed apart: forecasts of some windows, the certificate that the
 * model reads nothing after a cutoff, and the scores of all windows together.
 * Invariant: the pieces together say what `backtest` of the forecasting library says in one go.
 */
import type { BacktestResult, RunProgress } from '@almanac/contracts';
import {
  certifyNoLeakage,
  createForecaster,
  cutPanel,
  type Forecaster,
  letOthers,
  type Panel,
  rollingCutoffs,
  scoreForecasts,
  type SeriesForecast,
  type SumCoverage,
  targetKindsOf,
  totalsCoverage,
} from '@almanac/forecasting';
import { suspectCovariates } from '@almanac/forecasting/plan';
import { DEFAULT_QUANTILES } from '@almanac/series';
import { defined, metricsOf } from './metrics.js';
import { settings } from './settings.js';
import type { SeriesScore } from '@almanac/store';
import type { BacktestTask, CertifyTask, ScoredBacktest, ScoreWindowsTask, WindowForecasts } from './tasks.js';

/** The certificate fits again for each alteration: few optimiser steps go the same way through the code as all of them. */
const CERTIFIED_STEPS = 10;

interface Tools {
  report: (progress: RunProgress) => void;
  signal: AbortSignal;
}

/** Forecasts the windows `from` … before `to`; the first of them fits. */
export async function backtestWindows(task: BacktestTask, { report, signal }: Tools): Promise<WindowForecasts[]> {
  const { panel, model, horizon, refitEvery, seed, from, to } = task;
  const cutoffs = rollingCutoffs(panel, { ...task, align: 'calendar' });
  const done: WindowForecasts[] = [];
  let forecaster: Forecaster | undefined;
  try {
    for (let index = from; index < to; index++) {
      await letOthers();
      signal.throwIfAborted();
      const { shown, cutoff } = cutoffs[index]!;
      const known = cutPanel(panel, cutoff, horizon);
      if (!forecaster || (refitEvery > 0 && index % refitEvery === 0)) {
        forecaster?.dispose();
        forecaster = create(task, panel);
        await forecaster.fit(known, { seed, signal });
      }
      done.push({
        cutoff: shown,
        forecasts: await forecaster.predict(known, { horizon, levels: DEFAULT_QUANTILES, signal, targets: targetKindsOf(known.series) }),
      });
      report({
        phase: 'backtesting',
        message: `${model.label}: window ${index + 1} of ${task.windows}`,
        fraction: (index + 1 - from) / (to - from),
      });
    }
  } finally {
    forecaster?.dispose();
  }
  return done;
}

export async function certify(task: CertifyTask, { signal }: Tools): Promise<BacktestResult['models'][number]['certificate']> {
  const { panel, model, horizon, seed, sample, stored, windows } = task;
  const chosen = new Set(sample.series);
  const some: Panel = { ...panel, series: panel.series.filter(({ id }) => chosen.has(id)) };
  const options = { cutoffs: sample.cutoffs, brief: true, stored, horizon, levels: DEFAULT_QUANTILES, seed, signal };
  const certificate = await certifyNoLeakage(model.label, some, () => create({ ...task, steps: CERTIFIED_STEPS }, some), options);
  return {
    ...certificate,
    sample: {
      series: some.series.length,
      of: panel.series.length,
      cutoffs: sample.cutoffs.length,
      ofCutoffs: windows,
      finds: sharesFound(some.series.length, panel.series.length),
    },
    suspects: suspectCovariates(panel.series, horizon),
  };
}

/** The least share of leaking series of which a sample holds one with 95 % chance. */
const sharesFound = (count: number, of: number): number => (count >= of ? 0 : 1 - 0.05 ** (1 / count));

export function scoreWindows({ panel, kind, label, windows }: ScoreWindowsTask): ScoredBacktest {
  const scores = (forecasts: readonly SeriesForecast[]): ReturnType<typeof scoreForecasts> =>
    scoreForecasts(panel, forecasts, { levels: DEFAULT_QUANTILES });
  const { overall, perHorizon } = scores(windows.flatMap(({ forecasts }) => forecasts));
  return {
    score: { kind, label, metrics: metricsOf(overall) },
    windows: windows.map(({ forecasts }) => metricsOf(scores(forecasts).overall)),
    perHorizon: perHorizon.map(({ wql }) => defined(wql)),
    totals: totalsOf(panel, windows),
    series: bySeries(
      panel,
      windows.flatMap(({ forecasts }) => forecasts),
    ),
  };
}

function totalsOf(panel: Panel, windows: readonly WindowForecasts[]): ScoredBacktest['totals'] {
  const { overHorizon, overSeries, overBoth, ...about } = totalsCoverage(
    panel,
    windows.map(({ forecasts }) => forecasts),
    DEFAULT_QUANTILES,
  );
  const shares = ({ sums, coverage }: SumCoverage): NonNullable<ScoredBacktest['totals']>['overBoth'] => ({
    sums,
    coverage50: defined(coverage['50']!),
    coverage80: defined(coverage['80']!),
    coverage95: defined(coverage['95']!),
  });
  return { ...about, overHorizon: shares(overHorizon), overSeries: shares(overSeries), overBoth: shares(overBoth) };
}

/** Of each series that was scored at all. @param given forecasts at any number of cutoffs */
export function bySeries(panel: Panel, given: readonly SeriesForecast[], levels: readonly number[] = DEFAULT_QUANTILES): SeriesScore[] {
  const own = new Map<string, SeriesForecast[]>(panel.series.map(({ id }) => [id, []]));
  for (const forecast of given) own.get(forecast.id)?.push(forecast);
  return panel.series.flatMap((series) => {
    const forecasts = own.get(series.id) ?? [];
    const { overall } = scoreForecasts({ ...panel, series: [series] }, forecasts, { levels });
    const { observations, wql, mase, mae, coverage } = overall;
    if (observations === 0) return [];
    const share = defined(coverage['80'] ?? Number.NaN);
    return [{ uniqueId: series.id, observations, wql: defined(wql), mase: defined(mase), mae: defined(mae), coverage80: share }];
  });
}

function create({ model, horizon, windows, stepSize, steps }: BacktestTask | CertifyTask, of: Panel): Forecaster {
  const holdout = horizon + (windows - 1) * stepSize;
  return createForecaster(model.kind, settings(of, { kind: model.kind, horizon, holdout, steps, config: model.config }));
}
