/** What a task takes while it computes: threads that it keeps busy, and memory at its peak, as the estimate of a run counts it. */
import type { Panel } from '@almanac/forecasting';
import { plans, PROCESS_BYTES, threadsOf } from '@almanac/forecasting/plan';
import { isAlmanacError } from '@almanac/series';
import { settings } from './settings.js';
import type { Task } from './tasks.js';

/** Copies of a panel in the process that reads it: as it came, and as it is cut or laid out. */
const COPIES = 3;

/** @param threads that the task is given. Two numbers, of which the memory is meant to be within a factor of two */
export function demandOf(task: Task, threads: number): { threads: number; memoryBytes: number } {
  const plain = { threads: 1, memoryBytes: PROCESS_BYTES + ('panel' in task ? COPIES * 8 * observationsOf(task.panel) : 0) };
  try {
    return { ...plain, ...trainingOf(task, threads) };
  } catch (error) {
    // Settings that cannot be: the task itself says so.
    if (isAlmanacError(error)) return plain;
    throw error;
  }
}

/** Undefined for a task that trains nothing. */
function trainingOf(task: Task, threads: number): { threads: number; memoryBytes: number } | undefined {
  switch (task.task) {
    case 'train':
      // Members that have been trained apart are only joined.
      return task.members ? undefined : work(task.panel, task.kind, settings(task.panel, task), threads);
    case 'member': {
      const own = plans.of(task.kind).members(settings(task.panel, task))[task.member];
      return own && work(task.panel, own.kind, own.config, threads);
    }
    case 'trial':
      return work(task.panel, task.trial.kind, task.trial.config, 1);
    case 'backtest': {
      const { panel, horizon, windows, stepSize, steps } = task;
      const { kind, config } = task.model;
      return work(panel, kind, settings(panel, { kind, config, horizon, steps, holdout: horizon + (windows - 1) * stepSize }), 1);
    }
    default:
      return undefined;
  }
}

function work(panel: Panel, kind: string, config: Record<string, unknown>, given: number): { threads: number; memoryBytes: number } {
  const plan = plans.of(kind);
  const threads = threadsOf(kind, config, given);
  return {
    threads,
    memoryBytes: plan.work(config, { count: panel.series.length, observations: observationsOf(panel), threads }, plans).memoryBytes,
  };
}

/** Values of all series and channels together. */
function observationsOf({ series }: Panel): number {
  return series.reduce((sum, { values, pastCovariates = {}, futureCovariates = {} }) => {
    const channels = [...Object.values(pastCovariates), ...Object.values(futureCovariates)];
    return sum + values.length + channels.reduce((all, { length }) => all + length, 0);
  }, 0);
}
