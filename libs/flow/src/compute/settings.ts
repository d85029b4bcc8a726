/**
 * The settings of a model, as its kind's plan derives them: from a stored dataset when a run is asked for, from the panel when
 * it is trained. Loads no TensorFlow.js.
 */
import { type Config, covariatesOf, type PanelFacts, plans, type Wishes } from '@almanac/forecasting/plan';
import type { Panel } from '@almanac/forecasting';
import type { Store } from '@almanac/store';
import { seasonLengthsOf } from '../query/grid.js';
import { MOST_CATEGORIES, readableCategories } from '../runs/categories.js';

/** What is to be fitted. */
export interface Wanted extends Wishes {
  kind: string;
  horizon: number;
  /** Last steps of each series that the rule must not count. */
  holdout: number;
}

/** @throws AlmanacError MODEL_KIND_UNKNOWN, INVALID_CONFIG */
export function settings({ frequency, seasonLengths, series }: Panel, wanted: Wanted): Config {
  const { kind, horizon, holdout } = wanted;
  const facts: PanelFacts = {
    frequency,
    seasonLengths,
    horizon,
    lengths: series.map(({ values }) => Math.max(0, values.length - holdout)),
    count: series.length,
    covariates: covariatesOf(series),
  };
  return plans.settings(kind, facts, wanted);
}

export interface StoredFacts {
  facts: PanelFacts;
  /** Values of all series and channels together. */
  observations: number;
}

/** What is known of a dataset without reading it. @throws AlmanacError DATASET_NOT_FOUND */
export async function storedFacts(
  store: Store,
  name: string,
  { horizon, holdout }: Pick<Wanted, 'horizon' | 'holdout'>,
): Promise<StoredFacts> {
  const dataset = await store.datasets.get(name);
  const [lengths, channels, numbers, values] = await Promise.all([
    store.series.lengths(dataset.id),
    store.datasets.channels(dataset.id),
    store.series.staticNumbers(dataset.id),
    store.series.staticCovariates(dataset.id, MOST_CATEGORIES),
  ]);
  const counts = new Map<string, Map<string, number>>();
  for (const { name, value, series } of values)
    if (!numbers.includes(name)) counts.set(name, (counts.get(name) ?? new Map<string, number>()).set(value, series));
  const statics = [...numbers, ...readableCategories(counts).read];
  const named = (kind: string): string[] => channels.filter((channel) => channel.kind === kind).map((channel) => channel.name);
  const facts: PanelFacts = {
    frequency: dataset.frequency,
    seasonLengths: seasonLengthsOf(dataset),
    horizon,
    lengths: lengths.map((length) => Math.max(0, length - holdout)),
    count: dataset.seriesCount,
    covariates: { static: statics, past: named('past'), future: named('future') },
  };
  return { facts, observations: dataset.observationCount * Math.max(1, channels.length) };
}
