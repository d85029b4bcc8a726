/** Where a dataset and its series stand in the store: for the fill policy, and for how far it may reach. */
import type { Store } from '@almanac/store';
import { NOTHING_STORED, type Stored } from './fill.js';

/** @param uniqueIds whom it is asked about; everybody unless given */
export async function storedSteps(store: Store, name: string, uniqueIds?: readonly string[]): Promise<Stored> {
  const dataset = await store.datasets.find(name);
  if (dataset === null) return NOTHING_STORED;
  const [spans, extent] = await Promise.all([store.series.spans(dataset.id, uniqueIds), store.datasets.extent(dataset.id)]);
  const series = new Map(spans.map(({ uniqueId, firstStep, lastStep }) => [uniqueId, { firstStep, lastStep }]));
  return { series, lastStep: dataset.lastStep, ...extent };
}
