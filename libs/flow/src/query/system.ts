/** What carries the work at the moment. */
import type { EngineInfo, SystemStatus, WorkerResources } from '@almanac/contracts';
import type { FlowContext } from '../runs/context.js';

/** A worker that was not seen for so long is not listed. */
const SEEN_WITHIN_MS = 15_000;

export async function systemStatus({
  store,
  queue,
  codeVersion,
}: Pick<FlowContext, 'store' | 'queue' | 'codeVersion'>): Promise<SystemStatus> {
  const [workspace, depth, workers] = await Promise.all([store.workspaces.get(), queue.depth(), store.workers.list(SEEN_WITHIN_MS)]);
  return {
    version: codeVersion,
    workspace: workspace.name,
    queueDriver: queue.driver,
    queueDepth: depth,
    workers: workers.map(({ id, engine, resources, startedAt, seenAt, busyWith }) => ({
      id,
      engine: engine as EngineInfo | null,
      startedAt: startedAt.toISOString(),
      seenAt: seenAt.toISOString(),
      busyWith,
      resources: resources as WorkerResources | null,
    })),
  };
}
