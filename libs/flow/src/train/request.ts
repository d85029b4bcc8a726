/** The request side of training: what can be known to be wrong is refused before anything is queued. */
import { type Run, trainRequest, type TrainRequestInput } from '@almanac/contracts';
import { checkSeed, checkShared, plans } from '@almanac/forecasting/plan';
import { AlmanacError, nearest } from '@almanac/series';
import type { DatasetRecord } from '@almanac/store';
import { refuseKnown, startingFrom } from './start.js';
import { ask } from '../ask.js';
import { seasonLengthsOf } from '../query/grid.js';
import { storedFacts } from '../compute/settings.js';
import { checkHorizon } from '../forecast/horizon.js';
import { selectSeries } from '../query/selectSeries.js';
import type { FlowContext } from '../runs/context.js';
import type { NewPlannedRun } from '../runs/kinds.js';
import { gateFacts } from './champion.js';
import { modelOf, spanOf, trainPlanOf } from './plan.js';

/**
 * @throws AlmanacError DATASET_NOT_FOUND, DATASET_VERSION_NOT_FOUND, MODEL_KIND_UNKNOWN, MODEL_OF_OTHER_DATASET, HOLDOUT_TOO_SHORT,
 * SERIES_TOO_SHORT, HIERARCHY_INVALID, and what the forecast after it is refused for
 */
export async function requestTraining(context: FlowContext, input: TrainRequestInput, options: { priority?: number } = {}): Promise<Run> {
  return ask(context, planTrainingRun(context, input), options);
}

/** The run that a request asks for, before it is written down. @param known.broken a break that is not written down yet */
export async function planTrainingRun(
  { store }: Pick<FlowContext, 'store'>,
  input: TrainRequestInput,
  known: { broken?: boolean } = {},
): Promise<NewPlannedRun<'train'>> {
  const asked = trainRequest.parse(input);
  const start = asked.startFrom === undefined ? undefined : await startingFrom(store, asked.startFrom, asked);
  const request = start?.request ?? asked;
  const { kind } = plans.of(request.kind);
  const dataset = await store.datasets.get(request.dataset);
  const version = await store.datasets.version(dataset.id, request.datasetVersion ?? dataset.currentVersion);
  const model = modelOf(request);
  await refuseOtherDataset(store, model, dataset);
  const seen = { season: seasonLengthsOf(dataset)[0], version: version.no, span: spanOf(version) };
  const plan = trainPlanOf(request, { ...seen, ...(request.gate ? { ...(await gateFacts(store, model, version)), ...known } : {}) });
  if (start) await refuseKnown(store, start.version, version, plan.holdout);
  const { horizon } = plan;
  // What is wrong with a setting is said now, not by a worker.
  const { facts } = await storedFacts(store, dataset.name, plan);
  const config = plans.settings(kind, facts, request);
  checkShared([{ kind, config: request.config }], request);
  checkSeed([{ kind, config: request.config }], request.seed);
  await refuseStrangers(store, dataset, plans.of(kind).hierarchy(config));
  if (request.forecast) {
    checkHorizon({ kind, model, no: 'new', horizon, config }, request.forecast.horizon ?? horizon);
    await selectSeries(store, dataset, request.forecast, plans.of(kind).startsCold);
  }
  return {
    kind: 'train',
    dataset: plan.dataset,
    model,
    seed: plan.seed,
    config: { ...plan, ...(start ? { startVersionId: start.version.id } : {}) },
  };
}

/** Sums over series that are not there would never be made. @throws AlmanacError HIERARCHY_INVALID */
async function refuseStrangers(
  store: FlowContext['store'],
  dataset: DatasetRecord,
  hierarchy: Readonly<Record<string, string>> | undefined,
): Promise<void> {
  if (!hierarchy) return;
  const ids = (await store.series.spans(dataset.id)).map(({ uniqueId }) => uniqueId);
  const known = new Set(ids);
  const strangers = [...new Set(Object.entries(hierarchy).flat())].filter((id) => !known.has(id)).sort();
  if (strangers.length === 0) return;
  const near = nearest(strangers[0]!, ids);
  throw new AlmanacError(
    'HIERARCHY_INVALID',
    `The hierarchy names ${strangers.length} series that "${dataset.name}" does not have: "${strangers.slice(0, 5).join('", "')}"${strangers.length > 5 ? ' and more' : ''}.`,
    {
      hint: near ? `Did you mean "${near}"?` : 'Name each child and each parent by its unique_id; totals are series of the dataset, too.',
      subject: { dataset: dataset.name, series: strangers.slice(0, 5) },
      status: 400,
    },
  );
}

async function refuseOtherDataset(store: FlowContext['store'], model: string, dataset: DatasetRecord): Promise<void> {
  const existing = await store.models.find(model);
  if (existing && existing.datasetId !== dataset.id)
    throw new AlmanacError('MODEL_OF_OTHER_DATASET', `The model "${model}" forecasts the dataset "${existing.dataset}".`, {
      hint: 'Give the new model another name.',
      subject: { model, dataset: existing.dataset },
      status: 409,
    });
}
