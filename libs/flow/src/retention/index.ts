/** How long a workspace keeps finished runs and what belongs to them: shown, set, and carried out a batch at a time. */
import { keptName, type Retention, type RetentionPatch } from '@almanac/contracts';
import type { FlowContext } from '../runs/context.js';

/** So that one workspace with years to remove does not keep the others waiting; the rest goes the next time. */
const MOST_BATCHES = 100;

export async function getRetention({ store }: Pick<FlowContext, 'store'>): Promise<Retention> {
  const days = await store.retention.days();
  return { forecasts: days.forecasts ?? null, runs: days.runs ?? null, logs: days.logs ?? null };
}

export async function setRetention({ store }: Pick<FlowContext, 'store'>, patch: RetentionPatch): Promise<Retention> {
  return store.transaction(async (within) => {
    for (const name of keptName.options) {
      const days = patch[name];
      if (days !== undefined) await within.retention.keep(name, days);
    }
    return getRetention({ store: within });
  });
}

/** Removes what is older than its days. @returns how many runs, and rows of logs, went */
export async function dropExpired({ store, objects, logger }: Pick<FlowContext, 'store' | 'objects' | 'logger'>): Promise<number> {
  const kept = await getRetention({ store });
  let removed = 0;
  for (const name of keptName.options) {
    const days = kept[name];
    if (days === null) continue;
    let here = 0;
    for (let batch = 0; batch < MOST_BATCHES; batch++) {
      const gone = await store.retention.drop(name, days, (key) => objects.delete(key));
      if (gone === 0) break;
      here += gone;
    }
    if (here > 0) logger.info({ workspace: store.workspaceId, name, days, removed: here }, 'what is too old was removed');
    removed += here;
  }
  return removed;
}
