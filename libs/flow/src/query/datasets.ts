/** Datasets, their versions, their series and the values of one. */
import type { Dataset, DatasetVersion, Observations, Page, Series, SeriesSort, StaticCovariateList } from '@almanac/contracts';
import { type Findings } from '@almanac/contracts';
import type { Frequency } from '@almanac/series';
import type { DatasetRecord, PageQuery, RankedSeries, SeriesRecord, Store } from '@almanac/store';
import { gridOf, orNull, seasonLengthsOf, stepAt } from './grid.js';

type Source = { store: Store };

export async function listDatasets({ store }: Source, query: PageQuery): Promise<Page<Dataset>> {
  const page = await store.datasets.list(query);
  return { items: page.items.map(toDataset), next: page.next };
}

/** @throws AlmanacError DATASET_NOT_FOUND */
export async function getDataset({ store }: Source, name: string): Promise<Dataset> {
  return toDataset(await store.datasets.get(name));
}

/** @throws AlmanacError DATASET_NOT_FOUND */
export async function listDatasetVersions({ store }: Source, name: string, query: PageQuery): Promise<Page<DatasetVersion>> {
  const { id } = await store.datasets.get(name);
  const page = await store.datasets.versions(id, query);
  const items = page.items.map((version): DatasetVersion => ({
    version: version.no,
    uploadId: version.uploadId,
    fileName: version.fileName,
    sha256: version.sha256,
    findings: version.findings as Findings | null,
    createdAt: version.committedAt.toISOString(),
  }));
  return { items, next: page.next };
}

/** @throws AlmanacError DATASET_NOT_FOUND */
export async function listSeries({ store }: Source, name: string, query: SeriesQuery): Promise<Page<Series>> {
  const { sparkline, sort, where, ...rest } = query;
  const paging = { ...rest, ...(where === undefined ? {} : { where: conditionOf(where) }) };
  const dataset = await store.datasets.get(name);
  const limit = sparkline === undefined ? paging.limit : Math.min(paging.limit ?? SPARKLINES_PER_PAGE, SPARKLINES_PER_PAGE);
  const page = await (sort === undefined || sort === 'id'
    ? store.series.list(dataset.id, { ...paging, limit, places: true })
    : store.series.ranked(dataset.id, { ...paging, limit, ...RANKINGS[sort], season: seasonOf(dataset) }));
  const items = page.items.map((one) => toSeries(dataset, one));
  if (sparkline === undefined) return { items, next: page.next };
  const lines = await Promise.all(page.items.map((one) => lastSteps(store, one, sparkline)));
  return { items: items.map((one, index) => ({ ...one, sparkline: lines[index]! })), next: page.next };
}

/** `region=north`. A value may hold an equals sign, a name may not. */
const conditionOf = (where: string): Record<string, string> => {
  const at = where.indexOf('=');
  return { [where.slice(0, at)]: where.slice(at + 1) };
};

const MOST_VALUES = 100;

/** @throws AlmanacError DATASET_NOT_FOUND */
export async function listStaticCovariates({ store }: Source, name: string): Promise<StaticCovariateList> {
  const { id } = await store.datasets.get(name);
  const rows = await store.series.staticCovariates(id, MOST_VALUES);
  return {
    items: [...Map.groupBy(rows, (row) => row.name)].map(([covariate, values]) => ({
      name: covariate,
      values: values.slice(0, MOST_VALUES).map(({ value, series }) => ({ value, series })),
      more: values.length > MOST_VALUES,
    })),
  };
}

async function lastSteps(store: Store, { id, firstStep, length }: SeriesRecord, count: number): Promise<(number | null)[]> {
  if (length === 0) return [];
  const range = await store.series.readRange(id, { fromStep: Math.max(firstStep, firstStep + length - count), maxPoints: count });
  return Array.from(range.values, orNull);
}

const RANKINGS = {
  worst: { by: 'error', descending: true },
  best: { by: 'error', descending: false },
  rise: { by: 'change', descending: true },
  fall: { by: 'change', descending: false },
} as const;

/** Seasons that are compared are weeks of hours or days, years of months; a year of days would be no news. */
const LONGEST_SEASON = 200;

function seasonOf(dataset: DatasetRecord): number {
  return Math.max(1, ...seasonLengthsOf(dataset).filter((length) => length <= LONGEST_SEASON));
}

export interface SeriesQuery extends PageQuery {
  sort?: SeriesSort | undefined;
  search?: string | undefined;
  /** NAME=VALUE of a static covariate. */
  where?: string | undefined;
  /** Also the last so many steps of each series. */
  sparkline?: number | undefined;
}

/** Each costs a read of its own. */
const SPARKLINES_PER_PAGE = 100;

export interface ObservationsQuery {
  from?: string | number | undefined;
  to?: string | number | undefined;
  maxPoints?: number | undefined;
  channel?: string | undefined;
}

export interface TaggedObservations {
  /** Stays the same as long as the answer does. */
  tag: string;
  /** Null where the caller has the answer already. */
  observations: Observations | null;
}

/**
 * One statement of the database, or two where a range is asked for: only the dataset's grid tells which steps lie in it.
 * @param known tag of an answer that the caller still has
 * @throws AlmanacError DATASET_NOT_FOUND, SERIES_NOT_FOUND, CHANNEL_NOT_FOUND
 */
export async function getObservations(
  { store }: Source,
  dataset: string,
  uniqueId: string,
  query: ObservationsQuery,
  known?: string,
): Promise<TaggedObservations> {
  const { from, to, maxPoints, channel = 'y' } = query;
  const steps = from === undefined && to === undefined ? {} : stepsBetween(gridOf(await store.datasets.get(dataset)), from, to);
  const range = await store.series.readRange(
    { dataset, uniqueId },
    { ...steps, channel, ...(maxPoints === undefined ? {} : { maxPoints }), ...(known === undefined ? {} : { known }) },
  );
  const tag = range.stamp;
  if (tag === known) return { tag, observations: null };
  const grid = gridOf(range);
  const ds = Array.from(range.steps, (step) => grid.wire(step));
  return { tag, observations: { uniqueId, channel, downsampled: range.downsampled, ds, y: Array.from(range.values, orNull) } };
}

function stepsBetween(
  grid: Frequency,
  from: ObservationsQuery['from'],
  to: ObservationsQuery['to'],
): { fromStep?: number; toStep?: number } {
  return {
    ...(from === undefined ? {} : { fromStep: stepAt(grid, from) }),
    ...(to === undefined ? {} : { toStep: stepAt(grid, to) }),
  };
}

export function toDataset(record: DatasetRecord): Dataset {
  const grid = gridOf(record);
  return {
    id: record.id,
    name: record.name,
    frequency: grid.label,
    timeZone: record.timeZone,
    seasonLengths: seasonLengthsOf(record),
    closures: grid.closures && { label: grid.closures.label, days: grid.closures.days.length },
    keepDays: record.keepDays,
    version: record.currentVersion,
    seriesCount: record.seriesCount,
    observationCount: record.observationCount,
    start: record.firstStep === null ? null : grid.wire(record.firstStep),
    end: record.lastStep === null ? null : grid.wire(record.lastStep),
    createdAt: record.createdAt.toISOString(),
    updatedAt: record.updatedAt.toISOString(),
  };
}

function toSeries(dataset: DatasetRecord, record: SeriesRecord & Partial<RankedSeries>): Series {
  const grid = gridOf(dataset);
  return {
    uniqueId: record.uniqueId,
    length: record.length,
    start: record.length === 0 ? null : grid.wire(record.firstStep),
    end: record.length === 0 ? null : grid.wire(record.firstStep + record.length - 1),
    staticCovariates: record.staticCovariates,
    ...(record.error === undefined ? {} : { error: record.error }),
    ...(record.change === undefined ? {} : { change: record.change }),
  };
}
