/**
 * One trial of a search. Invariants: it sees nothing of what the winner is measured on, and every trial of a search is scored at the
 * same cutoffs.
 */
import { forecastTrial, rollingCutoffs } from '@almanac/forecasting';
import { knownAt } from './references.js';
import type { TrialOutcome, TrialTask } from './tasks.js';

export async function runTrial(task: TrialTask, signal: AbortSignal): Promise<TrialOutcome> {
  const { trial, horizon, windows, stepSize } = task;
  const panel = knownAt(task.panel, task.holdout, horizon);
  const tail = { horizon, windows, stepSize, align: 'calendar' as const };
  const cutoffs = rollingCutoffs(panel, tail).map(({ shown }) => shown);
  return { ...(await forecastTrial(panel, tail)(trial, signal)), cutoffs };
}
