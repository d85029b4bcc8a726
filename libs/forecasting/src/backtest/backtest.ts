/**
 * How good would past forecasts have been? Several models over the same rolling cutoffs, seasonal naive always among them.
 *
 * Invariants: a model sees the panel as it was at the cutoff (`cut.ts`) and is scored on the steps after it; all models see
 * the same windows; models run one after the other, so that only one holds memory.
 */
import { AlmanacError, DEFAULT_QUANTILES } from '@almanac/series';
import { createBaseline } from '../kinds/baselines/methods.js';
import { SEASONAL_NAIVE } from '../kinds/baselines/plan.js';
import { type Forecaster, type Panel, type SeriesData, type SeriesForecast } from '../forecaster.js';
import { scoreForecasts, type Metrics, type Scores } from '../metrics/score.js';
import { cutPanel, lastStep, type Cutoff } from './cut.js';

export interface BacktestModel {
  /** Unique in the backtest; names its columns. */
  name: string;
  /** A fresh, unfitted forecaster. */
  create: () => Forecaster;
}

export interface BacktestOptions {
  horizon: number;
  /** Number of cutoffs; the last one leaves exactly `horizon` steps of the panel. Default 1. */
  windows?: number;
  /** Steps between cutoffs. Default: the horizon, so that windows do not overlap. */
  stepSize?: number;
  /** Fit again after so many windows; 0 fits once, at the first cutoff. Default 1. */
  refitEvery?: number;
  /**
   * `calendar`: every window has one cutoff, counted back from the panel's last step. `ends`: each series counts back from
   * its own last step, for collections such as M4 whose series share no calendar. Default `calendar`.
   */
  align?: 'calendar' | 'ends';
  levels?: readonly number[];
  /** Season of the scaled metrics; the panel's first by default. */
  seasonLength?: number;
  seed?: number;
  signal?: AbortSignal;
  onWindow?: (window: BacktestWindow & { model: string; of: number }) => void;
}

export interface BacktestWindow {
  /** 0 is the oldest. */
  index: number;
  /** The cutoff, or with `align: 'ends'` its distance from each series' last step, as a negative number. */
  cutoff: number;
  refitted: boolean;
  scores: Scores;
  forecasts: SeriesForecast[];
}

export interface BacktestReport {
  name: string;
  kind: string;
  /** Over all windows and series. */
  overall: Metrics;
  perHorizon: Metrics[];
  windows: BacktestWindow[];
  /** WQL and MASE over those of seasonal naive on the same windows; below 1 is better. */
  relativeToSeasonalNaive: { wql: number; mase: number };
  /** WQL below that of seasonal naive. A model without this is not worth its training. */
  beatsSeasonalNaive: boolean;
}

export interface BacktestResult {
  horizon: number;
  levels: readonly number[];
  /** In the order asked for; `seasonalNaive` is added at the end if nobody asked for it. */
  models: BacktestReport[];
}

/**
 * @example await backtest(panel, [{ name: 'theta', create: () => createBaseline('theta') }], { horizon: 48, windows: 20, stepSize: 24 })
 * @throws BACKTEST_INVALID counts that are no positive whole numbers, or two models of one name
 * @throws BACKTEST_EMPTY a cutoff before the first value of every series
 */
export async function backtest(panel: Panel, models: readonly BacktestModel[], options: BacktestOptions): Promise<BacktestResult> {
  const { horizon, windows = 1, stepSize = horizon, refitEvery = 1 } = options;
  const levels = options.levels ?? DEFAULT_QUANTILES;
  check(models, { horizon, windows, stepSize }, refitEvery);
  const named = models.some((model) => model.name === SEASONAL_NAIVE)
    ? models
    : [...models, { name: SEASONAL_NAIVE, create: (): Forecaster => createBaseline(SEASONAL_NAIVE) }];
  const cutoffs = rollingCutoffs(panel, { horizon, windows, stepSize, align: options.align ?? 'calendar' });
  const runs: Omit<BacktestReport, 'relativeToSeasonalNaive' | 'beatsSeasonalNaive'>[] = [];
  for (const model of named) runs.push(await runModel(panel, model, cutoffs, { ...options, horizon, refitEvery, levels }));
  const reference = runs.find((run) => run.name === SEASONAL_NAIVE)!.overall;
  return {
    horizon,
    levels,
    models: runs.map((run) => {
      const relativeToSeasonalNaive = { wql: run.overall.wql / reference.wql, mase: run.overall.mase / reference.mase };
      return { ...run, relativeToSeasonalNaive, beatsSeasonalNaive: relativeToSeasonalNaive.wql < 1 };
    }),
  };
}

/** The cutoffs of a backtest, oldest first, each with the number that reports show. */
export function rollingCutoffs(
  panel: Panel,
  options: { horizon: number; windows: number; stepSize: number; align: 'calendar' | 'ends' },
): { shown: number; cutoff: Cutoff }[] {
  const { horizon, windows, stepSize, align } = options;
  const end = panel.series.reduce((latest, series) => Math.max(latest, lastStep(series)), -Infinity);
  return Array.from({ length: windows }, (_, index) => {
    const back = horizon + (windows - 1 - index) * stepSize;
    return align === 'calendar'
      ? { shown: end - back, cutoff: end - back }
      : { shown: -back, cutoff: (series: SeriesData): number => lastStep(series) - back };
  });
}

async function runModel(
  panel: Panel,
  model: BacktestModel,
  cutoffs: readonly { shown: number; cutoff: Cutoff }[],
  options: BacktestOptions & { refitEvery: number; levels: readonly number[] },
): Promise<Omit<BacktestReport, 'relativeToSeasonalNaive' | 'beatsSeasonalNaive'>> {
  const { horizon, levels, refitEvery, signal } = options;
  const score = (forecasts: readonly SeriesForecast[]): Scores =>
    scoreForecasts(panel, forecasts, { levels, ...(options.seasonLength === undefined ? {} : { seasonLength: options.seasonLength }) });
  const done: BacktestWindow[] = [];
  let forecaster: Forecaster | undefined;
  try {
    for (const [index, { shown, cutoff }] of cutoffs.entries()) {
      signal?.throwIfAborted();
      const known = cutPanel(panel, cutoff, horizon);
      const refitted = index === 0 || (refitEvery > 0 && index % refitEvery === 0);
      if (refitted) {
        forecaster?.dispose();
        forecaster = model.create();
        await forecaster.fit(known, { seed: options.seed ?? 0, ...(signal ? { signal } : {}) });
      }
      const forecasts = await forecaster!.predict(known, { horizon, levels, ...(signal ? { signal } : {}) });
      const window = { index, cutoff: shown, refitted, scores: score(forecasts), forecasts };
      done.push(window);
      options.onWindow?.({ ...window, model: model.name, of: cutoffs.length });
    }
    const { overall, perHorizon } = score(done.flatMap((window) => window.forecasts));
    return { name: model.name, kind: forecaster!.kind, overall, perHorizon, windows: done };
  } finally {
    forecaster?.dispose();
  }
}

function check(models: readonly BacktestModel[], counts: Record<string, number>, refitEvery: number): void {
  for (const [name, value] of Object.entries(counts)) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new AlmanacError('BACKTEST_INVALID', `A backtest cannot have ${name} ${value}.`, {
      hint: `Give ${name} as a whole number, at least 1.`,
      subject: { [name]: value },
    });
  }
  if (!Number.isInteger(refitEvery) || refitEvery < 0) {
    throw new AlmanacError('BACKTEST_INVALID', `A backtest cannot refit every ${refitEvery} windows.`, {
      hint: 'Give refitEvery as a whole number; 0 fits once.',
      subject: { refitEvery },
    });
  }
  const names = models.map((model) => model.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new AlmanacError('BACKTEST_INVALID', `Two models are named "${twice}".`, {
      hint: 'Give each model its own name.',
      subject: { model: twice },
    });
}
