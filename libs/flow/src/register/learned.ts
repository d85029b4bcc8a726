/** What a version has learned from: it cannot be judged fairly on that. */
import { isKind, plans } from '@almanac/forecasting/plan';
import type { ModelVersionRecord, RunRecord, Store } from '@almanac/store';
import { readRun } from '../runs/kinds.js';
import { lastWhole, partialSteps } from '../runs/wholeSteps.js';

/** Last step that the training of a version saw; undefined where nobody knows. */
export async function learnedUntil(
  store: Store,
  { runId }: Pick<ModelVersionRecord, 'runId'>,
  datasetId: string,
): Promise<number | undefined> {
  const run = await store.runs.get(runId);
  if (run.kind === 'import') return readRun('import', run).config.learnedUntilStep ?? undefined;
  const plan = planOfMaker(run);
  if (!plan) return undefined;
  const { no, lastStep } = await store.datasets.version(datasetId, plan.datasetVersion);
  return (lastWhole(lastStep, await partialSteps(store, datasetId, no)) ?? 0) - plan.holdout;
}

/** The same, before any where it learned nothing or nobody knows: what is forecast from an earlier cutoff is hindsight. */
export async function learnedStep(store: Store, version: Pick<ModelVersionRecord, 'runId' | 'kind'>, datasetId: string): Promise<number> {
  if (!isKind(version.kind) || !plans.of(version.kind).trainable) return -Infinity;
  return (await learnedUntil(store, version, datasetId)) ?? -Infinity;
}

/** Last steps of the dataset version that the run which made a model version did not show it; null where nobody knows. */
export const holdoutOf = (run: RunRecord): number | null => planOfMaker(run)?.holdout ?? null;

function planOfMaker(run: RunRecord): { datasetVersion: number; holdout: number } | undefined {
  if (run.kind === 'train') return readRun('train', run).config;
  return run.kind === 'learn' ? readRun('learn', run).config : undefined;
}
