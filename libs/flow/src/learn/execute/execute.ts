/**
 * The learning run: the shadows of the champion go on from where the run before left them, with what was observed since, up to
 * the dataset version that the run pins. Where a shadow was better for two seasons, the champions of all series are registered as
 * the next version, and the alias moves; else the shadows are kept for the next run.
 * A champion that came back after a version that it had taught starts anew, from what comes next: what was taken back is not
 * learned again.
 * Invariants: the shadows descend from the champion that forecasts, or start anew from it; a run that is delivered again does the
 * same once more and registers nothing twice.
 */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { type LearnResult, learnResult } from '@almanac/contracts';
import type { LearnedSeries, OnlineLearning } from '@almanac/forecasting';
import { isAlmanacError } from '@almanac/series';
import type { Json, ModelVersionRecord, RunRecord } from '@almanac/store';
import type { Compute, LearnTask } from '../../compute/index.js';
import { loadCheckpoint, registerVersion } from '../../register/index.js';
import type { RunContext } from '../../runs/execute/index.js';
import { readPanel } from '../../runs/panel.js';
import { leftOut } from '../../runs/wholeSteps.js';
import type { PlannedRun } from '../../runs/kinds.js';
import type { LearnPlan } from '../plan.js';

/** Learning runs that are looked back on. */
const LOOK_BACK = 200;

/** What lies in object storage; the run makes it nobody else's. */
interface Shadows {
  run: string;
  states: Record<string, LearnedSeries>;
}

/** @throws AlmanacError MODEL_NOT_FOUND, MODEL_VERSION_NOT_FOUND, CHECKPOINT_MISMATCH, COMPUTE_DIED */
export async function executeLearning(context: RunContext<PlannedRun<'learn'>>, compute: Compute): Promise<Json> {
  const { store, objects, run, signal, report } = context;
  const plan = run.config;
  const dataset = await store.datasets.getById((await store.models.get(plan.model)).datasetId);
  await store.runs.pinVersion(run.id, dataset.id, plan.datasetVersion);
  const from = await championBefore(context, plan.model);
  const pupil = await store.models.findVersion(plan.model, { learnedFrom: from.no, notBy: run.id });
  const before = (await runsFrom(context, from.no)).filter((other) => !pupil || other.run.createdAt > pupil.createdAt);
  void report({ phase: 'learning', message: `The shadow of version ${from.no} learns`, fraction: null });
  const { panel, partial } = await readPanel(store, dataset, { version: plan.datasetVersion, signal });
  const [checkpoint, states] = [await loadCheckpoint(objects, from), await shadowsOf(context, before[0])];
  const learning = await compute.run<LearnTask>({ task: 'learn', panel, checkpoint, states, anew: pupil !== null }, { signal });
  signal.throwIfAborted();
  const reason = reasonOf(learning, from);
  const registered = learning.promoted.length > 0 ? await register(context, plan, from, learning, reason) : null;
  const superseded = registered === undefined;
  const result: LearnResult = {
    model: plan.model,
    from: from.no,
    version: registered?.no ?? null,
    outcome: superseded ? 'superseded' : registered ? 'promoted' : 'kept',
    reason: superseded ? `another version took the place of version ${from.no} meanwhile` : reason,
    datasetVersion: plan.datasetVersion,
    series: learning.series,
    observations: learning.observations,
    promotedSeries: learning.promoted.length,
    rolledBackSeries: learning.rolledBack.length,
    pinball: learning.pinball,
    state: superseded ? null : await keep(context, learning.states),
    partialSteps: leftOut(dataset, partial),
  };
  await dropOld(context, before);
  return learnResult.parse(result) as unknown as Json;
}

/** The champion, or the one before it where an earlier delivery of this run has made the champion already. */
async function championBefore({ store, run }: RunContext, model: string): Promise<ModelVersionRecord> {
  const made = await store.models.findVersion(model, { runId: run.id });
  return store.models.version(model, made ? { no: (made.config as { from: number }).from } : {});
}

/**
 * Learning runs that left shadows of this version, or made it, furthest first.
 * Furthest, not newest: of two that ran side by side one may have seen less.
 */
async function runsFrom({ store, run }: RunContext, from: number): Promise<{ run: RunRecord; result: LearnResult }[]> {
  const { items } = await store.runs.list({ kind: 'learn', status: 'succeeded', model: run.model ?? undefined, limit: LOOK_BACK });
  return items
    .filter((other) => other.result !== null)
    .map((other) => ({ run: other, result: learnResult.parse(other.result) }))
    .filter(({ result }) => result.state !== null && (result.version ?? result.from) === from)
    .sort((a, b) => b.result.datasetVersion - a.result.datasetVersion);
}

/** Undefined where there are none, or none that can be read any more: then the shadows start anew. */
async function shadowsOf(
  { objects, logger, run }: RunContext,
  before: { result: LearnResult } | undefined,
): Promise<Record<string, LearnedSeries> | undefined> {
  if (!before?.result.state) return undefined;
  try {
    const bytes = await promisify(gunzip)(await objects.readAll(before.result.state));
    return (JSON.parse(bytes.toString()) as Shadows).states;
  } catch (error) {
    if (!isAlmanacError(error) || error.code !== 'OBJECT_NOT_FOUND') throw error;
    logger.warn({ error, run: run.id }, 'the shadows of an online model are gone; they start anew from its champion');
    return undefined;
  }
}

async function keep({ objects, run }: RunContext, states: Shadows['states']): Promise<string> {
  const shadows: Shadows = { run: run.id, states };
  return (await objects.put(await promisify(gzip)(JSON.stringify(shadows)))).sha256;
}

/** The run before keeps its shadows, should this one be delivered again; nobody starts from older ones any more. */
async function dropOld({ objects }: RunContext, before: readonly { result: LearnResult }[]): Promise<void> {
  const old = before[1]?.result.state;
  if (old) await objects.delete(old);
}

/** Undefined where another version has become champion meanwhile. */
async function register(
  context: RunContext,
  plan: LearnPlan,
  from: ModelVersionRecord,
  learning: OnlineLearning,
  reason: string,
): Promise<ModelVersionRecord | undefined> {
  const { store, run } = context;
  const { datasetId } = await store.models.get(plan.model);
  const score = (label: string, pinball: number | undefined): { kind: string; label: string; metrics: Record<string, number | null> } => ({
    kind: from.kind,
    label,
    metrics: { pinball: pinball ?? null },
  });
  try {
    return await registerVersion(context, {
      model: plan.model,
      datasetId,
      runId: run.id,
      kind: from.kind,
      horizon: from.horizon,
      config: { ...learning.checkpoint.manifest.config, from: from.no },
      checkpoint: learning.checkpoint,
      score: score(from.kind, learning.pinball?.shadow),
      baselines: [score(`version ${from.no}`, learning.pinball?.champion)],
      wqlRatio: null,
      promoteIfFirst: false,
      succeeds: { no: from.no, reason },
    });
  } catch (error) {
    if (isAlmanacError(error) && error.code === 'CHAMPION_MOVED') return undefined;
    throw error;
  }
}

function reasonOf({ promoted, rolledBack, series, pinball, observations }: OnlineLearning, { no }: ModelVersionRecord): string {
  const losses = pinball ? ` (one-step pinball ${pinball.shadow.toPrecision(3)} to ${pinball.champion.toPrecision(3)})` : '';
  if (promoted.length > 0)
    return `learned online: the shadow of ${promoted.length} of ${series} series was better than version ${no} by 1 % or more for two seasons, or by 15 % for one${losses}`;
  if (observations === 0) return 'nothing was observed since';
  return rolledBack.length > 0
    ? `the shadow of ${rolledBack.length} of ${series} series was worse by 10 % or broken and starts again from version ${no}${losses}`
    : `no shadow is better than version ${no} yet${losses}`;
}
