/** The work of a run, counted from its settings: optimiser steps, floating-point operations, and memory at its peak. */
import {
  defaultConfig,
  defaultEnsemble,
  type PanelFacts,
  predictMemory,
  type SegmentConfig,
  stepOperations,
} from '@almanac/forecasting/plan';
import { Frequency } from '@almanac/series';
import type { NewRun, Store } from '@almanac/store';
import type { BacktestPlan } from '../backtest/request.js';
import { DEFAULT_MEMBERS, membersOf, overridden, type Wishes } from '../compute/wishes.js';
import { isHeavy } from '../train/kinds.js';
import type { TrainingPlan } from '../train/request.js';

export interface Work {
  steps?: number;
  operations?: number;
  /** Where no operations can be counted: what runs like it took. */
  seconds?: number;
  likeRun?: string;
  memoryBytes?: number;
  /** It is done in parts; an ensemble of one is not. */
  parts: boolean;
}

/** Of a network that goes step by step: its settings are close to those of segments of one step. */
const RECURRENT = { segmentLength: 1, hidden: 32, temporalSeason: 0, embedding: 0, cycle: 0 };
const RECURRENT_BATCH = 64;
/** A process that has loaded the library, and the values it works on. */
const PROCESS_BYTES = 200 * 2 ** 20;
const REMEMBERED = 50;

/** @param threads of the largest worker */
export async function workOf(store: Store, run: NewRun, threads: number): Promise<Work> {
  if (run.kind === 'train') {
    const plan = run.config as unknown as TrainingPlan;
    const { facts, observations } = await factsOf(store, plan.dataset, plan);
    return { ...trainingWork(facts, observations, plan, threads), parts: membersOf(plan) > 1 };
  }
  if (run.kind === 'backtest') {
    const plan = run.config as unknown as BacktestPlan;
    const holdout = plan.horizon + (plan.windows - 1) * plan.stepSize;
    const { facts, observations } = await factsOf(store, plan.dataset, { horizon: plan.horizon, holdout });
    const fits = plan.refitEvery === 0 ? 1 : Math.ceil(plan.windows / plan.refitEvery);
    const each = plan.models.map(({ kind, config }) =>
      trainingWork(facts, observations, { kind, config, horizon: plan.horizon, holdout, steps: plan.steps }, 1),
    );
    return {
      steps: fits * sum(each.map(({ steps }) => steps)),
      operations: fits * sum(each.map(({ operations }) => operations)),
      // Parts of one thread each run side by side.
      memoryBytes: threads * Math.max(...each.map(({ memoryBytes }) => memoryBytes)),
      parts: true,
    };
  }
  return { ...(await likeBefore(store, run)), parts: false };
}

function trainingWork(
  facts: PanelFacts,
  observations: number,
  wishes: Wishes,
  threads: number,
): { steps: number; operations: number; memoryBytes: number } {
  const configs = configsOf(facts, wishes);
  const memory = configs.map((config) => predictMemory(config, { count: facts.count, observations, threads }).total);
  return {
    steps: sum(configs.map(({ train }) => train.steps)),
    operations: sum(configs.map((config) => config.train.steps * stepOperations(config))),
    // Members are trained one after the other, or on workers of their own.
    memoryBytes: Math.max(PROCESS_BYTES + 16 * observations, ...memory),
  };
}

function configsOf(facts: PanelFacts, wishes: Wishes): SegmentConfig[] {
  const { kind, config } = wishes;
  if (!isHeavy(kind)) return [];
  const derived = defaultConfig(facts);
  if (kind === 'segment') return [overridden(derived, wishes)];
  if (kind === 'recurrent') return [overridden({ ...derived, ...RECURRENT, train: { ...derived.train, batch: RECURRENT_BATCH } }, wishes)];
  if (kind === 'coldStart') {
    // Its own network is small beside the member.
    const { member = { kind: 'segment', config: {} } } = config as { member?: Pick<Wishes, 'kind' | 'config'> };
    return configsOf(facts, { ...wishes, ...member });
  }
  const { members = DEFAULT_MEMBERS } = config as { members?: number | { kind: string; config: Record<string, unknown> }[] };
  return typeof members === 'number'
    ? defaultEnsemble(facts, members).members.flatMap((member) =>
        member.kind === 'segment' ? [overridden(member.config, { ...wishes, config: {} })] : [],
      )
    : members.flatMap((member) => configsOf(facts, { ...wishes, ...member }));
}

async function factsOf(
  store: Store,
  name: string,
  { horizon, holdout }: { horizon: number; holdout: number },
): Promise<{ facts: PanelFacts; observations: number }> {
  const dataset = await store.datasets.get(name);
  const lengths = await store.series.lengths(dataset.id);
  const channels = await store.datasets.channels(dataset.id);
  const named = (kind: string): string[] => channels.filter((channel) => channel.kind === kind).map((channel) => channel.name);
  const facts: PanelFacts = {
    frequency: dataset.frequency,
    seasonLengths: Frequency.parse(dataset.frequency, dataset.timeZone).seasonLengths(),
    horizon,
    lengths: lengths.map((length) => Math.max(0, length - holdout)),
    count: dataset.seriesCount,
    covariates: { static: [], past: named('past'), future: named('future') },
  };
  return { facts, observations: dataset.observationCount * Math.max(1, channels.length) };
}

/** The same kind of run of the same model or dataset, newest first: the median time. */
async function likeBefore(store: Store, { kind, dataset, model }: NewRun): Promise<Pick<Work, 'seconds' | 'likeRun'>> {
  const { items } = await store.runs.list({ kind, status: 'succeeded', dataset: dataset ?? undefined, limit: REMEMBERED });
  const like = items.filter((run) => run.model === (model ?? null) && run.startedAt && run.finishedAt);
  const seconds = like.map((run) => (run.finishedAt!.getTime() - run.startedAt!.getTime()) / 1000).sort((a, b) => a - b);
  return like.length === 0 ? {} : { seconds: seconds[Math.floor(seconds.length / 2)]!, likeRun: like[0]!.id };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
