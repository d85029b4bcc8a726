/** Reads a panel of a dataset version as the forecasting library wants it. */
import type { Panel, SeriesData } from '@almanac/forecasting';
import type { DatasetRecord, Store, StoredSeries } from '@almanac/store';
import { seasonLengthsOf } from '../query/grid.js';
import { completed, namesIn } from './covariates.js';
import { type PartialStep, readWhole } from './wholeSteps.js';

export interface PanelQuery {
  version: number;
  /** Last step to read. */
  untilStep?: number | undefined;
  ids?: readonly string[] | undefined;
  signal?: AbortSignal | undefined;
  /** Is shown each series as it is stored. */
  onSeries?: (series: StoredSeries) => void;
}

export function toSeriesData({ id, firstStep, values, staticCovariates, pastCovariates, futureCovariates }: StoredSeries): SeriesData {
  const numbers = Object.entries(staticCovariates).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  return {
    id,
    firstStep,
    values,
    ...(numbers.length > 0 ? { staticCovariates: Object.fromEntries(numbers) } : {}),
    ...(pastCovariates ? { pastCovariates } : {}),
    ...(futureCovariates ? { futureCovariates } : {}),
  };
}

export function panelOf(dataset: DatasetRecord, series: readonly SeriesData[]): Panel {
  const { frequency, timeZone } = dataset;
  return { frequency, timeZone, seasonLengths: seasonLengthsOf(dataset), series };
}

/** A panel to learn from or to judge by, and what was left out of it. */
export interface WholePanel {
  panel: Panel;
  partial: PartialStep[];
}

/**
 * Every series has every covariate that one of them has (see `completed`), and no step that events cover in part (see `readWhole`).
 * One that has no other steps is not there.
 */
export async function readPanel(store: Store, dataset: DatasetRecord, { onSeries, ...query }: PanelQuery): Promise<WholePanel> {
  const all: SeriesData[] = [];
  const partial: PartialStep[] = [];
  for await (const { series, partial: steps } of readWhole(store, dataset, { ...query, covariates: true })) {
    for (const step of steps) partial.push({ uniqueId: series.id, step });
    if (series.values.length === 0) continue;
    onSeries?.(series);
    all.push(toSeriesData(series));
  }
  const names = namesIn(all);
  const panel = panelOf(
    dataset,
    all.map((one) => completed(one, names, 0)),
  );
  return { panel, partial };
}
