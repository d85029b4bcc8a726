/** The work of a run, counted from its settings: optimiser steps, floating-point operations, and memory at its peak. */
import { candidates, plans, rungs, type Work as TrainingWork, withSetting } from '@almanac/forecasting/plan';
import type { Store } from '@almanac/store';
import { type StoredFacts, storedFacts, type Wanted } from '../compute/settings.js';
import type { NewPlannedRun } from '../runs/kinds.js';
import type { SearchPlan } from '../search/plan.js';
import { halvingOf } from '../search/settings.js';

export interface Work {
  steps?: number;
  operations?: number;
  /** Kinds of model that are trained. */
  kinds: readonly string[];
  /** Where no operations can be counted: what runs like it took. */
  seconds?: number;
  likeRun?: string;
  memoryBytes?: number;
  /** It is done in parts; an ensemble of one is not. */
  parts: boolean;
}

const REMEMBERED = 50;

/** @param threads of the largest worker */
export async function workOf(store: Store, run: NewPlannedRun, threads: number): Promise<Work> {
  if (run.kind === 'train') {
    const plan = run.config;
    const known = await storedFacts(store, plan.dataset, plan);
    return { ...trainingWork(known, plan, threads), kinds: [plan.kind], parts: plans.of(plan.kind).apart(plan) > 1 };
  }
  if (run.kind === 'backtest') {
    const plan = run.config;
    const holdout = plan.horizon + (plan.windows - 1) * plan.stepSize;
    const known = await storedFacts(store, plan.dataset, { horizon: plan.horizon, holdout });
    const fits = plan.refitEvery === 0 ? 1 : Math.ceil(plan.windows / plan.refitEvery);
    const each = plan.models.map(({ kind, config }) =>
      trainingWork(known, { kind, config, horizon: plan.horizon, holdout, steps: plan.steps }, 1),
    );
    return {
      steps: fits * sum(each.map(({ steps }) => steps)),
      operations: fits * sum(each.map(({ operations }) => operations)),
      kinds: plan.models.map(({ kind }) => kind),
      // Parts of one thread each run side by side.
      memoryBytes: threads * Math.max(...each.map(({ memoryBytes }) => memoryBytes)),
      parts: true,
    };
  }
  if (run.kind === 'search') {
    const known = await storedFacts(store, run.config.training.dataset, run.config.training);
    return { ...searchWork(known, run.config, threads), kinds: [run.config.kind], parts: true };
  }
  return { ...(await likeBefore(store, run)), kinds: [], parts: false };
}

function trainingWork({ facts, observations }: StoredFacts, wanted: Wanted, threads: number): TrainingWork {
  const config = plans.settings(wanted.kind, facts, wanted);
  return plans.of(wanted.kind).work(config, { count: facts.count, observations, threads }, plans);
}

/**
 * Of all trials; the training of the winner is a run of its own. Which candidates go on is not known yet: those of a later rung are taken
 * to be as heavy as all of them on average.
 */
function searchWork({ facts, observations }: StoredFacts, plan: SearchPlan, threads: number): TrainingWork {
  const halving = halvingOf(plan);
  const configs = candidates(halving.space, halving.trials, halving.seed);
  const count = configs.length;
  const each = rungs(halving).map(({ steps: of, trials }) => {
    const works = configs.map((config) =>
      plans.of(plan.kind).work(withSetting(config, plan.stepsPath, of), { count: facts.count, observations, threads: 1 }, plans),
    );
    const share = Math.min(trials, count) / count;
    return {
      steps: share * sum(works.map(({ steps }) => steps)),
      operations: share * sum(works.map(({ operations }) => operations)),
      memoryBytes: Math.max(...works.map(({ memoryBytes }) => memoryBytes)),
    };
  });
  return {
    steps: Math.round(sum(each.map(({ steps }) => steps))),
    operations: sum(each.map(({ operations }) => operations)),
    // Trials of one thread each run side by side.
    memoryBytes: Math.min(threads, count) * Math.max(...each.map(({ memoryBytes }) => memoryBytes)),
  };
}

/** The same kind of run of the same model or dataset, newest first: the median time. */
async function likeBefore(store: Store, { kind, dataset, model }: NewPlannedRun): Promise<Pick<Work, 'seconds' | 'likeRun'>> {
  const { items } = await store.runs.list({ kind, status: 'succeeded', dataset: dataset ?? undefined, limit: REMEMBERED });
  const like = items.filter((run) => run.model === (model ?? null) && run.startedAt && run.finishedAt);
  const seconds = like.map((run) => (run.finishedAt!.getTime() - run.startedAt!.getTime()) / 1000).sort((a, b) => a - b);
  return like.length === 0 ? {} : { seconds: seconds[Math.floor(seconds.length / 2)]!, likeRun: like[0]!.id };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
