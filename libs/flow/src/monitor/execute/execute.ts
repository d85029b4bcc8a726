/**
 * The monitor run: stored forecasts are scored by series and step ahead, season by season as these are observed. Those whose
 * first season is there are judged by it beside seasonal naive, once each; the judgements of all monitor runs together say
 * whether something has changed, and what is done about it.
 * Invariants: a forecast is judged in the result of exactly one monitor run; what follows from it (a rollback, a stand-in, a training)
 * stands or falls with that result; a version is rolled back to the champion before it, and never from one that a rollback chose.
 */
import {
  type Alert,
  type Break,
  type InputDrift,
  type LiveScore,
  type MonitorResult,
  monitorResult,
  type Score,
  type StepTime,
  type TrainRequest,
} from '@almanac/contracts';
import type { Panel, SeriesForecast } from '@almanac/forecasting';
import { Frequency } from '@almanac/series';
import type { AnomalyRecord, DatasetRecord, Json, NewAnomaly, RunRecord, Store } from '@almanac/store';
import type { Compute, ScoreOutcome, ScoreTask } from '../../compute/index.js';
import { firstSteps } from '../../compute/firstSteps.js';
import { type Planned, planned, writeDown } from '../../ask.js';
import { Ending, type RunContext } from '../../runs/execute/index.js';
import { readPanel } from '../../runs/panel.js';
import { lastWhole, leftOut, partialSteps } from '../../runs/wholeSteps.js';
import { type PlannedRun, readRun } from '../../runs/kinds.js';
import { seasonLengthsOf, stepAt } from '../../query/grid.js';
import { planTrainingRun } from '../../train/request.js';
import { learnedStep, learnedUntil } from '../../register/index.js';
import type { MonitorPlan } from '../plan.js';
import { findBreak } from '../breaks.js';
import { findDrift, isWorseThanNaive } from '../drift.js';
import { inputDrift } from '../inputs.js';
import { fallBack, prepareStandIn, standInOf } from './standIn.js';
import { learnFromOutcomes } from './widths.js';

/** Forecasts, and monitor runs that had something to tell, that are looked back on. */
const LOOK_BACK = 200;
const SAMPLED = 200;
/** Of a frequency without a season. */
const PLAIN_SEASON = 50;
/** Forecasts of a stand-in after which a challenger is trained each time: four weeks of daily ones. */
const STANDING = 28;
/** Seasons that inputs are compared over: of days the week, since a year would show a drift too late. */
const LONGEST_SHARE = 30;

/** @throws AlmanacError MODEL_NOT_FOUND, COMPUTE_DIED */
export async function executeMonitoring(context: RunContext<PlannedRun<'monitor'>>, compute: Compute): Promise<Ending> {
  const { store, run } = context;
  const request = run.config;
  const model = await store.models.get(request.model);
  const dataset = await store.datasets.getById(model.datasetId);
  const earlier = (await store.scores.verdicts(request.model, LOOK_BACK)).map((result) => monitorResult.parse(result));
  const past = earlier.flatMap((result) => result.scored);
  const partial = await partialSteps(store, dataset.id, dataset.currentVersion);
  const last = lastWhole(dataset.lastStep, partial);
  const { live: fresh, apart } =
    last === null ? { live: [], apart: [] } : await scoreRipe(context, compute, dataset, { model: request.model, last });
  const calibrated = request.calibrate ? await learnFromOutcomes(context, compute, dataset, request.model) : 0;
  const inputs = await inputsOf(context, dataset, request.model);
  const found = await anomaliesOf(context, dataset);
  const holdouts = await holdoutErrors(store, request.model);
  const champion = model.champion === null ? undefined : await store.models.version(model.name, { no: model.champion });
  const grid = Frequency.parse(dataset.frequency, dataset.timeZone);
  const facts = { holdouts, judged: judgedSteps(dataset, champion?.horizon), stepOf: (at: StepTime) => stepAt(grid, at) };
  const breakIn = (scores: readonly LiveScore[]): Break | null =>
    champion && !standInOf(champion) ? findBreak(scores, champion.no, facts) : null;
  const foreseen = fresh.length > 0 ? breakIn(inOrder([...past, ...fresh])) : null;
  const standIn = foreseen && request.fallBack ? await prepareStandIn(context, compute, dataset, champion!, foreseen) : undefined;
  const training = request.retrainOnDrift && (await planRetraining(context, request.retrainOnDrift, foreseen ? { broken: true } : {}));
  return new Ending(async (within) => {
    // Another run may have reported the same forecasts meanwhile.
    const judged = await within.scores.judged(request.model);
    const scored = fresh.filter(({ runId }) => !judged.has(runId));
    const all = inOrder([...past, ...scored]);
    const alerts = scored.length > 0 ? findDrift(all, scored.length, request.patience, facts) : [];
    // Once a version: it will not unlearn what it learned.
    if (inputs?.drift && !earlier.some((result) => result.inputs?.drift && result.inputs.version === inputs.version))
      alerts.push({
        code: 'INPUT_DRIFT',
        message: `What came lately is unlike what version ${inputs.version} learned from (stability index ${Math.max(inputs.values, inputs.differences ?? 0).toFixed(2)}, bound ${inputs.bound.toFixed(2)}).`,
        since: Frequency.parse(dataset.frequency, dataset.timeZone).wire(last ?? 0),
      });
    if (found.alert) alerts.push(found.alert);
    const broken = scored.length > 0 ? breakIn(all) : null;
    const fellBackTo = broken && (await fallBack(within, context, { found: broken, standIn, wanted: request.fallBack }, alerts));
    const rolledBackTo = request.rollback && scored.length > 0 ? await rollBack(within, request, all, alerts) : null;
    const drift = alerts.some(({ code }) => code === 'ERROR_DRIFT' || code === 'BIAS');
    // A stand-in is there until a challenger passes, whether its own error counts as drift or not.
    const waits = champion && standInOf(champion) && all.filter(({ version }) => version === champion.no).length < STANDING;
    const retraining = (drift || (waits && scored.length > 0)) && training ? await retrain(context, within, training) : null;
    const result: MonitorResult = {
      model: request.model,
      calibrated,
      scored,
      apart,
      alerts,
      anomalies: found.count,
      inputs,
      drift,
      retrainRunId: retraining?.id ?? null,
      rolledBackTo,
      break: broken,
      fellBackTo,
      partialSteps: leftOut(dataset, partial),
    };
    return { result: monitorResult.parse(result) as unknown as Json, runs: retraining ? [retraining] : [] };
  });
}

/** WQL of versions on what their training held out. */
async function holdoutErrors(store: Store, model: string): Promise<Map<number, number>> {
  const { items } = await store.models.versions(model, { limit: LOOK_BACK });
  return new Map(
    items.flatMap(({ no, metrics }): [number, number][] => {
      const wql = (metrics as { score?: Score }).score?.metrics['wql'];
      return typeof wql === 'number' && wql > 0 ? [[no, wql]] : [];
    }),
  );
}

const inOrder = (scores: LiveScore[]): LiveScore[] => scores.sort((a, b) => placeOf(a.cutoff) - placeOf(b.cutoff));

/** Steps that a forecast is judged by: its first season. */
function judgedSteps(dataset: DatasetRecord, horizon = 1): number {
  return Math.min(horizon, seasonLengthsOf(dataset)[0] ?? horizon);
}

/** For an order: all cutoffs of a dataset are instants, or all are steps of plain integers. */
const placeOf = (time: StepTime): number => (typeof time === 'number' ? time : Date.parse(time));

/**
 * Scores stored forecasts of the model season by season as these are observed, and flags what they did not expect.
 * One at a cutoff before the end of what its model had learned knew what it forecast: it is scored apart, says nothing of drift, and
 * expects everything.
 * @param of.last last step that is observed as a whole
 * @returns those whose first season (or horizon, if that is shorter) has been observed, scored on it, and that nobody has judged yet
 */
async function scoreRipe(
  context: RunContext,
  compute: Compute,
  dataset: DatasetRecord,
  { model, last }: { model: string; last: number },
): Promise<{ live: LiveScore[]; apart: LiveScore[] }> {
  const { store, run: own, signal, report } = context;
  const grid = Frequency.parse(dataset.frequency, dataset.timeZone);
  const season = (dataset.seasonLengths ?? grid.seasonLengths())[0];
  const { items } = await store.runs.list({ kind: 'forecast', status: 'succeeded', model, limit: LOOK_BACK });
  const judged = await store.scores.judged(model);
  const reached = await store.scores.reached(items.map(({ id }) => id));
  const candidates = items
    .map((run) => readRun('forecast', run))
    .filter((run) => !judged.has(run.id) || (reached.get(run.id) ?? 0) < run.config.horizon)
    .reverse();
  if (candidates.length === 0) return { live: [], apart: [] };
  const learned = new Map<string, Promise<number>>();
  const learnedBy = (versionId: string): Promise<number> => {
    const known = learned.get(versionId) ?? store.models.versionById(versionId).then((version) => learnedStep(store, version, dataset.id));
    learned.set(versionId, known);
    return known;
  };
  let panel: Panel | undefined;
  const [scores, apart]: [LiveScore[], LiveScore[]] = [[], []];
  for (const [index, run] of candidates.entries()) {
    signal.throwIfAborted();
    const plan = run.config;
    const first = Math.min(plan.horizon, season ?? plan.horizon);
    const stored = await storedForecasts(store, run.id);
    if (stored.cutoff === undefined) continue;
    const observed = last - stored.cutoff;
    const steps = observed >= plan.horizon ? plan.horizon : first * Math.floor(observed / first);
    const before = reached.get(run.id) ?? 0;
    const hindsight = (await learnedBy(plan.modelVersionId)) > stored.cutoff;
    // What was scored and not judged, because a worker died in between, is judged now.
    if (steps < first || ((hindsight || judged.has(run.id)) && steps <= before)) continue;
    panel ??= (await readPanel(store, dataset, { version: dataset.currentVersion, signal })).panel;
    const { forecasts, levels, cutoff } = stored;
    const task = {
      panel,
      forecasts: forecasts.map((one) => firstSteps(one, levels.length, plan.horizon, steps)),
      levels,
      first,
      from: before,
    };
    const { observations, live, perHorizon, series, naive, unexpected } = await compute.run<ScoreTask>(
      { task: 'score', ...task },
      { signal },
    );
    // What somebody forecasts after the event expected it or not, but nobody relied on it.
    if (plan.cutoff === undefined && !hindsight) await store.scores.flag(own.id, run.id, named(unexpected, stored.ids));
    await store.scores.save(run.id, { perHorizon, series, naive });
    if (observations > 0 && !judged.has(run.id))
      (hindsight ? apart : scores).push({ runId: run.id, version: plan.modelVersion, cutoff: grid.wire(cutoff), ...live });
    void report({ phase: 'scoring', message: `Forecast ${index + 1} of ${candidates.length}`, fraction: (index + 1) / candidates.length });
  }
  return { live: scores, apart };
}

const named = (found: ScoreOutcome['unexpected'], ids: ReadonlyMap<string, number>): NewAnomaly[] =>
  found.map(({ id, ...one }) => ({ seriesId: ids.get(id)!, ...one }));

/** What this run has flagged, as one alert: a delivery before this one may have done so. */
async function anomaliesOf({ store, run }: RunContext, dataset: DatasetRecord): Promise<{ count: number; alert?: Alert }> {
  let count = 0;
  let worst: AnomalyRecord | undefined;
  let first = Infinity;
  const series = new Set<string>();
  for (let after: string | undefined; ;) {
    const page = await store.scores.anomalies(dataset.id, { foundBy: run.id, limit: 1000, after });
    for (const one of page.items) {
      count++;
      series.add(one.uniqueId);
      first = Math.min(first, one.step);
      if (!worst || one.score > worst.score) worst = one;
    }
    if (page.next === null) break;
    after = page.next;
  }
  if (!worst) return { count };
  const at = (step: number): string | number => Frequency.parse(dataset.frequency, dataset.timeZone).wire(step);
  const show = (value: number): string => value.toPrecision(4);
  const message = `${count} observation${count === 1 ? '' : 's'} of ${series.size} series lie far outside what was forecast; the furthest is "${worst.uniqueId}" at ${at(worst.step)}: ${show(worst.value)}, where ${show(worst.lower)} to ${show(worst.upper)} was forecast.`;
  return { count, alert: { code: 'ANOMALY', message, since: at(first) } };
}

/** Of some of the series: enough to see what all of them do. */
async function inputsOf({ store, signal }: RunContext, dataset: DatasetRecord, model: string): Promise<InputDrift | null> {
  const { champion } = await store.models.get(model);
  if (champion === null) return null;
  const until = await learnedUntil(store, await store.models.version(model, { no: champion }), dataset.id);
  if (until === undefined) return null;
  const { items } = await store.series.list(dataset.id, { limit: SAMPLED });
  const { panel } = await readPanel(store, dataset, {
    version: dataset.currentVersion,
    ids: items.map(({ uniqueId }) => uniqueId),
    signal,
  });
  const found = inputDrift(
    panel.series,
    until,
    panel.seasonLengths.findLast((length) => length <= LONGEST_SHARE * panel.seasonLengths[0]!) ?? PLAIN_SEASON,
  );
  return found && { version: champion, ...found };
}

interface Stored {
  forecasts: SeriesForecast[];
  levels: number[];
  /** Of the series that reach furthest; undefined where nothing is stored. */
  cutoff: number | undefined;
  /** Of the series, by name. */
  ids: Map<string, number>;
}

async function storedForecasts(store: Store, runId: string): Promise<Stored> {
  const stored: Stored = { forecasts: [], levels: [], cutoff: undefined, ids: new Map() };
  for await (const { uniqueId, seriesId, cutoffStep, levels, quantiles } of store.forecasts.stream({ runId })) {
    stored.levels = levels;
    stored.cutoff = Math.max(stored.cutoff ?? cutoffStep, cutoffStep);
    stored.ids.set(uniqueId, seriesId);
    stored.forecasts.push({ id: uniqueId, cutoff: cutoffStep, quantiles });
  }
  return stored;
}

async function rollBack(
  store: Store,
  { model, patience }: Pick<MonitorPlan, 'model' | 'patience'>,
  scores: readonly LiveScore[],
  alerts: Alert[],
): Promise<number | null> {
  const { champion, standsIn } = await store.models.get(model);
  // Who stands in gives way to a challenger only: the champion before it is known to be worse.
  if (champion === null || standsIn || !isWorseThanNaive(scores, champion, patience)) return null;
  const reason = `rolled back: the last ${patience} forecasts of version ${champion} were worse than seasonal naive`;
  const version = await store.models.rollBack(model, champion, reason);
  if (version === null) return null;
  alerts.push({ code: 'ROLLED_BACK', message: `Version ${version} is champion again; ${reason}.`, since: scores.at(-1)!.cutoff });
  return version;
}

/** As if it were asked for now; what it is refused for stands on the run. */
function planRetraining(context: RunContext, request: TrainRequest, known: { broken?: boolean }): Promise<Planned> {
  return planned(context, () => planTrainingRun(context, request, known), {
    kind: 'train',
    dataset: request.dataset,
    model: request.model ?? null,
    config: request,
  });
}

/** One training at a time. */
async function retrain(context: RunContext, within: Store, training: Planned): Promise<RunRecord | null> {
  for (const status of ['queued', 'running'] as const) {
    const { items } = await within.runs.list({ kind: 'train', status, model: training.run.model ?? undefined, limit: 1 });
    if (items.length > 0) return null;
  }
  return writeDown(context, within, training);
}
