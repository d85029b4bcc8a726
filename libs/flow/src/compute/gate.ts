/**
 * The gate before `champion`: the new model, the champion and the better seasonal naive forecast the same windows of the
 * held-out steps, and a Diebold-Mariano test over the windows says whether the new one is better by more than chance.
 * Invariant: nobody who is compared has learned the held-out steps. A champion that has is trained again without them, by its own recipe.
 * Source: see `dieboldMariano` in the forecasting library.
 */
import {
  createForecaster,
  cutPanel,
  dieboldMariano,
  type Forecaster,
  loadForecaster,
  type Panel,
  scoreForecasts,
  SEASONAL_NAIVE,
  targetKindsOf,
} from '@almanac/forecasting';
import { DEFAULT_QUANTILES, isAlmanacError } from '@almanac/series';
import { gateWindows } from '../train/windows.js';
import { settings } from './settings.js';
import type { TrainOutcome, TrainTask } from './tasks.js';

/** Chance of promoting a model that is no better. */
const LEVEL = 0.05;

export interface GateTools {
  threads: number;
  signal: AbortSignal;
  /** Called before a champion is trained again, which takes as long as its training did. */
  onRefit?: (version: number) => void;
}

/** @param history the panel without the held-out steps. Undefined where there is no champion to beat. */
export async function compareWithChampion(
  challenger: Forecaster,
  panel: Panel,
  history: Panel,
  task: TrainTask,
  tools: GateTools,
): Promise<TrainOutcome['gate']> {
  const { champion, horizon, holdout, judged = horizon } = task;
  const { signal } = tools;
  if (!champion) return undefined;
  const { stepSize, lag } = gateWindows(horizon, panel.seasonLengths[0], holdout, judged);
  const backs: number[] = [];
  for (let back = holdout; back >= judged; back -= stepSize) backs.push(back);
  const losses = (forecaster: Forecaster, levels: readonly number[]): Promise<number[]> =>
    windowLosses(forecaster, panel, backs, judged, levels, signal);
  const others: { against: string; losses: number[] }[] = [];
  try {
    const incumbent = await incumbentOf(champion, panel, history, task, tools);
    others.push({ against: `version ${champion.version}`, losses: await losses(incumbent, DEFAULT_QUANTILES) });
    incumbent.dispose();
  } catch (error) {
    // What its recipe is refused for on a shorter history is no fault of the challenger.
    if (!('recipe' in champion) || !isAlmanacError(error)) throw error;
    signal.throwIfAborted();
    const refused = `version ${champion.version} has learned the held-out steps and cannot be trained again without them: ${error.message}`;
    return { windows: 0, level: LEVEL, tests: [], refused };
  }
  const own = await losses(challenger, DEFAULT_QUANTILES);
  others.push({ against: SEASONAL_NAIVE, losses: await betterNaive(panel, losses) });
  const tests = others.map(({ against, losses: theirs }) => {
    const pValue = chance(own, theirs, lag);
    return { against, pValue, challengerWql: mean(own), otherWql: mean(theirs), better: pValue < LEVEL && mean(own) < mean(theirs) };
  });
  return { windows: backs.length, level: LEVEL, tests };
}

async function incumbentOf(
  champion: NonNullable<TrainTask['champion']>,
  panel: Panel,
  history: Panel,
  { holdout }: TrainTask,
  { threads, signal, onRefit }: GateTools,
): Promise<Forecaster> {
  if (!('recipe' in champion)) return loadForecaster(champion.checkpoint);
  const { version, recipe } = champion;
  onRefit?.(version);
  const again = createForecaster(recipe.kind, settings(panel, { ...recipe, holdout }));
  await again.fit(history, { seed: recipe.seed, threads, signal });
  return again;
}

async function betterNaive(
  panel: Panel,
  losses: (forecaster: Forecaster, levels: readonly number[]) => Promise<number[]>,
): Promise<number[]> {
  let best: number[] = [];
  for (const seasonLength of panel.seasonLengths.length > 0 ? panel.seasonLengths : [1]) {
    const found = await losses(createForecaster(SEASONAL_NAIVE, { seasonLength }), [0.5]);
    if (best.length === 0 || mean(found) < mean(best)) best = found;
  }
  return best;
}

/** WQL of each window, oldest first. */
async function windowLosses(
  forecaster: Forecaster,
  panel: Panel,
  backs: readonly number[],
  horizon: number,
  levels: readonly number[],
  signal: AbortSignal,
): Promise<number[]> {
  const losses: number[] = [];
  for (const back of backs) {
    const known = cutPanel(panel, ({ firstStep, values }) => firstStep + values.length - 1 - back, horizon);
    // As every forecast is made and reported: whole numbers for counts, nothing below 0 where nothing was.
    const targets = targetKindsOf(known.series);
    losses.push(scoreForecasts(panel, await forecaster.predict(known, { horizon, levels, signal, targets }), { levels }).overall.wql);
  }
  return losses;
}

/** Too few windows prove nothing: 1. */
function chance(own: readonly number[], theirs: readonly number[], lag: number): number {
  try {
    return dieboldMariano(own, theirs, lag).pValueABetter;
  } catch (error) {
    if (isAlmanacError(error) && error.code === 'DM_TOO_FEW') return 1;
    throw error;
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
