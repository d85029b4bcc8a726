/** The row by which everybody sees that this worker lives, what it computes on, what it is busy with and whether its clock is right. */
import type { EngineInfo, WorkerResources } from '@almanac/contracts';
import type { DatabaseClock } from '@almanac/flow/runs';
import type { HeldRun, Holder } from '@almanac/flow/runs/execute';
import type { Logger } from '@almanac/platform';
import type { Json, Store } from '@almanac/store';

const BEAT_MS = 5_000;

export interface Presence extends Holder {
  held(): HeldRun[];
  leave(): Promise<void>;
}

export async function announce(
  store: Store,
  workerId: string,
  engine: EngineInfo,
  resources: () => WorkerResources,
  clock: DatabaseClock,
  logger: Logger,
): Promise<Presence> {
  const held = new Map<string, HeldRun>();
  const beat = (): Promise<void> =>
    store.workers
      .beat({
        id: workerId,
        engine: engine as unknown as Json,
        resources: { ...resources() },
        busyWith: [...held.keys()],
        clockSkewMs: clock.skewMs(),
      })
      .catch((error: unknown) => logger.warn({ error }, 'the worker could not tell that it lives'));
  await beat();
  const timer = setInterval(() => void beat(), BEAT_MS);
  return {
    workerId,
    held: () => [...held.values()],
    holds(runId, run) {
      held.set(runId, run);
      void beat();
    },
    letsGo(runId) {
      held.delete(runId);
      void beat();
    },
    async leave() {
      clearInterval(timer);
      await store.workers.remove(workerId).catch(() => undefined);
    },
  };
}
