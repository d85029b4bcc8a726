/** The request side of forecasting: the model reference is resolved when it is asked for, so that a run is about one version. */
import { type ForecastRequest, forecastRequest, type ForecastRequestInput, type Run } from '@almanac/contracts';
import { plans } from '@almanac/forecasting/plan';
import { AlmanacError, Frequency } from '@almanac/series';
import type { Json, ModelVersionRecord, NewRun } from '@almanac/store';
import { resolveModel } from '../register/reference.js';
import type { FlowContext } from '../runs/context.js';
import { startRun } from '../runs/runs.js';
import { selectSeries } from '../query/selectSeries.js';

/** A forecast request with everything decided that its run rests on; the run's `config`. */
export interface ForecastPlan extends ForecastRequest {
  modelName: string;
  modelVersion: number;
  modelVersionId: string;
  dataset: string;
  datasetVersion: number;
  horizon: number;
  cutoffStep?: number;
  /** Nothing is stored: the result tells how this forecast differs from that of the run. */
  replayOf?: string;
}

/** @throws AlmanacError MODEL_NOT_FOUND, MODEL_VERSION_NOT_FOUND, HORIZON_TOO_LONG, DATASET_VERSION_NOT_FOUND, SERIES_NOT_FOUND */
export async function requestForecast(
  context: FlowContext,
  input: ForecastRequestInput,
  options: { priority?: number } = {},
): Promise<Run> {
  return startRun(context, await planForecastRun(context, input), options);
}

/**
 * Makes a stored forecast again: same version of the data, same model version, same cutoff.
 * @throws AlmanacError RUN_NOT_FOUND, NOT_A_FORECAST
 */
export async function requestReplay(context: FlowContext, runId: string): Promise<Run> {
  const { kind, status, dataset, model, config } = await context.store.runs.get(runId);
  if (kind !== 'forecast' || status !== 'succeeded' || 'replayOf' in config)
    throw new AlmanacError('NOT_A_FORECAST', `The run ${runId} has no stored forecast to replay.`, {
      hint: 'Give the run of a forecast that has succeeded.',
      subject: { run: runId },
    });
  return startRun(context, { kind: 'forecast', dataset, model, config: { ...config, replayOf: runId } });
}

/** The run that a request asks for, before it is written down. */
export async function planForecastRun(
  context: Pick<FlowContext, 'store'>,
  input: ForecastRequestInput,
): Promise<NewRun & { kind: 'forecast' }> {
  const plan = await planForecast(context, forecastRequest.parse(input));
  return { kind: 'forecast', dataset: plan.dataset, model: plan.modelName, config: plan as unknown as Json };
}

/** @throws HORIZON_TOO_LONG */
export function checkHorizon(
  {
    kind,
    model,
    no,
    horizon: trained,
    config,
  }: Pick<ModelVersionRecord, 'kind' | 'model' | 'horizon' | 'config'> & { no: number | string },
  horizon: number,
): void {
  const longest = plans.of(kind).longestHorizon(trained, config, plans);
  if (horizon <= longest) return;
  throw new AlmanacError(
    'HORIZON_TOO_LONG',
    `The model ${model}/${no} was trained for ${trained} steps and forecasts up to ${longest}, not ${horizon}.`,
    {
      hint: 'Ask for fewer steps, or train a model with a longer horizon.',
      subject: { model, horizon: longest },
    },
  );
}

async function planForecast({ store }: Pick<FlowContext, 'store'>, request: ForecastRequest): Promise<ForecastPlan> {
  const version = await resolveModel({ store }, request.model);
  const model = await store.models.get(version.model);
  const dataset = await store.datasets.getById(model.datasetId);
  const { no } = await store.datasets.version(dataset.id, request.datasetVersion ?? dataset.currentVersion);
  const horizon = request.horizon ?? version.horizon;
  checkHorizon(version, horizon);
  const uniqueIds = await selectSeries(store, dataset, request);
  const grid = Frequency.parse(dataset.frequency, dataset.timeZone);
  return {
    ...request,
    ...(uniqueIds ? { uniqueIds } : {}),
    modelName: version.model,
    modelVersion: version.no,
    modelVersionId: version.id,
    dataset: dataset.name,
    datasetVersion: no,
    horizon,
    ...(request.cutoff === undefined ? {} : { cutoffStep: grid.floorStep(Date.parse(request.cutoff)) }),
  };
}
