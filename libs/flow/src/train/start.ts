/** A training that goes on from the weights of a version: which one, and with which settings. */
import type { TrainRequest } from '@almanac/contracts';
import { isKind, plans } from '@almanac/forecasting/plan';
import { AlmanacError } from '@almanac/series';
import type { DatasetVersionRecord, ModelVersionRecord, Store } from '@almanac/store';
import { resolveModel } from '../register/reference.js';
import { unlearnedBy } from './champion.js';

/** What a training on little new data takes of the one before: a share of its steps, at a share of its rate. */
const STEPS_SHARE = 1 / 4;
const FEWEST_STEPS = 50;
const RATE_SHARE = 1 / 3;

interface Trained {
  train: { steps: number; learningRate: number };
}

/**
 * The request with the settings of the version that it starts from. @throws AlmanacError START_NOT_POSSIBLE, OPTIONS_CONFLICT,
 * MODEL_NOT_FOUND, MODEL_VERSION_NOT_FOUND
 */
export async function startingFrom(
  store: Store,
  reference: string,
  request: TrainRequest,
): Promise<{ request: TrainRequest; version: ModelVersionRecord }> {
  const version = await resolveModel({ store }, reference);
  const label = `${version.model}/${version.no}`;
  const subject = { startFrom: label };
  if (!isKind(version.kind) || !plans.of(version.kind).startsFrom)
    throw new AlmanacError('START_NOT_POSSIBLE', `${label} is a ${version.kind} model, which nothing can go on from.`, {
      hint: 'Start from a version of the kind segment, or train anew.',
      subject,
      status: 409,
    });
  if (request.kind !== version.kind)
    throw new AlmanacError('START_NOT_POSSIBLE', `A ${request.kind} model cannot start from ${label}, which is a ${version.kind} model.`, {
      hint: `Train the kind ${version.kind}.`,
      subject,
      status: 409,
    });
  const { train: changes, ...others } = request.config as Partial<Trained>;
  const [fixed] = [...Object.keys(others), ...(request.contextLength === undefined ? [] : ['contextLength'])];
  const horizon = request.horizon ?? version.horizon;
  if (fixed !== undefined || horizon !== version.horizon)
    throw new AlmanacError(
      'OPTIONS_CONFLICT',
      fixed === undefined
        ? `${label} forecasts ${version.horizon} steps; one that goes on from its weights cannot forecast ${horizon}.`
        : `The setting ${fixed} is that of ${label}: other settings do not fit its weights.`,
      {
        hint: 'Leave it out; of the settings only `train` can be given, and `steps`.',
        subject: { ...subject, ...(fixed ? { setting: fixed } : {}) },
      },
    );
  const { train, ...settings } = version.config as Trained & Record<string, unknown>;
  const steps = request.steps ?? changes?.steps ?? Math.max(FEWEST_STEPS, Math.round(train.steps * STEPS_SHARE));
  const own = { ...train, learningRate: train.learningRate * RATE_SHARE, ...changes, steps };
  return { request: { ...request, steps: undefined, horizon, config: { ...settings, train: own } }, version };
}

/**
 * What was held out must be new to the version, or its accuracy would be that of something it knew.
 * @throws AlmanacError START_KNOWS_HOLDOUT
 */
export async function refuseKnown(store: Store, start: ModelVersionRecord, version: DatasetVersionRecord, holdout: number): Promise<void> {
  const { datasetId } = await store.models.get(start.model);
  if (datasetId !== version.datasetId) return;
  const unlearned = await unlearnedBy(store, start, version);
  if (unlearned === undefined || unlearned >= holdout) return;
  throw new AlmanacError(
    'START_KNOWS_HOLDOUT',
    `${start.model}/${start.no} has learned all but the last ${unlearned} steps, and ${holdout} are held out: its accuracy on them would flatter.`,
    {
      hint: unlearned > 0 ? `Hold out ${unlearned} steps or fewer, or train anew.` : 'Upload newer observations first, or train anew.',
      subject: { startFrom: `${start.model}/${start.no}`, holdout, unlearned },
      status: 409,
    },
  );
}
