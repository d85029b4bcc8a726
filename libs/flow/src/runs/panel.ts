/** Reads a panel of a dataset version as the forecasting library wants it. */
import type { Panel, SeriesData } from '@almanac/forecasting';
import type { DatasetRecord, Store, StoredSeries } from '@almanac/store';
import { seasonLengthsOf } from '../query/grid.js';
import {
  asNumbers,
  type Categories,
  categoryOf,
  countTexts,
  readableCategories,
  withOtherValues,
  withoutCategories,
} from './categories.js';
import { completed, namesIn } from './covariates.js';
import { type PartialStep, readWhole } from './wholeSteps.js';

export interface PanelQuery {
  version: number;
  /** Last step to read. */
  untilStep?: number | undefined;
  ids?: readonly string[] | undefined;
  /** See the store: as if what came after a step were something else. */
  altered?: { after: number; futureAfter: number } | undefined;
  signal?: AbortSignal | undefined;
}

export function toSeriesData({ id, firstStep, values, staticCovariates, pastCovariates, futureCovariates }: StoredSeries): SeriesData {
  const numbers = asNumbers(staticCovariates);
  const series: SeriesData = {
    id,
    firstStep,
    values,
    ...(Object.keys(numbers).length > 0 ? { staticCovariates: numbers } : {}),
    ...(pastCovariates ? { pastCovariates } : {}),
    ...(futureCovariates ? { futureCovariates } : {}),
  };
  return withOtherValues(series, { past: [], future: [] });
}

export function panelOf(dataset: DatasetRecord, series: readonly SeriesData[]): Panel {
  const { frequency, timeZone } = dataset;
  return { frequency, timeZone, seasonLengths: seasonLengthsOf(dataset), series };
}

/** A panel to learn from or to judge by, and what was left out of it. */
export interface WholePanel {
  panel: Panel;
  partial: PartialStep[];
  categories: Categories;
}

/**
 * Every series has every covariate that one of them has (see `completed`), and no step that events cover in part (see `readWhole`).
 * One that has no other steps is not there.
 */
export async function readPanel(store: Store, dataset: DatasetRecord, query: PanelQuery): Promise<WholePanel> {
  const all: SeriesData[] = [];
  const partial: PartialStep[] = [];
  const counts = new Map<string, Map<string, number>>();
  for await (const { series, partial: steps } of readWhole(store, dataset, { ...query, covariates: true })) {
    for (const step of steps) partial.push({ uniqueId: series.id, step });
    if (series.values.length === 0) continue;
    countTexts(counts, series.staticCovariates);
    all.push(toSeriesData(series));
  }
  const categories = readableCategories(counts);
  const there = namesIn(all);
  const names = { ...there, static: [...there.static.filter((name) => categoryOf(name) === undefined), ...categories.read] };
  const unread = new Set(query.ids === undefined ? categories.leftOut.map(({ name }) => name) : []);
  const panel = panelOf(
    dataset,
    all.map((one) => completed(withoutCategories(one, unread), names, 0)),
  );
  return { panel, partial, categories };
}
