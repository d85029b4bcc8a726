/** Where the series of a dataset stand in the store, for the fill policy. */
import type { Store } from '@almanac/store';
import { NOTHING_STORED, type Stored } from './fill.js';

const PAGE = 1000;

export async function storedSteps(store: Store, name: string): Promise<Stored> {
  const dataset = await store.datasets.find(name);
  if (dataset === null) return NOTHING_STORED;
  const firstSteps = new Map<string, number>();
  let after: string | undefined;
  do {
    const page = await store.series.list(dataset.id, { limit: PAGE, after });
    for (const { uniqueId, firstStep, length } of page.items) if (length > 0) firstSteps.set(uniqueId, firstStep);
    after = page.next ?? undefined;
  } while (after !== undefined);
  return { firstSteps, lastStep: dataset.lastStep };
}
