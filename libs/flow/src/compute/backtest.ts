/** One model over rolling cutoffs, beside seasonal naive, with the certificate that it reads nothing after a cutoff. */
import type { RunProgress } from '@almanac/contracts';
import { backtest, type BacktestReport, certifyNoLeakage, createForecaster, type Forecaster, type Panel } from '@almanac/forecasting';
import { DEFAULT_QUANTILES } from '@almanac/series';
import { defined, metricsOf } from './metrics.js';
import { settings } from './settings.js';
import type { BacktestOutcome, BacktestTask } from './tasks.js';

/** The certificate fits again for each alteration: a few series and steps go the same way through the code as all of them. */
const CERTIFIED_SERIES = 8;
const CERTIFIED_STEPS = 10;

export async function backtestOne(
  task: BacktestTask,
  { report, signal }: { threads: number; report: (progress: RunProgress) => void; signal: AbortSignal },
): Promise<BacktestOutcome> {
  const { panel, model, horizon, windows, stepSize, refitEvery, seed } = task;
  const holdout = horizon + (windows - 1) * stepSize;
  const create = (of: Panel, steps = task.steps): Forecaster =>
    createForecaster(model.kind, settings(of, { kind: model.kind, horizon, holdout, steps, config: model.config }));
  const result = await backtest(panel, [{ name: model.label, create: () => create(panel) }], {
    horizon,
    windows,
    stepSize,
    refitEvery,
    seed,
    signal,
    onWindow: ({ index, of, model: name }) =>
      report({
        phase: 'backtesting',
        message: `${name}: window ${index + 1} of ${of}`,
        fraction: (index + 1) / of,
        step: index + 1,
        totalSteps: of,
      }),
  });
  const own = result.models.find(({ name }) => name === model.label)!;
  const naive = result.models.find(({ name }) => name === 'seasonalNaive')!;
  const some: Panel = { ...panel, series: panel.series.slice(0, CERTIFIED_SERIES) };
  report({ phase: 'certifying', message: `${model.label}: altering what came after a cutoff`, fraction: null });
  const certificate = await certifyNoLeakage(model.label, some, () => create(some, CERTIFIED_STEPS), {
    cutoffs: [own.windows.at(-1)!.cutoff],
    horizon,
    levels: DEFAULT_QUANTILES,
    seed,
    signal,
  });
  return {
    model: {
      score: scoreOf(own),
      windows: own.windows.map(({ scores }) => metricsOf(scores.overall)),
      perHorizon: own.perHorizon.map(({ wql }) => defined(wql)),
      wqlRatio: defined(own.relativeToSeasonalNaive.wql),
      beatsSeasonalNaive: own.beatsSeasonalNaive,
      certificate,
    },
    seasonalNaive: scoreOf(naive),
    cutoffs: own.windows.map(({ cutoff }) => cutoff),
  };
}

const scoreOf = ({ kind, name, overall }: BacktestReport): BacktestOutcome['seasonalNaive'] => ({
  kind,
  label: name,
  metrics: metricsOf(overall),
});
