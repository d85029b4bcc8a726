/** Threads of a training that has them decided already: its weights depend on the number. */
import type { WorkerResources } from '@almanac/contracts';
import { JobStopped } from '@almanac/platform';
import type { RunContext } from '../../runs/execute/index.js';

const SEEN_WITHIN_MS = 15_000;
/** Before a worker that is too small looks at it again. */
const LATER_MS = 5_000;

/** @throws JobStopped yielded, where this worker has fewer, and another that is running has as many */
export async function leaveToLarger({ store }: Pick<RunContext, 'store'>, wanted: number | undefined, has: number): Promise<void> {
  if (wanted === undefined || wanted <= has) return;
  const workers = await store.workers.list(SEEN_WITHIN_MS);
  const enough = workers.some(({ resources }) => ((resources as WorkerResources | null)?.threads ?? 0) >= wanted);
  if (enough) throw new JobStopped('yielded', LATER_MS);
}
