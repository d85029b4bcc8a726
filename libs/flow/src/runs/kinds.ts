/**
 * The one table of kinds of runs: what is planned of each, the job that carries it, how often and how long a worker may try.
 * What a worker does for each is bound to it in `handlers`, which only workers load; start-up fails on a kind without, or with two.
 */
import type { JobName, RunKind } from '@almanac/contracts';
import { isKind, plans } from '@almanac/forecasting/plan';
import type { JobDefinition } from '@almanac/platform';
import { AlmanacError } from '@almanac/series';
import type { NewRun, RunRecord } from '@almanac/store';
import { type z } from 'zod';
import { backtestPlan } from '../backtest/plan.js';
import { forecastPlan } from '../forecast/plan.js';
import { importPlan } from '../import/plan.js';
import { ingestPlan } from '../ingest/plan.js';
import { learnPlan } from '../learn/plan.js';
import { monitorPlan } from '../monitor/plan.js';
import { partPlan } from '../part/plan.js';
import { predictPlan } from '../predict/plan.js';
import { pullPlan } from '../pull/plan.js';
import { searchPlan } from '../search/plan.js';
import { trainPlan } from '../train/plan.js';

const HOUR_SECONDS = 3600;

interface RunKindRow {
  plan: z.ZodType<object>;
  /** The job that carries it; null: it is done by whoever asks for it. */
  queue: JobName | null;
  /** Deliveries before its job is parked. A run that fails is a job done: only what could not be carried out is tried again. */
  attempts: number;
  backoffSeconds: number;
  deadlineSeconds: number;
}

export const RUN_KINDS = {
  ingest: { plan: ingestPlan, queue: 'ingest', attempts: 5, backoffSeconds: 5, deadlineSeconds: 6 * HOUR_SECONDS },
  train: { plan: trainPlan, queue: 'train', attempts: 5, backoffSeconds: 5, deadlineSeconds: 23 * HOUR_SECONDS },
  forecast: { plan: forecastPlan, queue: 'forecast', attempts: 5, backoffSeconds: 5, deadlineSeconds: 6 * HOUR_SECONDS },
  backtest: { plan: backtestPlan, queue: 'backtest', attempts: 5, backoffSeconds: 5, deadlineSeconds: 23 * HOUR_SECONDS },
  search: { plan: searchPlan, queue: 'gather', attempts: 5, backoffSeconds: 5, deadlineSeconds: 23 * HOUR_SECONDS },
  monitor: { plan: monitorPlan, queue: 'monitor', attempts: 5, backoffSeconds: 5, deadlineSeconds: HOUR_SECONDS },
  learn: { plan: learnPlan, queue: 'learn', attempts: 5, backoffSeconds: 5, deadlineSeconds: 6 * HOUR_SECONDS },
  predict: { plan: predictPlan, queue: 'predict', attempts: 3, backoffSeconds: 1, deadlineSeconds: HOUR_SECONDS },
  part: { plan: partPlan, queue: 'part', attempts: 5, backoffSeconds: 5, deadlineSeconds: 6 * HOUR_SECONDS },
  pull: { plan: pullPlan, queue: 'pull', attempts: 5, backoffSeconds: 5, deadlineSeconds: 7 * HOUR_SECONDS },
  import: { plan: importPlan, queue: null, attempts: 1, backoffSeconds: 0, deadlineSeconds: HOUR_SECONDS },
} as const satisfies Record<RunKind, RunKindRow>;

/** The plan of each kind. */
export type Plans = { [K in RunKind]: z.infer<(typeof RUN_KINDS)[K]['plan']> };
/** A run whose plan has been read; distinguished by `kind`. */
export type PlannedRun<K extends RunKind = RunKind> = RunRecord<Plans, K>;
/** A run that has yet to be written down. */
export type NewPlannedRun<K extends RunKind = RunKind> = NewRun<Plans, K>;

/** Every queue: those of the kinds (`gather`, of searches, has whatever waits for its parts), `gpu` for devices, one for webhooks. */
export const JOBS: readonly JobDefinition<JobName>[] = [
  ...Object.values(RUN_KINDS).flatMap(({ queue, attempts, backoffSeconds, deadlineSeconds }) =>
    queue === null ? [] : [{ name: queue, attempts, backoffSeconds, deadlineSeconds }],
  ),
  { name: 'gpu', attempts: 5, backoffSeconds: 5, deadlineSeconds: 23 * HOUR_SECONDS },
  { name: 'deliver', attempts: 2, backoffSeconds: 5, deadlineSeconds: 120 },
];

/** The job that carries a run. Runs that were written down by earlier versions name a queue of members, or none for an ensemble. */
export function jobOf({ kind, queue, config }: Pick<RunRecord, 'kind' | 'queue' | 'config'>): JobName {
  if (queue === 'member') return 'train';
  if (queue !== null) return queue as JobName;
  return kind === 'train' && gathers(config) ? 'gather' : (RUN_KINDS[kind].queue as JobName);
}

/** Whether the members of the model that is trained are parts of the run. */
function gathers(config: RunRecord['config']): boolean {
  const { kind, config: own } = config as { kind?: unknown; config?: Record<string, unknown> };
  return typeof kind === 'string' && isKind(kind) && plans.of(kind).apart({ config: own ?? {} }) > 1;
}

/** The run with its plan as the schema of its kind reads it. @throws AlmanacError NOT_SUCH_A_RUN, RUN_PLAN_UNREADABLE */
export function readRun<K extends RunKind>(kind: K, run: RunRecord): PlannedRun<K> {
  if (run.kind !== kind)
    throw new AlmanacError('NOT_SUCH_A_RUN', `Run ${run.id} is a ${run.kind} run, not a ${kind} run.`, {
      hint: `Name a ${kind} run.`,
      subject: { run: run.id, kind: run.kind },
      status: 409,
    });
  return { ...run, config: readPlan(RUN_KINDS[kind].plan, run.config, run.id) } as PlannedRun<K>;
}

/** @param runId whose plan it is. @throws AlmanacError RUN_PLAN_UNREADABLE */
export function readPlan<Schema extends z.ZodType>(schema: Schema, plan: unknown, runId: string): z.infer<Schema> {
  const read = schema.safeParse(plan);
  if (read.success) return read.data;
  const faults = read.error.issues.map(({ path, message }) => `${path.join('.') || 'plan'}: ${message}`);
  throw new AlmanacError('RUN_PLAN_UNREADABLE', `The plan of run ${runId} cannot be read: ${faults.slice(0, 5).join('; ')}.`, {
    hint: 'Another version of Almanac may have planned it. Ask for it again.',
    subject: { run: runId, faults: faults.slice(0, 100) },
    status: 409,
  });
}
