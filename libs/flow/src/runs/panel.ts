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

/** What training leaves out: a part of a step is no value of it. */
export interface TrainingPanel {
  panel: Panel;
  partial: { uniqueId: string; step: number }[];
}

/** The panel without the steps that events cover in part: cut off at the ends of a series, gaps within. */
export async function readTrainingPanel(store: Store, dataset: DatasetRecord, query: PanelQuery): Promise<TrainingPanel> {
  const [panel, known] = [await readPanel(store, dataset, query), await store.datasets.partialSteps(dataset.id, query.version)];
  const partial: TrainingPanel['partial'] = [];
  const series = panel.series.map((one) => {
    const steps = (known[one.id] ?? []).filter((step) => !Number.isNaN(one.values[step - one.firstStep] ?? NaN));
    for (const step of steps) partial.push({ uniqueId: one.id, step });
    return steps.length === 0 ? one : withoutSteps(one, steps);
  });
  return { panel: { ...panel, series }, partial };
}

function withoutSteps(series: SeriesData, steps: readonly number[]): SeriesData {
  const values = series.values.slice();
  for (const step of steps) values[step - series.firstStep] = NaN;
  const first = values.findIndex((value) => !Number.isNaN(value));
  const end = values.findLastIndex((value) => !Number.isNaN(value)) + 1;
  const past =
    series.pastCovariates && Object.fromEntries(Object.entries(series.pastCovariates).map(([name, all]) => [name, all.slice(0, end)]));
  return withoutFirst({ ...series, values: values.slice(0, end), ...(past ? { pastCovariates: past } : {}) }, Math.max(0, first));
}
