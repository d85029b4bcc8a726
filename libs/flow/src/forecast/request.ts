/** The request side of forecasting: the model reference is resolved when it is asked for, so that a run is about one version. */
import { CONTRIBUTION_LIMITS, type ForecastRequest, forecastRequest, type ForecastRequestInput, type Run } from '@almanac/contracts';
import { isKind, plans } from '@almanac/forecasting/plan';
import { AlmanacError, Frequency } from '@almanac/series';
import { ask } from '../ask.js';
import { selectSeries } from '../query/selectSeries.js';
import { resolveModel } from '../register/reference.js';
import { stepAt } from '../query/grid.js';
import type { FlowContext } from '../runs/context.js';
import { type NewPlannedRun, readRun } from '../runs/kinds.js';
import { refuseApart } from './apart.js';
import { checkHorizon } from './horizon.js';
import { type ForecastPlan, isInParts } from './plan.js';

/**
 * @throws AlmanacError MODEL_NOT_FOUND, MODEL_VERSION_NOT_FOUND, HORIZON_TOO_LONG, DATASET_VERSION_NOT_FOUND, SERIES_NOT_FOUND,
 * CONTRIBUTIONS_NOT_POSSIBLE, CONTRIBUTIONS_TOO_MANY
 */
export async function requestForecast(
  context: FlowContext,
  input: ForecastRequestInput,
  options: { priority?: number } = {},
): Promise<Run> {
  return ask(context, planForecastRun(context, input), options);
}

/**
 * Makes a stored forecast again: same version of the data, same model version, same cutoff.
 * @throws AlmanacError RUN_NOT_FOUND, NOT_A_FORECAST
 */
export async function requestReplay(context: FlowContext, runId: string): Promise<Run> {
  const before = await context.store.runs.get(runId);
  const { dataset, model } = before;
  const stored = before.kind === 'forecast' && before.status === 'succeeded' ? readRun('forecast', before).config : undefined;
  if (!stored || stored.replayOf !== undefined)
    throw new AlmanacError('NOT_A_FORECAST', `The run ${runId} has no stored forecast to replay.`, {
      hint: 'Give the run of a forecast that has succeeded.',
      subject: { run: runId },
    });
  return ask(context, { kind: 'forecast', dataset, model, config: { ...stored, replayOf: runId } });
}

/** The run that a request asks for, before it is written down. */
export async function planForecastRun(
  context: Pick<FlowContext, 'store'>,
  input: ForecastRequestInput,
): Promise<NewPlannedRun<'forecast'>> {
  const plan = await planForecast(context, forecastRequest.parse(input));
  const { seriesCount } = await context.store.datasets.get(plan.dataset);
  const inParts = isInParts(plan, seriesCount);
  return { kind: 'forecast', dataset: plan.dataset, model: plan.modelName, config: plan, ...(inParts ? { queue: 'gather' } : {}) };
}

async function planForecast({ store }: Pick<FlowContext, 'store'>, request: ForecastRequest): Promise<ForecastPlan> {
  const version = await resolveModel({ store }, request.model);
  const model = await store.models.get(version.model);
  const dataset = await store.datasets.getById(model.datasetId);
  const { no } = await store.datasets.version(dataset.id, request.datasetVersion ?? dataset.currentVersion);
  const horizon = request.horizon ?? version.horizon;
  checkHorizon(version, horizon);
  const uniqueIds = await selectSeries(store, dataset, request, isKind(version.kind) && plans.of(version.kind).startsCold);
  if (request.contributions) {
    refuseApart(version, horizon);
    const series = uniqueIds?.length ?? dataset.seriesCount;
    if (series > CONTRIBUTION_LIMITS.runSeries)
      throw new AlmanacError('CONTRIBUTIONS_TOO_MANY', `${series} forecasts are too many to be taken apart at once.`, {
        hint: `Name up to ${CONTRIBUTION_LIMITS.runSeries} series, or ask for single ones of the stored forecast (POST /v1/forecasts/contributions).`,
        subject: { series },
      });
  }
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
    ...(request.cutoff === undefined ? {} : { cutoffStep: stepAt(grid, request.cutoff) }),
  };
}
