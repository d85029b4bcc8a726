/**
 * The search run: the trials of a rung are parts that any worker takes; the best go on to the next rung with more steps, and the winner is
 * trained by a run of its own, which registers it.
 * Invariants: all trials are scored at the same cutoffs, before the steps that the winner holds out; what the trials that are done say
 * decides which come next, so a search that is delivered again goes on where it was; a candidate that cannot be trained ends no search.
 */
import { type SearchResult, searchResult, type SearchTrial } from '@almanac/contracts';
import { candidates, pendingTrials, rungs, searchReport, settingAt, trialOf } from '@almanac/forecasting/plan';
import { Frequency, isAlmanacError } from '@almanac/series';
import { isPassing, type Json, type RunRecord, type Store } from '@almanac/store';
import { planned, writeDown } from '../../ask.js';
import type { Compute, TrialTask } from '../../compute/index.js';
import type { PartOf } from '../../part/plan.js';
import { Ending, engineNote, type NewPart, type RunContext, runParts, shareDone, wholeOf } from '../../runs/execute/index.js';
import { type NewPlannedRun, type PlannedRun, readRun } from '../../runs/kinds.js';
import { readPanel } from '../../runs/panel.js';
import type { SearchPlan } from '../plan.js';
import { halvingOf } from '../settings.js';

/** What a part says of its trial. */
interface TrialDone {
  candidate: number;
  rung: number;
  seconds: number;
  score?: number;
  overSeasonalNaive?: number;
  /** Grid steps. */
  cutoffs?: number[];
  failure?: { code: string; message: string };
}

/** What a worker lacks whatever it is to train. */
const NOT_OF_THE_CANDIDATE: ReadonlySet<string> = new Set([
  'KERNELS_NOT_BUILT',
  'VARIANT_UNAVAILABLE',
  'ENGINE_UNAVAILABLE',
  'ELSEWHERE_FAILED',
  'REPLICA_DIED',
]);

/** @throws AlmanacError SEARCH_FAILED, DATASET_NOT_FOUND */
export async function executeSearch(context: RunContext<PlannedRun<'search'>>): Promise<Ending> {
  const { store, run } = context;
  const plan = run.config;
  const dataset = await store.datasets.get(plan.training.dataset);
  await store.runs.pinVersion(run.id, dataset.id, plan.training.datasetVersion);
  const halving = halvingOf(plan);
  const done = await allTrials(context, plan);
  const { best } = searchReport(halving, done);
  const grid = Frequency.parse(dataset.frequency, dataset.timeZone);
  const [scored] = done.filter(({ cutoffs }) => cutoffs);
  const configs = candidates(halving.space, halving.trials, halving.seed);
  const trials = done
    .map((one) => shown(plan, configs[one.candidate]!, one))
    .sort((a, b) => b.rung - a.rung || (a.wql ?? Infinity) - (b.wql ?? Infinity));
  const found: Omit<SearchResult, 'trainRunId'> = {
    kind: plan.kind,
    horizon: plan.training.horizon,
    cutoffs: scored!.cutoffs!.map((cutoff) => grid.wire(cutoff)),
    holdout: plan.training.holdout,
    rungs: rungs(halving),
    trials,
    winner: trials.find(({ candidate, rung }) => candidate === best.candidate && rung === rungs(halving).length - 1)!,
    winnerConfig: best.config,
  };
  return new Ending(async (within) => {
    const training = await trainThen(context, within, best.config);
    return { result: searchResult.parse({ ...found, trainRunId: training.id }) as unknown as Json, runs: [training] };
  });
}

/** A part of a search: one trial. */
export async function executeTrial(context: RunContext, { candidate, rung }: PartOf<'trial'>, compute: Compute): Promise<Json> {
  const { store, signal, report } = context;
  const { config: plan } = await wholeOf(context, 'search');
  const { dataset: name, datasetVersion, horizon, holdout } = plan.training;
  const trial = trialOf(halvingOf(plan), { candidate, rung });
  const { panel } = await readPanel(store, await store.datasets.get(name), { version: datasetVersion, signal });
  const { onEngine, noted } = engineNote(context);
  const started = performance.now();
  const end = (rest: Omit<TrialDone, 'candidate' | 'rung' | 'seconds'>): Json => {
    const done: TrialDone = { candidate, rung, seconds: (performance.now() - started) / 1000, ...rest };
    return done as unknown as Json;
  };
  try {
    const { windows, stepSize } = plan;
    const task: TrialTask = { task: 'trial', panel, trial, horizon, holdout, windows, stepSize };
    const { score, overSeasonalNaive, cutoffs } = await compute.run(task, {
      signal,
      threads: 1,
      onProgress: (to) => void report(to),
      onEngine,
    });
    await noted();
    if (!Number.isFinite(score)) return end({ failure: { code: 'TRIAL_NOT_FINITE', message: `The score of the trial is ${score}.` } });
    return end({ score, cutoffs, ...(Number.isFinite(overSeasonalNaive) ? { overSeasonalNaive: overSeasonalNaive! } : {}) });
  } catch (error) {
    // What stops, or cannot compute at all, says nothing of the candidate.
    signal.throwIfAborted();
    if (!isAlmanacError(error) || isPassing(error) || NOT_OF_THE_CANDIDATE.has(error.code)) throw error;
    return end({ failure: { code: error.code, message: error.message } });
  }
}

/** Rung after rung. What was written down before the run was delivered again comes first. */
async function allTrials(context: RunContext, plan: SearchPlan): Promise<TrialDone[]> {
  const halving = halvingOf(plan);
  const all = rungs(halving).reduce((sum, { trials }) => sum + trials, 0);
  const startedAt = performance.now();
  const queue = plan.device === 'gpu' ? 'gpu' : 'part';
  const before = await doneBefore(context.store, plan);
  let parts: NewPart[] = [];
  let done = before;
  for (let open = pendingTrials(halving, done); open.length > 0; open = pendingTrials(halving, done)) {
    parts = [...parts, ...open.map(({ candidate, rung }): NewPart => ({ queue, config: { task: 'trial', candidate, rung } }))];
    const records = await runParts(context, parts, (states) => {
      const ended = before.length + shareDone(states, startedAt).done;
      const message = `Rung ${open[0]!.rung + 1} of ${rungs(halving).length}: ${ended} of ${all} trials`;
      void context.report({ phase: 'searching', message, fraction: Math.min(1, ended / all), step: ended, totalSteps: all });
    });
    done = [...before, ...records.map(({ result }) => result as unknown as TrialDone)];
    parts = records.map((record): NewPart => ({ queue, config: record.config as NewPart['config'] }));
    const engine = records.find((record) => record.engine !== null)?.engine;
    if (engine) await context.store.runs.setEngine(context.run.id, engine);
  }
  return done;
}

/** What the searches have that this one goes on from, oldest last: their trials with a score; what failed is tried again. */
async function doneBefore(store: Store, { resumes }: Pick<SearchPlan, 'resumes'>): Promise<TrialDone[]> {
  const had = new Map<string, TrialDone>();
  for (let from = resumes; from !== undefined;) {
    for (const { status, result } of await store.runs.parts(from)) {
      const trial = result as unknown as TrialDone | null;
      if (status === 'succeeded' && trial?.score !== undefined) had.set(`${trial.candidate} ${trial.rung}`, trial);
    }
    const [known] = await store.runs.known([from]);
    from = known === undefined ? undefined : readRun('search', await store.runs.get(known)).config.resumes;
  }
  return [...had.values()];
}

function shown(
  plan: SearchPlan,
  config: Record<string, unknown>,
  { candidate, rung, seconds, score, overSeasonalNaive, failure }: TrialDone,
): SearchTrial {
  return {
    candidate,
    rung,
    steps: rungs(halvingOf(plan))[rung]!.steps,
    settings: Object.fromEntries(Object.keys(plan.space).map((path) => [path, settingAt(config, path)])),
    wql: score ?? null,
    overSeasonalNaive: overSeasonalNaive ?? null,
    seconds,
    failure: failure ?? null,
  };
}

/** The winner, trained on all but what is held out. */
async function trainThen(
  { run, limits, codeVersion }: RunContext<PlannedRun<'search'>>,
  within: Store,
  config: Record<string, unknown>,
): Promise<RunRecord> {
  const { training } = run.config;
  const { dataset, model, seed } = training;
  const wanted: NewPlannedRun<'train'> = { kind: 'train', dataset, model, seed, config: { ...training, config, search: run.id } };
  return writeDown({ codeVersion }, within, await planned({ store: within, limits }, () => Promise.resolve(wanted), wanted));
}
