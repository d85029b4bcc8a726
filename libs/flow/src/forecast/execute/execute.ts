/**
 * The forecast run. Many series are cut into parts that any worker takes; the series of a part, or of a small run, stream out
 * of the store in shards, each is forecast in a process of its own and stored under the run, and memory holds no more than that.
 * Invariants: a shard that is forecast twice is stored once; the series of a hierarchy, whose forecasts add up, are in one shard.
 */
import type { EngineInfo, ForecastResult } from '@almanac/contracts';
import type { ForecastNote, SeriesData } from '@almanac/forecasting';
import { plans } from '@almanac/forecasting/plan';
import { AlmanacError, DEFAULT_QUANTILES, Frequency } from '@almanac/series';
import type { AttentionRecord, ContributionRecord, DatasetRecord, Json, NewForecast, StoredSeries } from '@almanac/store';
import type { Compute, PredictOutcome, PredictTask } from '../../compute/index.js';
import { loadCheckpoint } from '../../register/index.js';
import { mayCalibrate } from '../../register/calibration.js';
import { engineNote, type RunContext, runParts, shareDone, wholeOf } from '../../runs/execute/index.js';
import { completed, maskedNotes, namesUsed, withoutHoles } from '../../runs/covariates.js';
import { withoutUnknownValues } from '../../runs/unknownValues.js';
import { panelOf, toSeriesData } from '../../runs/panel.js';
import { readWhole, type WholeSeries, withoutFirst } from '../../runs/wholeSteps.js';
import type { PlannedRun } from '../../runs/kinds.js';
import type { PartOf } from '../../part/plan.js';
import { type ForecastPlan, SHARD } from '../plan.js';
import { Replay } from './replay.js';
import { sharesOf, type Shares } from './shares.js';
import { latestWidths, namedWidths, NO_WIDTHS, type Widths } from '../widths.js';

/** Series that a note of the run names, and steps that one of a forecast does. */
const MOST_EXAMPLES = 5;
const MOST_PARTS = 256;
const PARTIAL = 'PARTIAL_STEPS_LEFT_OUT';

type Share = PartOf<'forecast'>['share'];

/** @throws AlmanacError MODEL_VERSION_NOT_FOUND, CHECKPOINT_BROKEN, NOTHING_TO_FORECAST, COVARIATE_HOLE, COMPUTE_DIED */
export async function executeForecast(context: RunContext<PlannedRun<'forecast'>>, compute: Compute): Promise<Json> {
  const { store, run, report } = context;
  const started = performance.now();
  const plan = run.config;
  const dataset = await store.datasets.get(plan.dataset);
  await store.runs.pinVersion(run.id, dataset.id, plan.datasetVersion);
  const total = plan.uniqueIds?.length ?? dataset.seriesCount;
  const replay = plan.replayOf === undefined ? undefined : await Replay.of(store, plan.replayOf);
  const hierarchy = await hierarchyOf(store, plan);
  const size = SHARD * Math.ceil(total / (SHARD * MOST_PARTS));
  const all: Shares =
    hierarchy || total > SHARD ? await sharesOf(store, dataset.id, { ...plan, size, hierarchy }) : [{ ids: plan.uniqueIds }];
  const { series, unknown } =
    all.length > 1 && !replay
      ? await forecastInParts(context, all, { total, size })
      : await forecastHere(context, compute, { plan, dataset, runId: run.id, shares: all, replay }, (done) => {
          const fraction = total > 0 ? Math.min(1, done / total) : null;
          void report({ phase: 'forecasting', message: `${done} of ${total} series`, fraction, step: done, totalSteps: total });
        });
  if (series === 0)
    throw new AlmanacError(
      'NOTHING_TO_FORECAST',
      `No series of "${plan.dataset}" has an observation of a whole step at or before the cutoff.`,
      {
        hint: 'Give a later cutoff.',
        subject: { dataset: plan.dataset },
      },
    );
  const result: ForecastResult = {
    model: plan.modelName,
    version: plan.modelVersion,
    series,
    horizon: plan.horizon,
    seconds: (performance.now() - started) / 1000,
    notes: [...(await store.forecasts.notesOf(run.id, MOST_EXAMPLES)), ...unknownNotes(unknown)],
    ...(replay ? { replay: replay.report((await store.runs.get(run.id)).engine) } : {}),
  };
  return result as unknown as Json;
}

/** A part of a forecast run: its share of the series, stored under the run. */
export async function executeForecastPart(context: RunContext, { share }: PartOf<'forecast'>, compute: Compute): Promise<Json> {
  const { store } = context;
  const whole = await wholeOf(context, 'forecast');
  const plan = whole.config;
  const dataset = await store.datasets.get(plan.dataset);
  return { ...(await forecastShare(context, compute, { plan, dataset, runId: whole.id, share }, () => undefined)) };
}

/** How many series were forecast, and which were not, because events cover every step of them in part. */
interface Done {
  series: number;
  unknown: string[];
}

function unknownNotes(unknown: readonly string[]): ForecastResult['notes'] {
  if (unknown.length === 0) return [];
  const detail = 'Events cover every step of the series in part; it has no forecast.';
  return [{ code: PARTIAL, detail, series: unknown.length, examples: unknown.slice(0, MOST_EXAMPLES) }];
}

async function hierarchyOf(store: RunContext['store'], plan: ForecastPlan): Promise<Readonly<Record<string, string>> | undefined> {
  const { kind, config } = await store.models.versionById(plan.modelVersionId);
  return plans.of(kind).hierarchy(config);
}

/** Share by share, in this run. */
async function forecastHere(
  context: RunContext,
  compute: Compute,
  { shares, ...rest }: Omit<Asked, 'share'> & { shares: Shares },
  onDone: (done: number) => void,
): Promise<Done> {
  const all: Done = { series: 0, unknown: [] };
  for (const share of shares) {
    const before = all.series;
    const { series, unknown } = await forecastShare(context, compute, { ...rest, share }, (done) => onDone(before + done));
    all.series += series;
    all.unknown.push(...unknown);
  }
  return all;
}

async function forecastInParts(context: RunContext, shares: Shares, { total, size }: { total: number; size: number }): Promise<Done> {
  const { store, run, report } = context;
  const startedAt = performance.now();
  const parts = await runParts(
    context,
    shares.map((share) => ({ queue: 'part', config: { task: 'forecast', share } })),
    (states) => {
      const { done, ...rest } = shareDone(states, startedAt);
      const series = Math.min(total, done * size);
      void report({ phase: 'forecasting', message: `${series} of ${total} series`, step: series, totalSteps: total, ...rest });
    },
  );
  await store.runs.setEngine(run.id, togetherOn(parts.map(({ engine }) => engine)));
  const done = parts.map(({ result }) => result as unknown as Done);
  return { series: done.reduce((sum, { series }) => sum + series, 0), unknown: done.flatMap(({ unknown }) => unknown) };
}

/** The engine of all parts; where they had different ones, a replay must not take the run for one of either. */
function togetherOn(engines: readonly (Json | null)[]): Json {
  const known = engines.filter((engine) => engine !== null) as unknown as EngineInfo[];
  const distinct = (of: (engine: EngineInfo) => string): string => [...new Set(known.map(of))].sort().join('+');
  return { ...known[0], name: distinct(({ name }) => name), variant: distinct(({ variant }) => variant) };
}

interface Asked {
  plan: ForecastPlan;
  dataset: DatasetRecord;
  runId: string;
  share: Share;
  replay?: Replay | undefined;
}

/** Forecasts and stores so many series, or compares them with what a run had stored. */
async function forecastShare(
  context: RunContext,
  compute: Compute,
  { plan, dataset, runId, share, replay }: Asked,
  onShard: (done: number) => void,
): Promise<Done> {
  const { store, run, signal, objects } = context;
  const { onEngine, noted } = engineNote(context);
  const version = await store.models.versionById(plan.modelVersionId);
  const checkpoint = await loadCheckpoint(objects, version);
  const lookBack = plans.of(version.kind).lookBack(version.config, plans);
  const calibrates = plan.calibrate && mayCalibrate(version);
  const together = plans.of(version.kind).hierarchy(version.config) !== undefined;
  // Relatives of the series that were asked for are forecast with them, and not stored.
  const wanted = together && plan.uniqueIds ? new Set(plan.uniqueIds) : undefined;
  const done: Done = { series: 0, unknown: [] };
  const widthsOf = (shard: readonly StoredSeries[]): Widths | Promise<Widths> => {
    if (replay) return namedWidths(store, version.id, shard, (id) => replay.calibrationOf(id));
    return calibrates ? latestWidths(store, version.id, shard) : NO_WIDTHS;
  };
  const names = namesUsed(version.config);
  const grid = Frequency.parse(dataset.frequency, dataset.timeZone);
  const forecastShard = async (all: readonly WholeSeries[]): Promise<void> => {
    // What has no value is either a place, which is started cold, or has none of a whole step.
    const isKnown = ({ series, partial }: WholeSeries): boolean => series.values.length > 0 || partial.length === 0;
    const known = all.filter(isKnown);
    for (const one of all) if (!isKnown(one)) done.unknown.push(one.series.id);
    if (known.length === 0) return;
    const shard = known.map(({ series }) => series);
    // What a history is made of is seen in all of it.
    const read = shard.map((one) => (plan.contributions ? toSeriesData(one) : lastSteps(toSeriesData(one), lookBack)));
    const whole = read.map((one) => {
      const filled = withoutHoles(one, names, plan.horizon, grid, plan.covariateFill);
      const known = withoutUnknownValues(filled.series, names);
      return { series: known.series, notes: [...filled.notes, ...known.notes] };
    });
    const panel = panelOf(
      dataset,
      whole.map(({ series }) => completed(series, names, plan.horizon)),
    );
    const widths = await widthsOf(shard);
    const { forecasts } = await compute.run<PredictTask>(
      {
        task: 'predict',
        checkpointKey: version.id,
        checkpoint,
        panel,
        horizon: plan.horizon,
        levels: DEFAULT_QUANTILES,
        attention: plan.attention,
        contributions: plan.contributions && !replay,
        calibrations: widths.states,
      },
      { signal, onEngine, canWait: true },
    );
    await noted();
    forecasts.forEach((forecast, i) => {
      const notes = [
        ...(forecast.notes ?? []),
        ...partialNotes(grid, known[i]!.partial),
        ...whole[i]!.notes,
        ...maskedNotes(read[i]!, names),
      ];
      if (notes.length > 0) forecast.notes = notes;
    });
    const kept = forecasts.map((_, i) => i).filter((i) => wanted?.has(forecasts[i]!.id) ?? true);
    const made = kept.map((i) => forecasts[i]!);
    const stored = kept.map((i) => shard[i]!);
    if (replay) replay.compare(made);
    else await storeShard(store, runId, plan, dataset, stored, made, widths);
    done.series += made.length;
    onShard(done.series);
  };
  // A part is one thread's work; a run that is not cut has the machine to itself.
  const atOnce = run.parentId === null ? compute.threads : 1;
  await severalAtOnce(
    shards(readSeries(context, dataset, plan, share, await placesAt(store, dataset, plan, version.kind)), together ? Infinity : SHARD),
    atOnce,
    forecastShard,
    signal,
  );
  return done;
}

function partialNotes(grid: Frequency, partial: readonly number[]): ForecastNote[] {
  if (partial.length === 0) return [];
  const steps = partial.slice(0, MOST_EXAMPLES).map((step) => grid.format(step));
  const more = partial.length > MOST_EXAMPLES ? ` and ${partial.length - MOST_EXAMPLES} more` : '';
  return [{ code: PARTIAL, detail: `Events cover ${steps.join(', ')}${more} in part, which was left out as no value of a whole step.` }];
}

/** Works on as many at a time; reads on only when one is done. The first failure ends it, once all that had begun have ended. */
async function severalAtOnce<T>(
  source: AsyncIterable<T>,
  count: number,
  work: (one: T) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const running = new Set<Promise<void>>();
  let failure: { error: unknown } | undefined;
  try {
    for await (const one of source) {
      if (failure || signal.aborted) break;
      const task: Promise<void> = work(one)
        .catch((error: unknown) => void (failure ??= { error }))
        .finally(() => running.delete(task));
      running.add(task);
      if (running.size >= count) await Promise.race(running);
    }
  } finally {
    await Promise.all(running);
  }
  signal.throwIfAborted();
  if (failure) throw failure.error;
}

/** The step at which series without an observation begin: after the last that any has. Undefined where the kind needs a history. */
async function placesAt(store: RunContext['store'], dataset: DatasetRecord, plan: ForecastPlan, kind: string): Promise<number | undefined> {
  if (!plans.of(kind).startsCold) return undefined;
  const { lastStep } = await store.datasets.version(dataset.id, plan.datasetVersion);
  return lastStep === null ? undefined : Math.min(lastStep, plan.cutoffStep ?? Infinity) + 1;
}

function readSeries(
  { store, signal }: RunContext,
  dataset: DatasetRecord,
  plan: ForecastPlan,
  share: Share,
  places: number | undefined,
): AsyncGenerator<WholeSeries, void> {
  return readWhole(store, dataset, {
    places,
    version: plan.datasetVersion,
    untilStep: plan.cutoffStep,
    ...share,
    covariates: true,
    signal,
  });
}

async function* shards<T>(source: AsyncIterable<T>, size: number): AsyncGenerator<T[], void> {
  let shard: T[] = [];
  for await (const one of source) {
    shard.push(one);
    if (shard.length < size) continue;
    yield shard;
    shard = [];
  }
  if (shard.length > 0) yield shard;
}

/** What the forecast depends on; the forecaster would look at no more. */
function lastSteps(series: SeriesData, lookBack: number | undefined): SeriesData {
  return lookBack === undefined ? series : withoutFirst(series, series.values.length - lookBack);
}

async function storeShard(
  store: RunContext['store'],
  runId: string,
  plan: ForecastPlan,
  dataset: DatasetRecord,
  shard: readonly StoredSeries[],
  forecasts: PredictOutcome['forecasts'],
  { hashes }: Widths,
): Promise<void> {
  const grid = Frequency.parse(dataset.frequency, dataset.timeZone);
  const rows = forecasts.map((forecast, index): NewForecast => ({
    seriesId: shard[index]!.seriesId,
    cutoffStep: forecast.cutoff,
    cutoffTime: new Date(grid.timeOf(forecast.cutoff)),
    horizon: plan.horizon,
    levels: DEFAULT_QUANTILES,
    quantiles: forecast.quantiles,
    calibration: hashes.get(forecast.id),
    modelQuantiles: forecast.own,
    notes: forecast.notes,
  }));
  await store.forecasts.insert(runId, plan.modelVersionId, rows);
  const maps = forecasts.flatMap(({ attention, cutoff }, index): AttentionRecord[] =>
    attention
      ? [
          {
            runId,
            seriesId: shard[index]!.seriesId,
            cutoffStep: cutoff,
            horizon: plan.horizon,
            contextLength: attention.contextLength,
            columnSteps: attention.columnSteps,
            maps: attention.maps,
            branches: [...attention.branches],
            gate: attention.gate,
          },
        ]
      : [],
  );
  if (maps.length > 0) await store.forecasts.saveAttention(maps);
  const parts = forecasts.flatMap(({ parts, cutoff }, index): ContributionRecord[] =>
    parts ? [{ runId, seriesId: shard[index]!.seriesId, cutoffStep: cutoff, horizon: plan.horizon, parts }] : [],
  );
  if (parts.length > 0) await store.forecasts.saveContributions(parts);
}
