/** Where the row of a run and its wire form differ. */
import { type Run, run as runSchema } from '@almanac/contracts';
import type { RunRecord } from '@almanac/store';

export function toRun(record: RunRecord): Run {
  return runSchema.parse({
    id: record.id,
    kind: record.kind,
    status: record.status,
    dataset: record.dataset,
    model: record.model,
    config: record.config,
    progress: record.progress,
    result: record.result,
    error: record.error,
    engine: record.engine,
    createdAt: record.createdAt.toISOString(),
    startedAt: record.startedAt?.toISOString() ?? null,
    finishedAt: record.finishedAt?.toISOString() ?? null,
    parentId: record.parentId,
  });
}
