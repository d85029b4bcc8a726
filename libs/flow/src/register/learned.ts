/** What a version has learned from: it cannot be judged fairly on that. */
import type { ModelVersionRecord, Store } from '@almanac/store';

/** Last step that the training of a version saw; undefined where nobody knows. */
export async function learnedUntil(
  store: Store,
  { runId }: Pick<ModelVersionRecord, 'runId'>,
  datasetId: string,
): Promise<number | undefined> {
  const { config } = await store.runs.get(runId);
  const { datasetVersion, holdout, learnedUntilStep } = config as {
    datasetVersion?: number;
    holdout?: number;
    learnedUntilStep?: number | null;
  };
  if (learnedUntilStep !== undefined) return learnedUntilStep ?? undefined;
  if (datasetVersion === undefined || holdout === undefined) return undefined;
  return ((await store.datasets.version(datasetId, datasetVersion)).lastStep ?? 0) - holdout;
}
