/** What the champion of a model has learned: a gate compares on other steps, or trains its recipe again without them. */
import { monitorResult } from '@almanac/contracts';
import { plans } from '@almanac/forecasting/plan';
import type { DatasetVersionRecord, ModelVersionRecord, Store } from '@almanac/store';
import { learnedUntil } from '../register/learned.js';
import { lastWhole, partialSteps } from '../runs/wholeSteps.js';
import type { GateFacts } from './windows.js';

/** Last steps of a dataset version that a version of a model has not learned; undefined where it learned nothing, as a baseline. */
export async function unlearnedBy(
  store: Store,
  champion: ModelVersionRecord,
  { datasetId, no, lastStep }: Pick<DatasetVersionRecord, 'datasetId' | 'no' | 'lastStep'>,
): Promise<number | undefined> {
  if (!plans.of(champion.kind).trainable) return undefined;
  const learned = (await learnedUntil(store, champion, datasetId)) ?? Infinity;
  return Math.max(0, (lastWhole(lastStep, await partialSteps(store, datasetId, no)) ?? 0) - learned);
}

/** What the gate of a training asked for now has to do with. */
export async function gateFacts(store: Store, name: string, version: DatasetVersionRecord): Promise<Omit<GateFacts, 'length'>> {
  const model = await store.models.find(name);
  if (!model || model.champion === null) return {};
  const champion = await store.models.version(name, { no: model.champion });
  return { unlearned: await unlearnedBy(store, champion, version), broken: await isBroken(store, champion) };
}

/** A break was confirmed, and no challenger has passed since. */
async function isBroken(store: Store, { model, no, metrics }: ModelVersionRecord): Promise<boolean> {
  if ((metrics as { standsIn?: object }).standsIn) return true;
  const [latest] = await store.scores.verdicts(model, 1);
  return latest !== undefined && monitorResult.parse(latest).break?.version === no;
}
