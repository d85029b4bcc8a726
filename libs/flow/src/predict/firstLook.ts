/** A first look: series of a dataset forecast before anything is trained on it, by a kind that needs no training. */
import type { FirstLookRequest, Run } from '@almanac/contracts';
import { plans, PLANS, PRETRAINED } from '@almanac/forecasting/plan';
import { AlmanacError } from '@almanac/series';
import { checkKindHorizon } from '../forecast/horizon.js';
import { seasonLengthsOf } from '../query/grid.js';
import type { FlowContext } from '../runs/context.js';
import { defaultHorizon } from '../train/plan.js';
import type { FirstLookPlan } from './plan.js';
import { startPrediction } from './request.js';

/** Series that are shown where none are named. */
const FIRST = 20;

/**
 * @throws AlmanacError DATASET_NOT_FOUND, DATASET_VERSION_NOT_FOUND, SERIES_NOT_FOUND, MODEL_NEEDS_TRAINING, HORIZON_TOO_LONG,
 * DATASET_EMPTY
 */
export async function requestFirstLook(context: FlowContext, name: string, request: FirstLookRequest): Promise<Run> {
  const { store } = context;
  const dataset = await store.datasets.get(name);
  const { no } = await store.datasets.version(dataset.id, request.datasetVersion ?? dataset.currentVersion);
  const model = request.model ?? PRETRAINED;
  if (!plans.of(model).untrained)
    throw new AlmanacError('MODEL_NEEDS_TRAINING', `A ${model} model forecasts once it has been trained.`, {
      hint: `Train one, or look with ${PLANS.filter(({ untrained }) => untrained)
        .map(({ kind }) => kind)
        .join(', ')}.`,
      subject: { kind: model },
    });
  const horizon = request.horizon ?? defaultHorizon(seasonLengthsOf(dataset)[0]);
  checkKindHorizon(model, horizon);
  for (const uniqueId of request.uniqueIds ?? []) await store.series.get(dataset.id, uniqueId);
  const uniqueIds = request.uniqueIds
    ? [...new Set(request.uniqueIds)]
    : (await store.series.list(dataset.id, { limit: FIRST })).items.map((one) => one.uniqueId);
  if (uniqueIds.length === 0)
    throw new AlmanacError('DATASET_EMPTY', `The dataset ${name} has no series with an observation.`, {
      hint: 'Upload observations first.',
      subject: { dataset: name },
    });
  const plan: FirstLookPlan = {
    kind: 'firstLook',
    uniqueIds,
    model,
    dataset: dataset.name,
    datasetVersion: no,
    seriesCount: dataset.seriesCount,
    horizon,
    levels: request.quantiles,
  };
  return startPrediction(context, plan, { model, series: uniqueIds.length, horizon, dataset: dataset.name });
}
