/** The request side of training: what can be known to be wrong is refused before anything is queued. */
import { type Run, type TrainRequest, trainRequest, type TrainRequestInput } from '@almanac/contracts';
import { plans } from '@almanac/forecasting/plan';
import { AlmanacError, Frequency } from '@almanac/series';
import type { DatasetRecord, DatasetVersionRecord, Json, NewRun } from '@almanac/store';
import { selectSeries } from '../query/selectSeries.js';
import { storedFacts } from '../compute/settings.js';
import { checkHorizon } from '../forecast/request.js';
import type { FlowContext } from '../runs/context.js';
import { startRun } from '../runs/runs.js';
import { gateHoldout, gateWindows } from './windows.js';

/** A training request with everything decided that its run rests on; the run's `config`. */
export interface TrainingPlan extends TrainRequest {
  datasetVersion: number;
  model: string;
  horizon: number;
  holdout: number;
  /** The cancelled or failed run that this one goes on from. */
  resumes?: string;
}

/** Horizon of a frequency without a season. */
const PLAIN_HORIZON = 12;

/**
 * @throws AlmanacError DATASET_NOT_FOUND, DATASET_VERSION_NOT_FOUND, MODEL_KIND_UNKNOWN, MODEL_OF_OTHER_DATASET, HOLDOUT_TOO_SHORT,
 * SERIES_TOO_SHORT, and what the forecast after it is refused for
 */
export async function requestTraining(context: FlowContext, input: TrainRequestInput, options: { priority?: number } = {}): Promise<Run> {
  return startRun(context, await planTrainingRun(context, input), options);
}

/**
 * A run that goes on where a cancelled or failed one stopped, with the weights of one that never did; from the start where
 * that kept no state. @throws AlmanacError RUN_NOT_FOUND, RUN_NOT_RESUMABLE
 */
export async function resumeTraining(context: FlowContext, runId: string): Promise<Run> {
  const { kind, status, dataset, model, seed, config } = await context.store.runs.get(runId);
  if (kind !== 'train' || (status !== 'cancelled' && status !== 'failed'))
    throw new AlmanacError('RUN_NOT_RESUMABLE', `Run ${runId} is a ${kind} run that is ${status}; there is nothing to resume.`, {
      hint: 'Trainings that were cancelled or that failed can be resumed.',
      subject: { run: runId, kind, status },
      status: 409,
    });
  const run = await startRun(context, { kind: 'train', dataset, model, seed, config: { ...config, resumes: runId } });
  await context.store.runs.copyCurve(runId, run.id);
  return run;
}

/** The run that a request asks for, before it is written down. */
export async function planTrainingRun(context: Pick<FlowContext, 'store'>, input: TrainRequestInput): Promise<NewRun & { kind: 'train' }> {
  const plan = await planTraining(context, trainRequest.parse(input));
  return { kind: 'train', dataset: plan.dataset, model: plan.model, seed: plan.seed, config: plan as unknown as Json };
}

async function planTraining({ store }: Pick<FlowContext, 'store'>, request: TrainRequest): Promise<TrainingPlan> {
  const kind = plans.of(request.kind);
  const dataset = await store.datasets.get(request.dataset);
  const version = await store.datasets.version(dataset.id, request.datasetVersion ?? dataset.currentVersion);
  const model = request.model ?? `${request.dataset}-${request.kind}`;
  await refuseOtherDataset(store, model, dataset);
  const horizon = request.horizon ?? defaultHorizon(dataset);
  const [season] = Frequency.parse(dataset.frequency, dataset.timeZone).seasonLengths();
  const holdout = request.holdout ?? (request.gate ? gateHoldout(horizon, season, spanOf(version)) : horizon);
  if (holdout < horizon)
    throw new AlmanacError('HOLDOUT_TOO_SHORT', `A holdout of ${holdout} steps cannot measure a horizon of ${horizon}.`, {
      hint: 'Hold out at least as many steps as the model forecasts.',
      subject: { holdout, horizon },
    });
  const { count, needed, stepSize } = gateWindows(horizon, season, holdout);
  if (request.gate && count < needed)
    throw new AlmanacError(
      'HOLDOUT_TOO_SHORT',
      `A holdout of ${holdout} steps has room for ${count} forecasts of ${horizon}; the gate compares ${needed} at least.`,
      { hint: `Hold out ${horizon + (needed - 1) * stepSize} steps or more, or leave holdout out.`, subject: { holdout, horizon, needed } },
    );
  refuseTooShort(version, holdout);
  // What is wrong with a setting is said now, not by a worker.
  const { facts } = await storedFacts(store, dataset.name, { horizon, holdout });
  const config = plans.settings(kind.kind, facts, request);
  if (request.forecast) {
    checkHorizon({ kind: request.kind, model, no: 'new', horizon, config }, request.forecast.horizon ?? horizon);
    await selectSeries(store, dataset, request.forecast);
  }
  return { ...request, datasetVersion: version.no, model, horizon, holdout };
}

async function refuseOtherDataset(store: FlowContext['store'], model: string, dataset: DatasetRecord): Promise<void> {
  const { items } = await store.models.list({ limit: 1000 });
  const existing = items.find(({ name }) => name === model);
  if (existing && existing.datasetId !== dataset.id)
    throw new AlmanacError('MODEL_OF_OTHER_DATASET', `The model "${model}" forecasts the dataset "${existing.dataset}".`, {
      hint: 'Give the new model another name.',
      subject: { model, dataset: existing.dataset },
      status: 409,
    });
}

/** Two of the shortest season: two days of hours, two weeks of days, two years of months. */
export function defaultHorizon({ frequency, timeZone }: Pick<DatasetRecord, 'frequency' | 'timeZone'>): number {
  const [season] = Frequency.parse(frequency, timeZone).seasonLengths();
  return season === undefined ? PLAIN_HORIZON : 2 * season;
}

const spanOf = ({ firstStep, lastStep }: DatasetVersionRecord): number =>
  firstStep === null || lastStep === null ? 0 : lastStep - firstStep + 1;

/** The panel spans too little for any of its series; the run looks at each. */
function refuseTooShort(version: DatasetVersionRecord, holdout: number): void {
  const length = spanOf(version);
  if (length === 0) return;
  if (length <= holdout)
    throw new AlmanacError('SERIES_TOO_SHORT', `The dataset spans ${length} steps, and ${holdout} of them are held out.`, {
      hint: 'Upload more history, or ask for a shorter horizon.',
      subject: { length, holdout },
    });
}
