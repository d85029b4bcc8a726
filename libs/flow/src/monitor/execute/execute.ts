/**
 * The monitor run: forecasts whose first season has been observed since are scored beside seasonal naive, once each; the
 * scores of all monitor runs together say whether something has changed, and what is done about it.
 * Invariants: what was scored stands in the result of exactly one monitor run; a version is rolled back to the champion
 * before it, and never from one that a rollback chose.
 */
import { type Alert, type InputDrift, type LiveScore, type MonitorRequest, type MonitorResult, monitorResult } from '@almanac/contracts';
import type { SeriesForecast } from '@almanac/forecasting';
import { Frequency } from '@almanac/series';
import type { DatasetRecord, Json, RunRecord, Store } from '@almanac/store';
import type { Compute, ScoreTask } from '../../compute/index.js';
import type { ForecastPlan } from '../../forecast/request.js';
import type { RunContext } from '../../runs/execute/index.js';
import { readPanel } from '../../runs/panel.js';
import { startRun } from '../../runs/runs.js';
import { planTrainingRun } from '../../train/request.js';
import { learnedUntil } from '../../register/index.js';
import { findDrift, isWorseThanNaive } from '../drift.js';
import { inputDrift } from '../inputs.js';
import { learnFromOutcomes } from './widths.js';

/** Forecast and monitor runs that are looked back on. */
const LOOK_BACK = 200;
const ROLLED_BACK = 'rolled back';
const SAMPLED = 200;
/** Of a frequency without a season. */
const PLAIN_SEASON = 50;

/** @throws AlmanacError MODEL_NOT_FOUND, COMPUTE_DIED */
export async function executeMonitoring(context: RunContext, compute: Compute): Promise<Json> {
  const { store, run } = context;
  const request = run.config as unknown as MonitorRequest;
  const model = await store.models.get(request.model);
  const dataset = await store.datasets.getById(model.datasetId);
  const earlier = await earlierResults(store, request.model, dataset.name);
  const past = earlier.flatMap((result) => result.scored);
  const scored = await scoreRipe(context, compute, dataset, request.model, new Set(past.map(({ runId }) => runId)));
  const calibrated = request.calibrate ? await learnFromOutcomes(context, compute, dataset, request.model) : 0;
  const all = [...past, ...scored].sort((a, b) => a.cutoff.localeCompare(b.cutoff));
  const alerts = scored.length > 0 ? findDrift(all, scored.length, request.patience) : [];
  const inputs = await inputsOf(context, dataset, request.model);
  // Once a version: it will not unlearn what it learned.
  if (inputs?.drift && !earlier.some((result) => result.inputs?.drift && result.inputs.version === inputs.version))
    alerts.push({
      code: 'INPUT_DRIFT',
      message: `What came lately is unlike what version ${inputs.version} learned from (stability index ${Math.max(inputs.values, inputs.differences ?? 0).toFixed(2)}, bound ${inputs.bound.toFixed(2)}).`,
      since: new Date(Frequency.parse(dataset.frequency, dataset.timeZone).timeOf(dataset.lastStep ?? 0)).toISOString(),
    });
  const rolledBackTo = request.rollback && scored.length > 0 ? await rollBack(store, request, all, alerts) : null;
  const drift = alerts.some(({ code }) => code === 'ERROR_DRIFT' || code === 'BIAS');
  const retrainRunId = drift ? await retrain(context, request) : null;
  const result: MonitorResult = { model: request.model, calibrated, scored, alerts, inputs, drift, retrainRunId, rolledBackTo };
  return monitorResult.parse(result) as unknown as Json;
}

async function earlierResults(store: Store, model: string, dataset: string): Promise<MonitorResult[]> {
  const { items } = await store.runs.list({ kind: 'monitor', status: 'succeeded', dataset, limit: LOOK_BACK });
  return items.filter((run) => run.model === model).map(({ result }) => monitorResult.parse(result));
}

/** Forecasts of the model whose first season (or horizon, if that is shorter) has been observed since and that nobody has scored. */
async function scoreRipe(
  context: RunContext,
  compute: Compute,
  dataset: DatasetRecord,
  model: string,
  known: ReadonlySet<string>,
): Promise<LiveScore[]> {
  const { store, signal, report } = context;
  const grid = Frequency.parse(dataset.frequency, dataset.timeZone);
  const season = grid.seasonLengths()[0];
  const { items } = await store.runs.list({ kind: 'forecast', status: 'succeeded', dataset: dataset.name, limit: LOOK_BACK });
  const candidates = items.filter((run) => run.model === model && !known.has(run.id)).reverse();
  if (candidates.length === 0 || dataset.lastStep === null) return [];
  const panel = await readPanel(store, dataset, { version: dataset.currentVersion, signal });
  const scores: LiveScore[] = [];
  for (const [index, run] of candidates.entries()) {
    signal.throwIfAborted();
    const plan = run.config as unknown as ForecastPlan;
    const steps = Math.min(plan.horizon, season ?? plan.horizon);
    const { forecasts, levels, cutoff } = await firstSteps(store, run, steps);
    if (cutoff === undefined || cutoff + steps > dataset.lastStep) continue;
    const { observations, ...score } = await compute.run<ScoreTask>({ task: 'score', panel, forecasts, levels }, { signal });
    if (observations > 0)
      scores.push({ runId: run.id, version: plan.modelVersion, cutoff: new Date(grid.timeOf(cutoff)).toISOString(), ...score });
    void report({ phase: 'scoring', message: `Forecast ${index + 1} of ${candidates.length}`, fraction: (index + 1) / candidates.length });
  }
  return scores;
}

/** Of some of the series: enough to see what all of them do. */
async function inputsOf({ store, signal }: RunContext, dataset: DatasetRecord, model: string): Promise<InputDrift | null> {
  const { champion } = await store.models.get(model);
  if (champion === null) return null;
  const until = await learnedUntil(store, await store.models.version(model, { no: champion }), dataset.id);
  if (until === undefined) return null;
  const { items } = await store.series.list(dataset.id, { limit: SAMPLED });
  const panel = await readPanel(store, dataset, { version: dataset.currentVersion, ids: items.map(({ uniqueId }) => uniqueId), signal });
  const found = inputDrift(panel.series, until, panel.seasonLengths.at(-1) ?? PLAIN_SEASON);
  return found && { version: champion, ...found };
}

async function firstSteps(
  store: Store,
  run: RunRecord,
  steps: number,
): Promise<{ forecasts: SeriesForecast[]; levels: number[]; cutoff: number | undefined }> {
  const forecasts: SeriesForecast[] = [];
  let levels: number[] = [];
  let cutoff: number | undefined;
  for await (const record of store.forecasts.stream({ runId: run.id })) {
    levels = record.levels;
    cutoff = Math.max(cutoff ?? record.cutoffStep, record.cutoffStep);
    const quantiles = new Float64Array(levels.length * steps);
    levels.forEach((_, level) =>
      quantiles.set(record.quantiles.subarray(level * record.horizon, level * record.horizon + steps), level * steps),
    );
    forecasts.push({ id: record.uniqueId, cutoff: record.cutoffStep, quantiles });
  }
  return { forecasts, levels, cutoff };
}

async function rollBack(
  store: Store,
  { model, patience }: MonitorRequest,
  scores: readonly LiveScore[],
  alerts: Alert[],
): Promise<number | null> {
  const { champion } = await store.models.get(model);
  if (champion === null || !isWorseThanNaive(scores, champion, patience)) return null;
  const { items } = await store.models.aliasHistory(model, { limit: 1000 });
  const reigns = items.filter(({ alias }) => alias === 'champion');
  // The history outlives versions that were deleted.
  const there = new Set((await store.models.versions(model, { limit: 1000 })).items.map(({ no }) => no));
  const before = reigns.find(({ version, toAt }) => toAt !== null && version !== champion && there.has(version));
  if (!before || reigns[0]?.reason.startsWith(ROLLED_BACK)) return null;
  const reason = `${ROLLED_BACK}: the last ${patience} forecasts of version ${champion} were worse than seasonal naive`;
  await store.models.setAlias(model, 'champion', before.version, reason);
  alerts.push({ code: 'ROLLED_BACK', message: `Version ${before.version} is champion again; ${reason}.`, since: scores.at(-1)!.cutoff });
  return before.version;
}

/** One training at a time, always behind the gate. */
async function retrain(context: RunContext, { model, retrainOnDrift }: MonitorRequest): Promise<string | null> {
  if (!retrainOnDrift) return null;
  for (const status of ['queued', 'running'] as const) {
    const { items } = await context.store.runs.list({ kind: 'train', status, limit: LOOK_BACK });
    if (items.some((run) => run.model === (retrainOnDrift.model ?? model))) return null;
  }
  const { id } = await startRun(context, await planTrainingRun(context, { ...retrainOnDrift, gate: true }));
  return id;
}
