/**
 * The registry: what a training run made becomes the next version of a model, and names point at versions.
 * Invariants: a version never changes; the history of an alias is only ever added to; one run makes at most one version.
 */
import type { ModelChoice, ModelVersion, Score, StandIn } from '@almanac/contracts';
import type { Checkpoint, Dependence } from '@almanac/forecasting';
import { AlmanacError } from '@almanac/series';
import type { AliasName, Json, ModelVersionRecord } from '@almanac/store';
import type { FlowContext } from '../runs/context.js';
import { saveCheckpoint } from './checkpoint.js';
import { namedVersion } from './reference.js';
import { toModelVersion } from './wire.js';

/** What predicting the time of another training rests on. */
export interface Pace {
  /** Of the model. */
  kind: string;
  /** Floating-point operations of all steps. */
  operations: number;
  seconds: number;
  /** Of the run, beside training. */
  otherSeconds: number;
  device: 'cpu' | 'gpu';
}

export interface Registration {
  model: string;
  datasetId: string;
  runId: string;
  kind: string;
  horizon: number;
  config: Json;
  checkpoint: Checkpoint;
  score: Score;
  baselines: Score[];
  /** Label of the baseline that the ratio is to. */
  baseline?: string | undefined;
  wqlRatio: number | null;
  /** Of a kind that is made of others. */
  choice?: ModelChoice | undefined;
  /** How its errors hang together; left out where no steps were held out. */
  dependence?: Dependence | undefined;
  /** How fast it was trained; left out for what learns nothing. */
  pace?: Pace | undefined;
  /** Of a baseline in the place of a champion. */
  standsIn?: StandIn | undefined;
  /** Make it champion where there is none. */
  promoteIfFirst: boolean;
  /** Make it champion in place of this version, or register nothing. */
  succeeds?: { no: number; reason: string };
}

/**
 * Stores the checkpoint and adds the version; a run that is delivered twice finds its version there already.
 * @throws AlmanacError CHAMPION_MOVED what it was to succeed is not champion any more
 */
export async function registerVersion(
  { store, objects }: Pick<FlowContext, 'store' | 'objects'>,
  registration: Registration,
): Promise<ModelVersionRecord> {
  const { model, datasetId, runId, kind, horizon, config, score, baselines, baseline, wqlRatio, choice } = registration;
  const stored = await saveCheckpoint(objects, registration.checkpoint);
  return store.transaction(async (within) => {
    const { id } = await within.models.ensure(model, datasetId);
    const before = await within.models.findVersion(model, { runId });
    if (before) return before;
    const { pace, dependence, standsIn } = registration;
    const metrics = {
      score,
      baselines,
      ...(baseline === undefined ? {} : { baseline }),
      wqlRatio,
      ...(choice ? { choice } : {}),
      ...(pace ? { pace } : {}),
      ...(dependence ? { dependence } : {}),
      ...(standsIn ? { standsIn } : {}),
    };
    const added = await within.models.addVersion(
      id,
      { runId, kind, horizon, config, metrics, ...stored },
      { promoteIfFirst: registration.promoteIfFirst },
    );
    if (!registration.succeeds) return added;
    const { no, reason } = registration.succeeds;
    // Adding the version has locked the model: the champion stays who it is until this is committed.
    const { champion } = await within.models.get(model);
    if (champion !== no)
      throw new AlmanacError('CHAMPION_MOVED', `Version ${no} of "${model}" is champion no more.`, {
        hint: 'Learn again, from the champion of now.',
        subject: { model, version: no, champion },
        status: 409,
      });
    return within.models.setAlias(model, 'champion', added.no, reason);
  });
}

/** Points an alias at a version and writes down why. @throws AlmanacError MODEL_NOT_FOUND, MODEL_VERSION_NOT_FOUND */
export async function setAlias(
  context: FlowContext,
  model: string,
  alias: AliasName,
  version: number | AliasName,
  reason: string,
): Promise<ModelVersion> {
  const { no } = await namedVersion(context, model, version);
  return toModelVersion(context.store, await context.store.models.setAlias(model, alias, no, reason));
}

/** Sets tags of a version; null takes one away. @throws AlmanacError MODEL_NOT_FOUND, MODEL_VERSION_NOT_FOUND */
export async function tagVersion(
  context: Pick<FlowContext, 'store'>,
  model: string,
  version: number | AliasName,
  tags: Readonly<Record<string, string | null>>,
): Promise<ModelVersion> {
  const { no } = await namedVersion(context, model, version);
  return toModelVersion(context.store, await context.store.models.tag(model, no, tags));
}
