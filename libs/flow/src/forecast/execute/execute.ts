/**
 * The forecast run: series stream out of the store in shards, each shard is forecast in a process of its own while the
 * next one is read and the one before is stored, and memory holds no more than that.
 */
import type { ForecastResult } from '@almanac/contracts';
import type { SeriesData, SeriesForecast } from '@almanac/forecasting';
import { AlmanacError, DEFAULT_QUANTILES, Frequency } from '@almanac/series';
import type { AttentionRecord, DatasetRecord, Json, NewForecast, StoredSeries } from '@almanac/store';
import type { Compute, PredictTask } from '../../compute/index.js';
import { loadCheckpoint } from '../../register/index.js';
import type { RunContext } from '../../runs/execute/index.js';
import { panelOf, toSeriesData, withoutFirst } from '../../runs/panel.js';
import type { ForecastPlan } from '../request.js';
import { Replay } from './replay.js';

const SHARD = 512;

/** @throws AlmanacError MODEL_VERSION_NOT_FOUND, CHECKPOINT_BROKEN, NOTHING_TO_FORECAST, COMPUTE_DIED */
export async function executeForecast(context: RunContext, compute: Compute): Promise<Json> {
  const { store, run, signal, report, objects } = context;
  const started = performance.now();
  const plan = run.config as unknown as ForecastPlan;
  const dataset = await store.datasets.get(plan.dataset);
  await store.runs.pinVersion(run.id, dataset.id, plan.datasetVersion);
  const version = await store.models.versionById(plan.modelVersionId);
  const checkpoint = await loadCheckpoint(objects, version);
  const total = plan.uniqueIds?.length ?? dataset.seriesCount;
  const contextLength = contextOf(version.config);
  const replay = plan.replayOf === undefined ? undefined : await Replay.of(store, plan.replayOf);
  let done = 0;

  const forecastShard = async (shard: readonly StoredSeries[]): Promise<void> => {
    const panel = panelOf(
      dataset,
      shard.map((one) => lastSteps(toSeriesData(one), contextLength)),
    );
    const { forecasts } = await compute.run<PredictTask>(
      {
        task: 'predict',
        checkpointKey: version.id,
        checkpoint,
        panel,
        horizon: plan.horizon,
        levels: DEFAULT_QUANTILES,
        attention: plan.attention,
      },
      { signal, onEngine: (engine) => void store.runs.setEngine(run.id, engine as unknown as Json).catch(() => undefined) },
    );
    if (replay) replay.compare(forecasts);
    else await storeShard(context, plan, dataset, shard, forecasts);
    done += shard.length;
    const fraction = total > 0 ? Math.min(1, done / total) : null;
    void report({ phase: 'forecasting', message: `${done} of ${total} series`, fraction, step: done, totalSteps: total });
  };
  await severalAtOnce(shards(readSeries(context, dataset, plan), SHARD), compute.threads, forecastShard, signal);

  if (done === 0)
    throw new AlmanacError('NOTHING_TO_FORECAST', `No series of "${plan.dataset}" has an observation at or before the cutoff.`, {
      hint: 'Give a later cutoff.',
      subject: { dataset: plan.dataset },
    });
  const result: ForecastResult = {
    model: plan.modelName,
    version: plan.modelVersion,
    series: done,
    horizon: plan.horizon,
    seconds: (performance.now() - started) / 1000,
    ...(replay ? { replay: replay.report((await store.runs.get(run.id)).engine) } : {}),
  };
  return result as unknown as Json;
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
  for await (const one of source) {
    if (failure || signal.aborted) break;
    const task: Promise<void> = work(one)
      .catch((error: unknown) => void (failure ??= { error }))
      .finally(() => running.delete(task));
    running.add(task);
    if (running.size >= count) await Promise.race(running);
  }
  await Promise.all(running);
  signal.throwIfAborted();
  if (failure) throw failure.error;
}

function readSeries({ store, signal }: RunContext, dataset: DatasetRecord, plan: ForecastPlan): AsyncGenerator<StoredSeries, void> {
  return store.series.readPanel(dataset.id, {
    version: plan.datasetVersion,
    untilStep: plan.cutoffStep,
    ids: plan.uniqueIds,
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

/** A network reads a fixed context; a baseline reads all of it. */
const contextOf = (config: Json): number | undefined => (typeof config['contextLength'] === 'number' ? config['contextLength'] : undefined);

/** Twice the context: more than any feature of it looks back. */
function lastSteps(series: SeriesData, contextLength: number | undefined): SeriesData {
  return contextLength === undefined ? series : withoutFirst(series, series.values.length - 2 * contextLength);
}

async function storeShard(
  { store, run }: RunContext,
  plan: ForecastPlan,
  dataset: DatasetRecord,
  shard: readonly StoredSeries[],
  forecasts: readonly SeriesForecast[],
): Promise<void> {
  const grid = Frequency.parse(dataset.frequency, dataset.timeZone);
  const rows = forecasts.map((forecast, index): NewForecast => ({
    seriesId: shard[index]!.seriesId,
    cutoffStep: forecast.cutoff,
    cutoffTime: new Date(grid.timeOf(forecast.cutoff)),
    horizon: plan.horizon,
    levels: DEFAULT_QUANTILES,
    quantiles: forecast.quantiles,
  }));
  await store.forecasts.insert(run.id, plan.modelVersionId, rows);
  const maps = forecasts.flatMap(({ attention, cutoff }, index): AttentionRecord[] =>
    attention
      ? [
          {
            runId: run.id,
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
}
