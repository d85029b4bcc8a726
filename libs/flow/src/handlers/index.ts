/** What a worker does for each kind of run, and for each part of one: the one list of both. */
import { ingestOptions, type JobName, runJob, type RunKind } from '@almanac/contracts';
import { type JobHandler } from '@almanac/platform';
import { executeBacktest, executeBacktestPart } from '../backtest/execute/index.js';
import type { Compute } from '../compute/index.js';
import { executeForecast, executeForecastPart } from '../forecast/execute/index.js';
import { ingestUpload } from '../ingest/execute/index.js';
import { executeLearning } from '../learn/execute/index.js';
import { executeMonitoring } from '../monitor/execute/index.js';
import { executePrediction } from '../predict/execute/index.js';
import type { FlowContext } from '../runs/context.js';
import { executeRun, type Holder, type RunContext, type Work } from '../runs/execute/index.js';
import { executeMember, executeTraining } from '../train/execute/index.js';

type Doing = (context: RunContext, compute: Compute) => ReturnType<Work>;

const KINDS: Record<Exclude<RunKind, 'part' | 'import'>, Doing> = {
  ingest,
  train: executeTraining,
  forecast: executeForecast,
  backtest: executeBacktest,
  monitor: executeMonitoring,
  learn: executeLearning,
  predict: executePrediction,
};

/** By the `task` of the part's settings. */
const PARTS: Record<string, Doing> = {
  forecast: executeForecastPart,
  backtest: executeBacktestPart,
  certify: executeBacktestPart,
  member: executeMember,
};

/** Jobs that carry runs. */
const CARRIERS = [
  'ingest',
  'train',
  'forecast',
  'backtest',
  'monitor',
  'learn',
  'predict',
  'part',
  'member',
  'gpu',
] as const satisfies readonly JobName[];

/**
 * One handler a job: it takes the run and does what its kind asks for.
 * @param computes `devices`: one a device; a worker takes no more `gpu` jobs at a time than it has of them
 */
export function runHandlers(
  flow: FlowContext,
  computes: { cpu: Compute; devices?: readonly Compute[] },
  holder: Holder,
): JobHandler<(typeof CARRIERS)[number]>[] {
  const free = [...(computes.devices ?? [])];
  return CARRIERS.map((name) => ({
    name,
    handle(payload, delivery) {
      const job = runJob.parse(payload);
      const workspace = { ...flow, store: flow.store.forWorkspace(job.workspaceId) };
      return executeRun(workspace, job, delivery, holder, async (context) => {
        const doing = job.kind === 'part' ? PARTS[String(context.run.config['task'])]! : KINDS[job.kind as keyof typeof KINDS];
        if (name !== 'gpu') return doing(context, computes.cpu);
        const device = free.shift()!;
        try {
          return await doing(context, device);
        } finally {
          free.push(device);
        }
      });
    },
  }));
}

async function ingest({ store, objects, ingest: limits, run, signal, report }: RunContext): ReturnType<Work> {
  const { uploadId, options } = run.config as { uploadId: string; options: unknown };
  const request = { uploadId, options: ingestOptions.parse(options), runId: run.id, onProgress: report, signal };
  return { ...(await ingestUpload({ store, objects, limits }, request)) };
}
