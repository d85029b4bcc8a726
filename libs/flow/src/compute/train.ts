/**
 * Trains one model and measures it: the last `holdout` steps of each series are cut off first, the model learns from the
 * rest, and its forecasts of those steps are scored beside the naive ones.
 * Invariant: nothing of the held-out steps reaches the fit, the scaling or the choice of settings.
 */
import type { RunProgress } from '@almanac/contracts';
import {
  type Checkpoint,
  createForecaster,
  dependenceOf,
  type Forecaster,
  joinMembers,
  learnedTargets,
  loadForecaster,
  memberSeed,
  type Panel,
  plans,
  type SeriesData,
} from '@almanac/forecasting';
import { AlmanacError, DEFAULT_QUANTILES } from '@almanac/series';
import { compareWithChampion } from './gate.js';
import { bySeries } from './backtest.js';
import { knownAt, measure, measureReferences, ratioTo } from './references.js';
import { settings } from './settings.js';
import type { MemberOutcome, MemberTask, TrainOutcome, TrainTask } from './tasks.js';

export interface TrainTools {
  threads: number;
  report: (progress: RunProgress) => void;
  saveState: (state: Checkpoint) => void;
  signal: AbortSignal;
}

/** A training that is killed loses at most this share of its steps. */
const STATES_PER_TRAINING = 20;
const FEWEST_STEPS_BETWEEN_STATES = 10;

/** Trains one member of a model as the model itself would. */
export async function trainMember(task: MemberTask, tools: TrainTools): Promise<MemberOutcome> {
  const { panel, kind, horizon, holdout, seed, resume, member } = task;
  const whole = settings(panel, task);
  const { usable } = longEnough(panel, holdout, plans.of(kind).minimumLength(whole, plans));
  const own = plans.of(kind).members(whole)[member];
  if (!own) return { checkpoint: null, steps: 0 };
  const forecaster = createForecaster(own.kind, own.config);
  try {
    const wishes = { ...own, seed: memberSeed(seed, member), resume };
    const steps = await fit(forecaster, knownAt(usable, holdout, horizon), wishes, tools);
    return { checkpoint: forecaster.save(), steps };
  } finally {
    forecaster.dispose();
  }
}

/** Returns the number of steps. */
async function fit(
  forecaster: Forecaster,
  history: Panel,
  { seed, resume, start, kind, config }: Pick<TrainTask, 'seed' | 'resume' | 'start' | 'kind' | 'config'>,
  { threads, signal, saveState, report }: TrainTools,
): Promise<number> {
  let steps = 0;
  await forecaster.fit(history, {
    seed,
    threads,
    signal,
    checkpoint: { everySteps: stepsBetweenStates(kind, config), save: saveState },
    ...(resume ? { resume } : {}),
    ...(start ? { start } : {}),
    onProgress: (progress) => {
      steps = progress.step;
      report({
        phase: 'training',
        message: `Step ${progress.step} of ${progress.totalSteps}`,
        fraction: progress.step / progress.totalSteps,
        ...progress,
      });
    },
  });
  return steps;
}

export async function train(task: TrainTask, tools: TrainTools): Promise<TrainOutcome> {
  const { report, signal, threads } = tools;
  const { panel, kind, horizon, holdout, seed, resume, members } = task;
  const config = settings(panel, task);
  const { usable, skippedSeries } = longEnough(panel, holdout, plans.of(kind).minimumLength(config, plans));
  const history = knownAt(usable, holdout, horizon);
  const forecaster = members
    ? await join(
        kind,
        config,
        members.flatMap(({ checkpoint }) => checkpoint ?? []),
        history,
        seed,
        tools,
      )
    : createForecaster(kind, config);
  try {
    const started = performance.now();
    const steps = members
      ? members.reduce((sum, member) => sum + member.steps, 0)
      : await fit(forecaster, history, { seed, resume, start: task.start, kind, config }, tools);
    const trainSeconds = (performance.now() - started) / 1000;
    report({ phase: 'scoring', message: `Forecasting the last ${holdout} steps of ${usable.series.length} series`, fraction: null });
    const { score, forecasts } = await measure(forecaster, usable, task, { kind, label: kind, levels: DEFAULT_QUANTILES }, tools);
    const references = await measureReferences(usable, history, task, tools);
    const onRefit = (version: number): void => {
      const message = `Training version ${version} again without the held-out steps, to be compared`;
      report({ phase: 'scoring', message, fraction: null });
    };
    const gate = await compareWithChampion(forecaster, usable, history, task, { threads, signal, onRefit });
    const choice = forecaster.choice?.(history);
    const why = new Map(choice?.series.map((one) => [one.id, one.why]));
    const saved = forecaster.save();
    const checkpoint = { ...saved, manifest: { ...saved.manifest, ...learnedTargets(history.series) } };
    return {
      checkpoint,
      config: { ...forecaster.config },
      score,
      baselines: references.scores,
      baseline: references.chosen,
      wqlRatio: ratioTo(references.chosen, score, references.scores),
      ...(choice ? { choice: { summary: choice.summary, members: choice.members } } : {}),
      series: bySeries(usable, forecasts).map((one) => ({ ...one, why: why.get(one.uniqueId) ?? null })),
      naiveSeries: bySeries(usable, references.seasonal.forecasts, references.seasonal.levels),
      dependence: dependenceOf(usable, forecasts, DEFAULT_QUANTILES),
      steps,
      trainSeconds,
      parameters: checkpoint.weights.length,
      scoredSeries: usable.series.length,
      skippedSeries,
      ...(gate ? { gate } : {}),
    };
  } finally {
    forecaster.dispose();
  }
}

/** A model of members that were trained apart, and of the quick ones listed after them, which are fitted here. */
async function join(
  kind: string,
  config: Record<string, unknown>,
  apart: Checkpoint[],
  history: Panel,
  seed: number,
  { threads, signal }: TrainTools,
): Promise<Forecaster> {
  const all = [...apart];
  for (const [i, own] of plans.of(kind).members(config).entries()) {
    if (i < apart.length) continue;
    const member = createForecaster(own.kind, own.config);
    try {
      await member.fit(history, { seed: memberSeed(seed, i), threads, signal });
      all.push(member.save());
    } finally {
      member.dispose();
    }
  }
  const whole = loadForecaster(joinMembers(kind, config, all));
  await whole.weigh?.(history, { seed, signal });
  return whole;
}

function stepsBetweenStates(kind: string, config: Record<string, unknown>): number {
  const { steps } = plans.of(kind).work(config, { count: 1, observations: 1 }, plans);
  return Math.max(FEWEST_STEPS_BETWEEN_STATES, Math.round(steps / STATES_PER_TRAINING));
}

function longEnough(panel: Panel, holdout: number, least: number): { usable: Panel; skippedSeries: TrainOutcome['skippedSeries'] } {
  const fits = ({ values }: SeriesData): boolean => values.length - holdout >= least;
  const series = panel.series.filter(fits);
  const short = panel.series.filter((one) => !fits(one));
  if (series.length === 0) {
    const longest = short.reduce<SeriesData | undefined>(
      (best, one) => (best && best.values.length >= one.values.length ? best : one),
      undefined,
    );
    throw new AlmanacError(
      'SERIES_TOO_SHORT',
      longest
        ? `The series "${longest.id}" has ${longest.values.length} steps; training needs ${least}, and ${holdout} more to be held out${short.length > 1 ? `, and the other ${short.length - 1} series are no longer` : ''}.`
        : 'The dataset has no series.',
      {
        hint: 'Upload more history, or ask for a shorter horizon, holdout or context.',
        subject: { ...(longest ? { series: longest.id } : {}), needed: least + holdout },
      },
    );
  }
  const skippedSeries = short.map(({ id, values }) => ({
    uniqueId: id,
    reason: `${values.length} steps, where ${least + holdout} are needed`,
  }));
  return { usable: { ...panel, series }, skippedSeries };
}
