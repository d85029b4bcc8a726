/**
 * What a worker does for each kind of run, and for each task of a part: bound here to the table of kinds, which requests read too,
 * so that nothing but a worker loads what computes.
 */
import { type JobName, type RunJob, runJob, type RunKind } from '@almanac/contracts';
import { type JobHandler } from '@almanac/platform';
import { AlmanacError } from '@almanac/series';
import { executeBacktest, executeBacktestPart } from '../backtest/execute/index.js';
import type { Compute } from '../compute/index.js';
import { executeForecast, executeForecastPart } from '../forecast/execute/index.js';
import { executeIngest } from '../ingest/execute/index.js';
import { executeLearning } from '../learn/execute/index.js';
import { executeMonitoring } from '../monitor/execute/index.js';
import type { PartOf, PartTask } from '../part/plan.js';
import { executePrediction } from '../predict/execute/index.js';
import { executePull } from '../pull/execute/index.js';
import type { FlowContext } from '../runs/context.js';
import { jobOf, JOBS, type PlannedRun, readRun, RUN_KINDS } from '../runs/kinds.js';
import { carry } from '../runs/runs.js';
import { executeRun, getOrNull, type Holder, type RunContext, type Worked } from '../runs/execute/index.js';
import { executeSearch, executeTrial } from '../search/execute/index.js';
import { executeMember, executeTraining } from '../train/execute/index.js';

/** What a worker does for a kind of run. */
export interface RunHandler<K extends RunKind = RunKind> {
  kind: K;
  handle(context: RunContext<PlannedRun<K>>, compute: Compute): Promise<Worked>;
}

/** Distinguished by kind, each with its own plan. */
type AnyHandler = { [K in RunKind]: RunHandler<K> }[RunKind];

const TASKS: { [T in PartTask]: (context: RunContext, part: PartOf<T>, compute: Compute) => Promise<Worked> } = {
  forecast: executeForecastPart,
  backtest: executeBacktestPart,
  certify: executeBacktestPart,
  trial: executeTrial,
  member: executeMember,
};

export const RUN_HANDLERS: readonly AnyHandler[] = [
  { kind: 'ingest', handle: executeIngest },
  { kind: 'train', handle: executeTraining },
  { kind: 'forecast', handle: executeForecast },
  { kind: 'backtest', handle: executeBacktest },
  { kind: 'search', handle: executeSearch },
  { kind: 'monitor', handle: executeMonitoring },
  { kind: 'learn', handle: executeLearning },
  { kind: 'predict', handle: executePrediction },
  { kind: 'pull', handle: executePull },
  { kind: 'part', handle: (context, compute) => doTask(context, context.run.config, compute) },
];

function doTask<T extends PartTask>(context: RunContext, part: PartOf<T>, compute: Compute): Promise<Worked> {
  const task: T = part.task;
  return TASKS[task](context, part, compute);
}

/**
 * The handler of each kind that a queue carries.
 * @throws AlmanacError RUN_KIND_WITHOUT_HANDLER, RUN_KIND_WITH_TWO_HANDLERS; a worker does not start then
 */
export function bindKinds(handlers: readonly AnyHandler[]): ReadonlyMap<RunKind, AnyHandler> {
  const bound = new Map<RunKind, AnyHandler>();
  for (const handler of handlers) {
    const { kind } = handler;
    if (bound.has(kind)) throw wrongly('RUN_KIND_WITH_TWO_HANDLERS', `Runs of the kind "${kind}" have two handlers.`, kind);
    if (RUN_KINDS[kind].queue === null)
      throw wrongly('RUN_KIND_WITH_TWO_HANDLERS', `Runs of the kind "${kind}" are done by whoever asks for them.`, kind);
    bound.set(kind, handler);
  }
  for (const [kind, { queue }] of Object.entries(RUN_KINDS) as [RunKind, { queue: JobName | null }][])
    if (queue !== null && !bound.has(kind)) throw wrongly('RUN_KIND_WITHOUT_HANDLER', `Runs of the kind "${kind}" have no handler.`, kind);
  return bound;
}

const wrongly = (code: string, message: string, kind: RunKind): AlmanacError =>
  new AlmanacError(code, message, { hint: 'Give every kind of run exactly one handler.', subject: { kind }, status: 500 });

/** Jobs that carry runs. */
const CARRIERS = JOBS.map(({ name }) => name).filter((name) => name !== 'deliver');

/**
 * One handler a job: it takes the run, reads its plan and does what its kind asks for.
 * @param computes `devices`: one a device; a worker takes no more `gpu` jobs at a time than it has of them
 */
export function runHandlers(
  flow: FlowContext,
  computes: { cpu: Compute; devices?: readonly Compute[] },
  holder: Holder,
): JobHandler<JobName>[] {
  const free = [...(computes.devices ?? [])];
  const bound = bindKinds(RUN_HANDLERS);
  return CARRIERS.map((name) => ({
    name,
    async handle(payload, delivery) {
      const job = runJob.parse(payload);
      const workspace = { ...flow, store: flow.store.forWorkspace(job.workspaceId) };
      if (await isElsewhere(workspace, job, name)) return;
      return executeRun(workspace, job, delivery, holder, async (context) => {
        const handler = bound.get(job.kind)!;
        if (name !== 'gpu') return withPlan(handler, context, computes.cpu.of(job.workspaceId));
        const device = free.shift()!;
        try {
          return await withPlan(handler, context, device.of(job.workspaceId));
        } finally {
          free.push(device);
        }
      });
    },
  }));
}

/** An ensemble that an earlier version queued as a training would take the place that its members need. */
async function isElsewhere(context: FlowContext, { runId, kind }: RunJob, name: JobName): Promise<boolean> {
  if (kind !== 'train' || name !== 'train') return false;
  const run = await getOrNull(context.store, runId);
  if (run === null || run.status !== 'queued' || jobOf(run) === name) return false;
  await carry(context, run);
  return true;
}

function withPlan<K extends RunKind>({ kind, handle }: RunHandler<K>, context: RunContext, compute: Compute): Promise<Worked> {
  return handle({ ...context, run: readRun(kind, context.run) }, compute);
}
