/** Stored forecasts, as JSON and in the columns that forecasters know, and the attention of one. */
import type { AttentionMapsResource, Forecast, Page } from '@almanac/contracts';
import { csvOf } from '@almanac/contracts/csv';
import { AlmanacError } from '@almanac/series';
import type { ForecastQuery, ForecastRecord, ModelRecord, OverrideRecord, PageQuery, Store } from '@almanac/store';
import { finalOf, lookUp, overridesOf, type Overridden } from './finals.js';
import { gridOf } from './grid.js';

type Source = { store: Store };
/** Written times that are remembered: of more steps than a horizon and the cutoffs before it. */
const MOST_TIMES = 10_000;
type Selection = Omit<ForecastQuery, 'after' | 'limit'>;

/** The latest forecast of each series, or everything of one run. @throws AlmanacError DATASET_, MODEL_, RUN_, SERIES_NOT_FOUND */
export async function latestForecasts({ store }: Source, query: ForecastQuery): Promise<Page<Forecast>> {
  await refuseUnknown(store, query);
  const page = await store.forecasts.list(query);
  const overridden = await overridesOf(store, page.items);
  return { items: page.items.map((record) => toForecast(record, overridden(record))), next: page.next };
}

/** Every stored forecast of one series, the newest cutoff first. @throws AlmanacError DATASET_, SERIES_, MODEL_NOT_FOUND */
export async function listSeriesForecasts(
  { store }: Source,
  dataset: string,
  uniqueId: string,
  query: PageQuery & { model?: string | undefined },
): Promise<Page<Forecast>> {
  const { id } = await store.datasets.get(dataset);
  const series = await store.series.get(id, uniqueId);
  if (query.model !== undefined) await store.models.get(query.model);
  const page = await store.forecasts.history(series.id, query);
  const overridden = await overridesOf(store, page.items);
  return { items: page.items.map((record) => toForecast(record, overridden(record))), next: page.next };
}

/**
 * The latest forecasts as CSV, a piece at a time: `unique_id, ds, cutoff, <model>, <model>-lo-50, <model>-hi-50, …`. Where several
 * models have forecast, each has its columns, and a row fills those of its own. Where a planner has changed one of them, `<model>-override`
 * has the value at the steps that were changed and `<model>-final` that of all steps. Where something must be said of one of them, `notes`
 * is the last column.
 */
export async function latestForecastsCsv({ store }: Source, query: Selection): Promise<AsyncGenerator<string, void>> {
  await refuseUnknown(store, query);
  const models = await modelsOf(store, query);
  const changed = await changedModels(store, query, models);
  return csv(store, query, models, { noted: await store.forecasts.haveNotes(query), ...changed });
}

async function* csv(
  store: Store,
  query: Selection,
  models: readonly { model: string; levels: readonly number[] }[],
  { noted, changed, overridden }: { noted: boolean; changed: ReadonlySet<string>; overridden: Overridden },
): AsyncGenerator<string, void> {
  const columns = models.flatMap(({ model, levels }): Column[] => [
    ...columnsOf(model, levels).map((column) => ({ ...column, model })),
    ...finalNames(model, changed).map((name, no) => ({ name, model, final: no === 0 ? ('override' as const) : ('all' as const) })),
  ]);
  yield csvOf([['unique_id', 'ds', 'cutoff', ...columns.map(({ name }) => name), ...(noted ? ['notes'] : [])]]);
  const layouts = new Layouts(columns);
  for await (const record of store.forecasts.stream(query)) {
    const { horizon, quantiles, cutoffStep } = record;
    const { places, timeOf } = layouts.of(record);
    const overrides = changed.has(record.model) ? overridden(record) : [];
    const final = overrides.length > 0 ? finalOf(record, overrides) : quantiles;
    const touched = new Set(
      overrides.flatMap(({ fromStep, toStep }) => stepsBetween(fromStep, toStep).map((step) => step - cutoffStep - 1)),
    );
    // Only texts of people can hold what CSV has a meaning for.
    const [id, cutoff] = [cellOf(record.uniqueId), timeOf(cutoffStep)];
    const notes = noted ? `,${cellOf((record.notes ?? []).map(({ code, detail }) => `${code}: ${detail}`).join(' '))}` : '';
    let lines = '';
    for (let h = 0; h < horizon; h++) {
      lines += `${id},${timeOf(cutoffStep + 1 + h)},${cutoff}`;
      for (const place of places) {
        if (typeof place === 'number') lines += place < 0 ? ',' : `,${numberOf(quantiles[place * horizon + h]!)}`;
        else lines += place === 'override' && !touched.has(h) ? ',' : `,${numberOf(medianAt(final, record, h))}`;
      }
      lines += `${notes}\n`;
    }
    yield lines;
  }
}

const cellOf = (text: string): string => (text === '' ? '' : csvOf([[text]]).slice(0, -1));
const numberOf = (value: number): string => (Number.isFinite(value) ? String(value) : '');

/** Of a level, or of the final forecast: where it was changed, or everywhere. */
type Column = { name: string; model: string } & ({ level: number } | { final: 'override' | 'all' });

interface Layout {
  /** Of each column, which level of the forecast it shows (-1: none), or what of the final one. */
  places: readonly (number | 'override' | 'all')[];
  /** As CSV has it; a step of an integer grid is a number, whatever its sign. */
  timeOf: (step: number) => string;
}

/** What forecasts of one model over one grid have in common: they mostly differ in their numbers alone. */
class Layouts {
  private readonly known = new Map<string, Layout>();

  constructor(private readonly columns: readonly Column[]) {}

  of(record: ForecastRecord): Layout {
    const key = JSON.stringify([record.model, record.levels, record.frequency, record.timeZone]);
    const known = this.known.get(key);
    if (known) return known;
    const grid = gridOf(record);
    const times = new Map<number, string>();
    const timeOf = (step: number): string => {
      if (grid.kind === 'integer') return String(step);
      const found = times.get(step);
      if (found !== undefined) return found;
      if (times.size >= MOST_TIMES) times.clear();
      const text = cellOf(grid.format(step));
      times.set(step, text);
      return text;
    };
    const levelOf = (level: number): number => record.levels.findIndex((other) => Math.abs(other - level) < 1e-9);
    const placeOf = (column: Column): Layout['places'][number] =>
      column.model !== record.model ? -1 : 'final' in column ? column.final : levelOf(column.level);
    const layout = { places: this.columns.map(placeOf), timeOf };
    this.known.set(key, layout);
    return layout;
  }
}

const stepsBetween = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

const finalNames = (model: string, changed: ReadonlySet<string>): string[] =>
  changed.has(model) ? [`${model}-override`, `${model}-final`] : [];

const medianAt = (quantiles: Float64Array, { levels, horizon }: ForecastRecord, h: number): number =>
  quantiles[levels.indexOf(0.5) * horizon + h] ?? Number.NaN;

/** The models of which a planner has changed some forecast of the selection, and what is changed. */
async function changedModels(
  store: Store,
  query: Selection,
  models: readonly { model: string }[],
): Promise<{ changed: ReadonlySet<string>; overridden: Overridden }> {
  const changed = new Set<string>();
  const all: OverrideRecord[] = [];
  const known = new Map<string, Promise<OverrideRecord[]>>();
  if (await store.overrides.any())
    for (const { model } of models)
      for await (const record of store.forecasts.stream({ ...query, model })) {
        if (!known.has(record.runId)) known.set(record.runId, store.overrides.of([record.runId]));
        const own = lookUp(await known.get(record.runId)!)(record);
        if (own.length > 0) changed.add(model);
        all.push(...own);
      }
  return { changed, overridden: lookUp(all) };
}

/** The point forecast is the median; a pair of levels that mirror each other is the interval of their distance. */
export function columnsOf(model: string, levels: readonly number[]): { name: string; level: number }[] {
  const pairs = levels
    .filter((level) => level < 0.5 && levels.some((other) => Math.abs(1 - level - other) < 1e-9))
    .sort((a, b) => b - a)
    .flatMap((level) => {
      const percent = Number((100 * (1 - 2 * level)).toFixed(4));
      return [
        { name: `${model}-lo-${percent}`, level },
        { name: `${model}-hi-${percent}`, level: 1 - level },
      ];
    });
  return [{ name: model, level: 0.5 }, ...pairs];
}

/** The models that have rows in the selection, with their levels. */
async function modelsOf(store: Store, query: Selection): Promise<{ model: string; levels: readonly number[] }[]> {
  const found: { model: string; levels: readonly number[] }[] = [];
  for await (const { name, dataset } of named(store, query.model)) {
    if (query.dataset !== undefined && dataset !== query.dataset) continue;
    const [first] = (await store.forecasts.list({ ...query, model: name, limit: 1 })).items;
    if (first) found.push({ model: name, levels: first.levels });
  }
  return found;
}

/** The model of a name, or all of them, however many there are. */
async function* named(store: Store, model: string | undefined): AsyncGenerator<ModelRecord, void> {
  if (model !== undefined) return yield await store.models.get(model);
  for (let after: string | undefined; ;) {
    const page = await store.models.list({ after, limit: 1000 });
    yield* page.items;
    if (page.next === null) return;
    after = page.next;
  }
}

async function refuseUnknown(store: Store, query: Selection): Promise<void> {
  const { dataset, model, runId } = query;
  const named = dataset === undefined ? undefined : await store.datasets.get(dataset);
  if (model !== undefined) await store.models.get(model);
  if (runId !== undefined) await store.runs.get(runId);
  for (const uniqueId of [query.uniqueId ?? []].flat()) {
    if ((await store.forecasts.list({ dataset, model, runId, uniqueId, limit: 1 })).items.length > 0) continue;
    if (named) await store.series.get(named.id, uniqueId);
    else await refuseUnknownAnywhere(store, uniqueId);
  }
}

async function refuseUnknownAnywhere(store: Store, uniqueId: string): Promise<void> {
  for (let after: string | undefined; ;) {
    const page = await store.datasets.list({ after, limit: 1000 });
    for (const { id } of page.items) if (await store.series.find(id, uniqueId)) return;
    if (page.next === null) break;
    after = page.next;
  }
  throw new AlmanacError('SERIES_NOT_FOUND', `No dataset has a series "${uniqueId}".`, {
    hint: 'Check the spelling, or list what there is.',
    subject: { series: uniqueId },
    status: 404,
  });
}

const rowsOf = (quantiles: Float64Array, horizon: number): (number | null)[][] =>
  Array.from({ length: quantiles.length / horizon }, (_, q) => Array.from(quantiles.subarray(q * horizon, (q + 1) * horizon), orNull));

const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

export function toForecast(record: ForecastRecord, overrides: readonly OverrideRecord[]): Forecast {
  const grid = gridOf(record);
  const { horizon } = record;
  return {
    runId: record.runId,
    model: record.model,
    version: record.version,
    uniqueId: record.uniqueId,
    cutoff: grid.wire(record.cutoffStep),
    ds: Array.from({ length: horizon }, (_, h) => grid.wire(record.cutoffStep + 1 + h)),
    levels: [...record.levels],
    quantiles: rowsOf(record.quantiles, horizon),
    final: overrides.length === 0 ? null : rowsOf(finalOf(record, overrides), horizon),
    notes: record.notes ?? [],
    calibration: record.calibration,
  };
}

/** @throws AlmanacError RUN_NOT_FOUND, ATTENTION_NOT_FOUND */
export async function getAttention({ store }: Source, runId: string, uniqueId: string): Promise<AttentionMapsResource> {
  const run = await store.runs.get(runId);
  const record = await store.forecasts.attention(runId, uniqueId);
  const grid = gridOf(await store.datasets.get(run.dataset ?? ''));
  const { horizon, contextLength, columnSteps, branches } = record;
  const width = contextLength / columnSteps;
  const start = record.cutoffStep - contextLength + 1;
  const rowsOf = (values: Float32Array, columns: number): number[][] =>
    Array.from({ length: horizon }, (_, h) => Array.from(values.subarray(h * columns, (h + 1) * columns)));
  return {
    runId,
    uniqueId,
    contextLength,
    columnSteps,
    columns: Array.from({ length: width }, (_, j) => grid.wire(start + j * columnSteps)),
    rows: Array.from({ length: horizon }, (_, h) => grid.wire(record.cutoffStep + 1 + h)),
    maps: Object.fromEntries(Object.entries(record.maps).map(([name, values]) => [name, rowsOf(values, width)])),
    branches,
    gate: rowsOf(record.gate, branches.length),
  };
}
