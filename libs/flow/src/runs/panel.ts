/** Reads a panel of a dataset version as the forecasting library wants it. */
import type { Panel, SeriesData } from '@almanac/forecasting';
import type { DatasetRecord, Store, StoredSeries } from '@almanac/store';
import { seasonLengthsOf } from '../query/grid.js';
import { completed, namesIn } from './covariates.js';

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

/** The same series without its first steps. */
export function withoutFirst(series: SeriesData, steps: number): SeriesData {
  if (steps <= 0) return series;
  const each = (channels: Record<string, Float64Array>): Record<string, Float64Array> =>
    Object.fromEntries(Object.entries(channels).map(([name, values]) => [name, values.slice(steps)]));
  return {
    ...series,
    firstStep: series.firstStep + steps,
    values: series.values.slice(steps),
    ...(series.pastCovariates ? { pastCovariates: each(series.pastCovariates) } : {}),
    ...(series.futureCovariates ? { futureCovariates: each(series.futureCovariates) } : {}),
  };
}

export function panelOf(dataset: DatasetRecord, series: readonly SeriesData[]): Panel {
  const { frequency, timeZone } = dataset;
  return { frequency, timeZone, seasonLengths: seasonLengthsOf(dataset), series };
}

/** Every series has every covariate that one of them has: see `completed`. */
export async function readPanel(store: Store, dataset: DatasetRecord, { onSeries, ...query }: PanelQuery): Promise<Panel> {
  const series: SeriesData[] = [];
  for await (const one of store.series.readPanel(dataset.id, { ...query, covariates: true })) {
    onSeries?.(one);
    series.push(toSeriesData(one));
  }
  const names = namesIn(series);
  return panelOf(
    dataset,
    series.map((one) => completed(one, names, 0)),
  );
}
