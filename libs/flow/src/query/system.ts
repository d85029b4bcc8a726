/** What carries the work at the moment. */
import type { EngineInfo, SystemStatus, WorkerResources } from '@almanac/contracts';
import type { Store } from '@almanac/store';
import type { FlowContext } from '../runs/context.js';

/** A worker that was not seen for so long is not listed. */
const SEEN_WITHIN_MS = 15_000;

export async function systemStatus({
  store,
  queue,
  codeVersion,
}: Pick<FlowContext, 'store' | 'queue' | 'codeVersion'>): Promise<SystemStatus> {
  const [workspace, depth, workers] = await Promise.all([store.workspaces.get(), queue.depth(), store.workers.list(SEEN_WITHIN_MS)]);
  const busy = await Promise.all(workers.map(({ busyWith }) => seenFrom(store, busyWith)));
  return {
    version: codeVersion,
    workspace: workspace.name,
    queueDriver: queue.driver,
    queueDepth: depth,
    workers: workers.map(({ id, engine, resources, startedAt, seenAt, clockSkewMs }, i) => ({
      id,
      engine: engine as EngineInfo | null,
      startedAt: startedAt.toISOString(),
      seenAt: seenAt.toISOString(),
      ...busy[i]!,
      resources: resources as WorkerResources | null,
      clockSkewMs,
    })),
  };
}

/** Workers serve every workspace; of another workspace's runs only the number is shown. */
async function seenFrom(store: Store, busyWith: readonly string[]): Promise<{ busyWith: string[]; busyElsewhere: number }> {
  const own = await store.runs.known(busyWith);
  return { busyWith: own, busyElsewhere: busyWith.length - own.length };
}
