/** What stored forecasts are made of, where they have been taken apart. */
import type { Contributions, StoredContributions } from '@almanac/contracts';
import type { ContributionRecord, ForecastRecord, Store } from '@almanac/store';
import { gridOf } from './grid.js';

/** @throws AlmanacError RUN_NOT_FOUND */
export async function getContributions({ store }: { store: Store }, runId: string, uniqueId: string): Promise<StoredContributions> {
  await store.runs.get(runId);
  const parts = await store.forecasts.contributions(runId, uniqueId);
  if (!parts) return { contributions: null };
  const [record] = (await store.forecasts.list({ runId, uniqueId, limit: 1 })).items;
  return { contributions: contributionsOf(record!, parts) };
}

export function contributionsOf(record: ForecastRecord, { parts, horizon }: ContributionRecord): Contributions {
  const grid = gridOf(record);
  const median = record.levels.indexOf(0.5) * horizon;
  return {
    runId: record.runId,
    model: record.model,
    version: record.version,
    uniqueId: record.uniqueId,
    cutoff: grid.wire(record.cutoffStep),
    ds: Array.from({ length: horizon }, (_, h) => grid.wire(record.cutoffStep + 1 + h)),
    median: [...record.quantiles.subarray(median, median + horizon)],
    parts: parts.map(({ kind, name, values }) => ({ kind: kind as Contributions['parts'][number]['kind'], name, values: [...values] })),
  };
}
