/**
 * Stored series as every run reads them: without the steps that events cover in part, since a part of a month is no value of a month.
 * Such steps are cut off at the ends of a series, and gaps within. The answer names them; once more events make such a step
 * whole, its value is there.
 */
import type { StepsLeftOut } from '@almanac/contracts';
import type { SeriesData } from '@almanac/forecasting';
import { Frequency } from '@almanac/series';
import type { DatasetRecord, Store, StoredSeries } from '@almanac/store';

type ReadPanel = NonNullable<Parameters<Store['series']['readPanel']>[1]>;
type Steps = Pick<SeriesData, 'firstStep' | 'values' | 'pastCovariates' | 'futureCovariates'>;

export interface PartialStep {
  uniqueId: string;
  step: number;
}

export interface WholeSeries {
  /** Without values where events cover every step of it in part. */
  series: StoredSeries;
  partial: number[];
}

/** Steps left out that a result names. */
const NAMED = 100;

export async function* readWhole(
  store: Store,
  dataset: Pick<DatasetRecord, 'id'>,
  query: ReadPanel & { version: number },
): AsyncGenerator<WholeSeries, void> {
  const known = await store.datasets.partialSteps(dataset.id, query.version);
  for await (const series of store.series.readPanel(dataset.id, query)) {
    const partial = (known[series.id] ?? []).filter((step) => !Number.isNaN(series.values[step - series.firstStep] ?? NaN));
    yield { series: partial.length === 0 ? series : withoutSteps(series, partial), partial };
  }
}

export async function partialSteps(store: Store, datasetId: string, version: number): Promise<PartialStep[]> {
  const known = Object.entries(await store.datasets.partialSteps(datasetId, version));
  return known.flatMap(([uniqueId, steps]) => steps.map((step) => ({ uniqueId, step })));
}

/** The last step that may be taken for observed: the one before where events cover the last of the version in part in some series. */
export function lastWhole(lastStep: number | null, partial: readonly PartialStep[]): number | null {
  if (lastStep === null) return null;
  const steps = new Set(partial.map(({ step }) => step));
  let last = lastStep;
  while (steps.has(last)) last--;
  return last;
}

export function leftOut(
  { frequency, timeZone }: Pick<DatasetRecord, 'frequency' | 'timeZone'>,
  partial: readonly PartialStep[],
): StepsLeftOut {
  const grid = Frequency.parse(frequency, timeZone);
  return { count: partial.length, items: partial.slice(0, NAMED).map(({ uniqueId, step }) => ({ uniqueId, ds: grid.wire(step) })) };
}

/** The same series without its first steps. */
export function withoutFirst<T extends Steps>(series: T, steps: number): T {
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

function withoutSteps(series: StoredSeries, steps: readonly number[]): StoredSeries {
  const values = series.values.slice();
  for (const step of steps) values[step - series.firstStep] = NaN;
  const first = values.findIndex((value) => !Number.isNaN(value));
  const end = values.findLastIndex((value) => !Number.isNaN(value)) + 1;
  const past =
    series.pastCovariates && Object.fromEntries(Object.entries(series.pastCovariates).map(([name, all]) => [name, all.slice(0, end)]));
  return withoutFirst({ ...series, values: values.slice(0, end), ...(past ? { pastCovariates: past } : {}) }, Math.max(0, first));
}
