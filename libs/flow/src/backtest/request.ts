/** The request side of backtests. */
import { type BacktestRequest, backtestRequest, type BacktestRequestInput, type Run } from '@almanac/contracts';
import { plans } from '@almanac/forecasting/plan';
import { AlmanacError } from '@almanac/series';
import type { Json, NewRun } from '@almanac/store';
import { storedFacts } from '../compute/settings.js';
import type { FlowContext } from '../runs/context.js';
import { startRun } from '../runs/runs.js';
import { defaultHorizon } from '../train/request.js';

/** A backtest request with everything decided that its run rests on; the run's `config`. */
export interface BacktestPlan extends BacktestRequest {
  datasetVersion: number;
  horizon: number;
  stepSize: number;
  models: { kind: string; label: string; config: Record<string, unknown> }[];
}

/** @throws AlmanacError DATASET_NOT_FOUND, DATASET_VERSION_NOT_FOUND, MODEL_KIND_UNKNOWN, LABEL_TAKEN, SERIES_TOO_SHORT */
export async function requestBacktest(context: FlowContext, input: BacktestRequestInput): Promise<Run> {
  return startRun(context, await planBacktestRun(context, input));
}

/** The run that a request asks for, before it is written down. */
export async function planBacktestRun(
  { store }: Pick<FlowContext, 'store'>,
  input: BacktestRequestInput,
): Promise<NewRun & { kind: 'backtest' }> {
  const request = backtestRequest.parse(input);
  const dataset = await store.datasets.get(request.dataset);
  const version = await store.datasets.version(dataset.id, request.datasetVersion ?? dataset.currentVersion);
  const horizon = request.horizon ?? defaultHorizon(dataset);
  const stepSize = request.stepSize ?? horizon;
  const models = request.models.map(({ kind, label = kind, config }) => ({ kind, label, config }));
  for (const { kind } of models) plans.of(kind);
  const twice = models.find(({ label }, index) => models.findIndex((other) => other.label === label) !== index);
  if (twice)
    throw new AlmanacError('LABEL_TAKEN', `Two models of the backtest are called "${twice.label}".`, {
      hint: 'Give each a label of its own.',
    });
  const needed = horizon + (request.windows - 1) * stepSize;
  const length = version.firstStep === null || version.lastStep === null ? 0 : version.lastStep - version.firstStep + 1;
  if (length <= needed)
    throw new AlmanacError('SERIES_TOO_SHORT', `The dataset spans ${length} steps; ${request.windows} windows need more than ${needed}.`, {
      hint: 'Use fewer windows, a smaller stepSize or a shorter horizon.',
      subject: { length, needed },
    });
  // What is wrong with a setting is said now, not by a worker.
  const { facts } = await storedFacts(store, dataset.name, { horizon, holdout: needed });
  for (const { kind, config } of models) plans.settings(kind, facts, { steps: request.steps, config });
  const plan: BacktestPlan = { ...request, datasetVersion: version.no, horizon, stepSize, models };
  return { kind: 'backtest', dataset: dataset.name, seed: request.seed, config: plan as unknown as Json };
}
