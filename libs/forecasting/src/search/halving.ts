/**
 * Hyper-parameter search by successive halving (Jamieson and Talwalkar 2016; Li et al. 2018): many candidates with few steps, the best
 * 1/η of them with η times as many, and so on to the full number.
 *
 * Invariants: budgets are training steps, never seconds; a trial depends on its own description alone, so trials may run in any order, at
 * once, elsewhere, or twice; results so far and the settings say which trials come next, so a search resumes from its results. The first
 * candidate is the configuration that the space starts from: what a search finds scores no worse than it on the validation tail, unless
 * an early rung was wrong about it. Loads no TensorFlow.js: `trial.ts` is what trains.
 */
import { AlmanacError, isAlmanacError } from '@almanac/series';
import { candidates, withSetting, type SearchSpace } from './space.js';

export interface SearchSettings {
  space: SearchSpace;
  /** Candidates of the first rung. */
  trials: number;
  /** Training steps of the last rung. */
  steps: number;
  /** Of the first rung at least so many; default a ninth of `steps`. */
  leastSteps?: number;
  /** One in η goes on to the next rung, with η times the steps. Default 3. */
  eta?: number;
  seed: number;
  /** Where the configuration has its number of steps. Default `train.steps`. */
  stepsPath?: string;
}

/** All that is needed to run one: the payload of a job. */
export interface Trial {
  /** Of the candidate; a candidate has one trial in each rung that it reaches. */
  candidate: number;
  rung: number;
  kind: string;
  config: Record<string, unknown>;
  /** Equal for all trials, so that candidates differ by their settings and not by their luck. */
  seed: number;
}

export interface TrialScore {
  /** Lower is better. */
  score: number;
  /** The score over that of seasonal naive on the same windows; below 1 is better. */
  overSeasonalNaive?: number;
}

export interface TrialResult extends Partial<TrialScore> {
  candidate: number;
  rung: number;
  /** Why there is no score. Such a candidate goes no further. */
  failure?: { code: string; message: string };
}

export type TrialRunner = (trial: Trial, signal?: AbortSignal) => Promise<TrialScore>;

export interface SearchReport {
  /** Of the last rung that was reached, with its full number of steps. */
  best: { kind: string; config: Record<string, unknown>; score: number; candidate: number; overSeasonalNaive?: number };
  results: TrialResult[];
}

export interface SearchOptions {
  /** Results of an interrupted search with the same settings. */
  resume?: readonly TrialResult[];
  /** Called with all results so far after each trial. */
  save?: (results: TrialResult[]) => void | Promise<void>;
  /** Trials at once. Default 1. */
  parallel?: number;
  signal?: AbortSignal;
}

/** Steps of each rung and how many candidates reach it. */
export function rungs({ trials, steps, leastSteps, eta = 3 }: Omit<SearchSettings, 'space' | 'seed'>): { steps: number; trials: number }[] {
  const least = Math.min(steps, Math.max(1, leastSteps ?? Math.ceil(steps / 9)));
  const count = Math.max(
    1,
    Math.min(Math.floor(Math.log(trials) / Math.log(eta) + 1e-9), Math.ceil(Math.log(steps / least) / Math.log(eta) - 1e-9)) + 1,
  );
  return Array.from({ length: count }, (_, r) => ({
    steps: Math.max(least, Math.round(steps / eta ** (count - 1 - r))),
    trials: Math.max(1, Math.floor(trials / eta ** r)),
  }));
}

/**
 * The trials that can run now, given the results so far; none when the search is over. Results of trials that are still out may come
 * later: the rung's remaining trials are named again until they are in.
 *
 * @throws SEARCH_SETTINGS, SEARCH_SPACE; SEARCH_FAILED where no trial of a rung has a score
 */
export function pendingTrials(settings: SearchSettings, results: readonly TrialResult[]): Trial[] {
  check(settings);
  const configs = candidates(settings.space, settings.trials, settings.seed);
  let alive = configs.map((_, candidate) => candidate);
  for (const [rung, { trials: places }] of rungs(settings).entries()) {
    if (rung > 0) alive = ranking(results, rung - 1).slice(0, places);
    const done = new Set(results.filter((one) => one.rung === rung).map(({ candidate }) => candidate));
    const open = alive.filter((candidate) => !done.has(candidate));
    if (open.length > 0) return open.map((candidate) => trial(settings, configs[candidate]!, { candidate, rung }));
    if (ranking(results, rung).length === 0) throw failed(results);
  }
  return [];
}

/** What a trial of a search is. @throws SEARCH_SPACE */
export function trialOf(settings: SearchSettings, { candidate, rung }: Pick<Trial, 'candidate' | 'rung'>): Trial {
  return trial(settings, candidates(settings.space, settings.trials, settings.seed)[candidate]!, { candidate, rung });
}

function trial(settings: SearchSettings, config: Record<string, unknown>, at: Pick<Trial, 'candidate' | 'rung'>): Trial {
  const { space, seed, stepsPath = 'train.steps' } = settings;
  return { ...at, kind: space.kind, config: withSetting(config, stepsPath, rungs(settings)[at.rung]!.steps), seed };
}

/** What a finished search found. */
export function searchReport(settings: SearchSettings, results: readonly TrialResult[]): SearchReport {
  const last = rungs(settings).length - 1;
  const candidate = ranking(results, last)[0];
  if (candidate === undefined) throw failed(results);
  const { score, overSeasonalNaive } = results.find((one) => one.rung === last && one.candidate === candidate)!;
  const config = withSetting(
    candidates(settings.space, settings.trials, settings.seed)[candidate]!,
    settings.stepsPath ?? 'train.steps',
    settings.steps,
  );
  return {
    best: {
      kind: settings.space.kind,
      config,
      score: score!,
      candidate,
      ...(overSeasonalNaive === undefined ? {} : { overSeasonalNaive }),
    },
    results: [...results],
  };
}

/**
 * @example
 *   const settings = { space: defaultSpace(facts), trials: 27, steps: 1800, seed: 1 };
 *   const { best } = await successiveHalving(settings, forecastTrial(panel, { horizon: 48, windows: 4 }));
 *   const model = createForecaster(best.kind, best.config);
 * @throws SEARCH_SETTINGS, SEARCH_SPACE, SEARCH_FAILED, or what `signal` was aborted with
 */
export async function successiveHalving(settings: SearchSettings, run: TrialRunner, options: SearchOptions = {}): Promise<SearchReport> {
  const { save, parallel = 1, signal } = options;
  const results = [...(options.resume ?? [])];
  for (let open = pendingTrials(settings, results); open.length > 0; open = pendingTrials(settings, results)) {
    const queue = open.values();
    const work = async (): Promise<void> => {
      for (const trial of queue) {
        signal?.throwIfAborted();
        results.push(await resultOf(trial, run, signal));
        await save?.([...results]);
      }
    };
    await Promise.all(Array.from({ length: Math.max(1, parallel) }, work));
  }
  return searchReport(settings, results);
}

async function resultOf(trial: Trial, run: TrialRunner, signal?: AbortSignal): Promise<TrialResult> {
  const { candidate, rung } = trial;
  try {
    const scored = await run(trial, signal);
    if (Number.isFinite(scored.score)) return { candidate, rung, ...scored };
    return { candidate, rung, failure: { code: 'TRIAL_NOT_FINITE', message: `The trial's score is ${scored.score}.` } };
  } catch (error) {
    // A cancelled search is no failed candidate.
    signal?.throwIfAborted();
    const code = isAlmanacError(error) ? error.code : 'TRIAL_FAILED';
    return { candidate, rung, failure: { code, message: error instanceof Error ? error.message : String(error) } };
  }
}

/** Candidates with a score in a rung, best first; of equals the earlier one. */
function ranking(results: readonly TrialResult[], rung: number): number[] {
  return results
    .filter((one) => one.rung === rung && one.score !== undefined)
    .sort((a, b) => a.score! - b.score! || a.candidate - b.candidate)
    .map(({ candidate }) => candidate);
}

function failed(results: readonly TrialResult[]): AlmanacError {
  const first = results.find(({ failure }) => failure)?.failure;
  return new AlmanacError(
    'SEARCH_FAILED',
    `No trial of the search has a score${first ? `; the first failed with: ${first.message}` : ''}.`,
    {
      hint: 'Check the space and the panel with a single training run.',
      ...(first ? { subject: { code: first.code } } : {}),
    },
  );
}

function check({ trials, steps, leastSteps, eta = 3 }: SearchSettings): void {
  const counts = { trials, steps, ...(leastSteps === undefined ? {} : { leastSteps }) };
  const wrong =
    Object.entries(counts).find(([, value]) => !(Number.isInteger(value) && value >= 1)) ?? (eta > 1 ? undefined : ['eta', eta]);
  if (wrong)
    throw new AlmanacError('SEARCH_SETTINGS', `A search cannot have ${wrong[0]} ${wrong[1]}.`, {
      hint: 'Give trials and steps as whole numbers of at least 1, and eta above 1.',
      subject: { setting: wrong[0] },
    });
}
