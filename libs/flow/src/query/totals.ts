/**
 * Sums of stored forecasts with their intervals, and the sampled paths that these rest on. The quantiles are those of the final
 * forecast, with what planners changed;
 * how errors hang together was measured when the version was trained. Nothing is trained, forecast or stored.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import type { ForecastNote, ForecastPaths, Totals, TotalsRequest } from '@almanac/contracts';
import { type Dependence, type Marginals, PathSampler, quantilesOf, UNMEASURED } from '@almanac/forecasting/paths';
import { plans } from '@almanac/forecasting/plan';
import { AlmanacError, type Frequency } from '@almanac/series';
import type { ForecastRecord, Store } from '@almanac/store';
import { finalOf, overridesOf } from './finals.js';
import { gridOf, orNull, stepAt } from './grid.js';
import { selectSeries } from './selectSeries.js';

type Source = { store: Store };

/** Values that may be drawn for one answer, and series after which others get their turn. */
const MOST_VALUES = 100_000_000;
const BREATHE_AFTER = 500_000;
const MOST_SUMS = 10_000;
const MOST_EXAMPLES = 5;

/**
 * @throws AlmanacError RUN_NOT_FOUND, MODEL_NOT_FOUND, SERIES_NOT_FOUND, FORECAST_NOT_FOUND, COVARIATE_UNKNOWN, TIME_INVALID,
 * TOTALS_TOO_LARGE, TOTALS_OUTSIDE_HORIZON
 */
export async function forecastTotals({ store }: Source, request: TotalsRequest): Promise<Totals> {
  const runId = request.runId ?? (await latestRun(store, request.model!));
  const records = await recordsOf(store, runId, request);
  const first = records[0]!;
  const grid = gridOf(first);
  const groupOf = await groupsOf(store, first, request.by);
  const spans = spansOf(grid, records, request);
  const { dependence, basis, hierarchy } = await dependenceOf(store, first);
  const sampler = samplerOf(records, dependence, request, request.paths);
  const groups = new Map<string | null, { series: number; sums: Float64Array[] }>();
  const unknown: string[] = [];
  let drawn = 0;
  for (const record of records) {
    const key = groupOf(record.uniqueId);
    let group = groups.get(key);
    if (!group) groups.set(key, (group = { series: 0, sums: spans.map(() => new Float64Array(request.paths)) }));
    group.series++;
    const { horizon, cutoffStep } = record;
    const paths = sampler.paths(marginalsOf(record));
    if (paths.some(Number.isNaN)) unknown.push(record.uniqueId);
    spans.forEach(([from, to], i) => {
      const sums = group.sums[i]!;
      for (let k = 0; k < request.paths; k++)
        for (let step = from; step <= to; step++) sums[k]! += paths[k * horizon + step - cutoffStep - 1]!;
    });
    drawn += paths.length;
    if (drawn > BREATHE_AFTER) {
      drawn = 0;
      await breathe();
    }
  }
  return {
    ...{ runId, model: first.model, version: first.version, paths: request.paths, seed: request.seed },
    dependence: { ...dependence, basis },
    items: [...groups]
      .sort(([a], [b]) => (a === null ? 1 : b === null ? -1 : a < b ? -1 : 1))
      .flatMap(([group, { series, sums }]) =>
        spans.map(([from, to], i) => ({
          ...{ group, series, from: grid.wire(from), to: grid.wire(to), steps: to - from + 1 },
          ...summaryOf(sums[i]!, request.level),
        })),
      ),
    notes: [...unknownNotes(unknown), ...twiceNotes(records, hierarchy)],
  };
}

/** @throws AlmanacError RUN_NOT_FOUND, SERIES_NOT_FOUND, FORECAST_NOT_FOUND, TOTALS_TOO_LARGE */
export async function forecastPaths(
  { store }: Source,
  runId: string,
  { uniqueId, count, seed }: { uniqueId: string | number; count: number; seed: number },
): Promise<ForecastPaths> {
  const [record] = await recordsOf(store, runId, { uniqueIds: [String(uniqueId)] });
  const { model, version, horizon, cutoffStep } = record!;
  const grid = gridOf(record!);
  const { dependence, basis } = await dependenceOf(store, record!);
  const drawn = samplerOf([record!], dependence, { seed }, count).paths(marginalsOf(record!));
  return {
    ...{ runId, model, version, uniqueId: record!.uniqueId, seed },
    cutoff: grid.wire(cutoffStep),
    ds: Array.from({ length: horizon }, (_, h) => grid.wire(cutoffStep + 1 + h)),
    dependence: { ...dependence, basis },
    paths: Array.from({ length: count }, (_, k) => Array.from(drawn.subarray(k * horizon, (k + 1) * horizon), orNull)),
  };
}

const marginalsOf = ({ uniqueId, horizon, levels, quantiles, cutoffStep }: ForecastRecord): Marginals => ({
  ...{ id: uniqueId, horizon, levels, quantiles },
  cutoff: cutoffStep,
});

function samplerOf(records: readonly ForecastRecord[], dependence: Dependence, { seed }: { seed: number }, count: number): PathSampler {
  const from = Math.min(...records.map(({ cutoffStep }) => cutoffStep + 1));
  const to = Math.max(...records.map(({ cutoffStep, horizon }) => cutoffStep + horizon));
  const values = count * (records.reduce((sum, { horizon }) => sum + horizon, 0) + (to - from + 1));
  if (values > MOST_VALUES)
    throw new AlmanacError(
      'TOTALS_TOO_LARGE',
      `${count} paths of ${records.length} series would be ${values.toLocaleString('en')} values; one answer draws ${MOST_VALUES.toLocaleString('en')} at most.`,
      {
        hint: 'Ask for fewer paths or fewer series (search, where, uniqueIds).',
        subject: { paths: count, series: records.length },
        status: 400,
      },
    );
  return new PathSampler(dependence, { count, seed }, from, to - from + 1);
}

async function latestRun(store: Store, model: string): Promise<string> {
  await store.models.get(model);
  for (let after: string | undefined; ;) {
    const page = await store.runs.list({ kind: 'forecast', status: 'succeeded', model, after, limit: 100 });
    // A replay compares, and stores nothing.
    const found = page.items.find(({ config }) => (config as { replayOf?: string }).replayOf === undefined);
    if (found) return found.id;
    if (page.next === null) break;
    after = page.next;
  }
  throw new AlmanacError('FORECAST_NOT_FOUND', `The model "${model}" has no stored forecast.`, {
    hint: 'POST /v1/forecasts makes one.',
    subject: { model },
    status: 404,
  });
}

async function recordsOf(
  store: Store,
  runId: string,
  { uniqueIds, search, where }: Pick<TotalsRequest, 'uniqueIds' | 'search' | 'where'>,
): Promise<ForecastRecord[]> {
  const run = await store.runs.get(runId);
  const dataset = run.kind === 'forecast' && run.dataset !== null ? await store.datasets.get(run.dataset) : undefined;
  // Names only: what has no forecast is missing below, a series without an observation too.
  const named = uniqueIds !== undefined && search === undefined && where === undefined;
  const wanted = dataset ? await selectSeries(store, dataset, { uniqueIds, search, where }, named) : undefined;
  const among = wanted && new Set(wanted);
  const records: ForecastRecord[] = [];
  for await (const record of store.forecasts.stream({ runId })) if (among?.has(record.uniqueId) ?? true) records.push(record);
  const there = new Set(records.map(({ uniqueId }) => uniqueId));
  const missing = wanted?.filter((id) => !there.has(id)) ?? [];
  if (records.length > 0 && missing.length === 0) {
    // What planners changed counts: people plan by the final forecast.
    const overridden = await overridesOf(store, records);
    return records.map((record) => ({ ...record, quantiles: finalOf(record, overridden(record)) }));
  }
  throw new AlmanacError(
    'FORECAST_NOT_FOUND',
    missing.length > 0
      ? `The run ${runId} has no forecast of "${missing.slice(0, MOST_EXAMPLES).join('", "')}".`
      : `The run ${runId} has stored no forecast.`,
    {
      hint: 'Name a forecast run that has succeeded, and series that it forecast.',
      subject: { run: runId, ...(missing.length > 0 ? { series: missing.slice(0, MOST_EXAMPLES) } : {}) },
      status: 404,
    },
  );
}

/** The value of a static covariate by series. @throws AlmanacError COVARIATE_UNKNOWN */
async function groupsOf(store: Store, { datasetId }: ForecastRecord, by: string | undefined): Promise<(uniqueId: string) => string | null> {
  if (by === undefined) return () => null;
  const values = new Map<string, string>();
  for (let after: string | undefined; ;) {
    const page = await store.series.list(datasetId, { after, limit: 1000 });
    for (const { uniqueId, staticCovariates } of page.items) {
      const value = staticCovariates[by];
      if (value !== undefined && value !== null) values.set(uniqueId, String(value));
    }
    if (page.next === null) break;
    after = page.next;
  }
  if (values.size === 0)
    throw new AlmanacError('COVARIATE_UNKNOWN', `No series has a static covariate "${by}".`, {
      hint: 'GET /v1/datasets/{dataset}/static-covariates lists those that there are.',
      subject: { covariate: by },
    });
  return (uniqueId) => values.get(uniqueId) ?? null;
}

/** First and last step of each sum: steps that every series has a forecast of. @throws AlmanacError TOTALS_OUTSIDE_HORIZON */
function spansOf(grid: Frequency, records: readonly ForecastRecord[], { from, to, every }: TotalsRequest): [number, number][] {
  const begins = (record: ForecastRecord): number => record.cutoffStep + 1;
  const ends = (record: ForecastRecord): number => record.cutoffStep + record.horizon;
  const latest = records.reduce((best, one) => (begins(one) > begins(best) ? one : best));
  const shortest = records.reduce((best, one) => (ends(one) < ends(best) ? one : best));
  const first = from === undefined ? begins(latest) : stepAt(grid, from);
  const last = to === undefined ? ends(shortest) : stepAt(grid, to);
  const outside = first < begins(latest) ? latest : last > ends(shortest) ? shortest : undefined;
  if (outside || last < first)
    throw new AlmanacError(
      'TOTALS_OUTSIDE_HORIZON',
      outside
        ? `The forecast of "${outside.uniqueId}" reaches from ${grid.format(begins(outside))} to ${grid.format(ends(outside))}, which does not hold ${grid.format(first)} to ${grid.format(last)}.`
        : `No step is forecast for all of the ${records.length} series: that of "${latest.uniqueId}" begins after that of "${shortest.uniqueId}" ends.`,
      {
        hint: 'Choose from and to within the forecasts of all series, or leave series out.',
        subject: { series: (outside ?? latest).uniqueId, from: grid.format(first), to: grid.format(last) },
      },
    );
  const size = every ?? last - first + 1;
  const spans = Array.from({ length: Math.ceil((last - first + 1) / size) }, (_, i): [number, number] => [
    first + i * size,
    Math.min(last, first + (i + 1) * size - 1),
  ]);
  if (spans.length > MOST_SUMS)
    throw new AlmanacError('TOTALS_TOO_LARGE', `${spans.length} sums are more than one answer holds (${MOST_SUMS}).`, {
      hint: 'Make every longer, or the time from from to to shorter.',
      subject: { sums: spans.length },
      status: 400,
    });
  return spans;
}

async function dependenceOf(
  store: Store,
  { model, version }: ForecastRecord,
): Promise<{ dependence: Dependence; basis: 'measured' | 'assumed'; hierarchy: Readonly<Record<string, string>> | undefined }> {
  const { metrics, kind, config } = await store.models.version(model, { no: version });
  const hierarchy = plans.of(kind).hierarchy(config);
  const { dependence } = metrics as { dependence?: Dependence };
  return dependence ? { dependence, basis: 'measured', hierarchy } : { dependence: UNMEASURED, basis: 'assumed', hierarchy };
}

function summaryOf(sums: Float64Array, level: readonly number[]): Pick<Totals['items'][number], 'median' | 'mean' | 'intervals'> {
  const bounds = quantilesOf(sums, [0.5, ...level.flatMap((percent) => [0.5 - percent / 200, 0.5 + percent / 200])]).map(orNull);
  return {
    median: bounds[0]!,
    mean: orNull(sums.reduce((sum, value) => sum + value, 0) / sums.length),
    intervals: level.map((percent, i) => ({ level: percent, lower: bounds[1 + 2 * i]!, upper: bounds[2 + 2 * i]! })),
  };
}

/** A total that is a series itself, summed with its parts, counts them twice. */
function twiceNotes(records: readonly ForecastRecord[], hierarchy: Readonly<Record<string, string>> | undefined): ForecastNote[] {
  if (!hierarchy) return [];
  const there = new Set(records.map(({ uniqueId }) => uniqueId));
  const twice = [
    ...new Set(records.map(({ uniqueId }) => hierarchy[uniqueId]).filter((parent) => parent !== undefined && there.has(parent))),
  ];
  if (twice.length === 0) return [];
  const named = twice.slice(0, MOST_EXAMPLES).join('", "');
  const detail =
    `"${named}"${twice.length > MOST_EXAMPLES ? ' and more' : ''} ${twice.length === 1 ? 'is the sum' : 'are sums'} of other series that are summed ` +
    'here: these count twice. Name the series to sum, or filter them.';
  return [{ code: 'TOTAL_COUNTS_TWICE', detail }];
}

function unknownNotes(unknown: readonly string[]): ForecastNote[] {
  if (unknown.length === 0) return [];
  const named = unknown.slice(0, MOST_EXAMPLES).join('", "');
  return [
    {
      code: 'TOTAL_UNKNOWN',
      detail: `${unknown.length} series have intervals of unknown width ("${named}"${unknown.length > MOST_EXAMPLES ? ' and more' : ''}): sums with them are null.`,
    },
  ];
}
