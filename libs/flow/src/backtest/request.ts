/** The request side of backtests. */
import { backtestRequest, type BacktestRequestInput, type Run } from '@almanac/contracts';
import { checkSeed, checkShared, plans } from '@almanac/forecasting/plan';
import { ask } from '../ask.js';
import { storedFacts } from '../compute/settings.js';
import type { FlowContext } from '../runs/context.js';
import { seasonLengthsOf } from '../query/grid.js';
import type { NewPlannedRun } from '../runs/kinds.js';
import { defaultHorizon, spanOf } from '../train/plan.js';
import { backtestPlanOf } from './plan.js';

/** @throws AlmanacError DATASET_NOT_FOUND, DATASET_VERSION_NOT_FOUND, MODEL_KIND_UNKNOWN, LABEL_TAKEN, SERIES_TOO_SHORT */
export async function requestBacktest(context: FlowContext, input: BacktestRequestInput): Promise<Run> {
  return ask(context, planBacktestRun(context, input));
}

/** The run that a request asks for, before it is written down. */
export async function planBacktestRun(
  { store }: Pick<FlowContext, 'store'>,
  input: BacktestRequestInput,
): Promise<NewPlannedRun<'backtest'>> {
  const request = backtestRequest.parse(input);
  const dataset = await store.datasets.get(request.dataset);
  const version = await store.datasets.version(dataset.id, request.datasetVersion ?? dataset.currentVersion);
  for (const { kind } of request.models) plans.of(kind);
  const plan = backtestPlanOf(request, {
    version: version.no,
    span: spanOf(version),
    horizon: defaultHorizon(seasonLengthsOf(dataset)[0]),
  });
  // What is wrong with a setting is said now, not by a worker.
  const { horizon, windows, stepSize, models } = plan;
  const { facts } = await storedFacts(store, dataset.name, { horizon, holdout: horizon + (windows - 1) * stepSize });
  for (const { kind, config } of models) plans.settings(kind, facts, { steps: request.steps, config });
  checkShared(models, { steps: request.steps });
  checkSeed(models, request.seed);
  return { kind: 'backtest', dataset: dataset.name, seed: request.seed, config: plan };
}
