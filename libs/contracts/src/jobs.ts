/**
 * Job payloads. The queue carries a run id and nothing else that matters: the run row in Postgres is the truth, so a
 * lost queue loses no run and a job delivered twice finds its run already taken.
 */
import { z } from 'zod';
import { runKind } from './schemas/runs.js';

export const runJob = z.object({ runId: z.uuid(), kind: runKind, workspaceId: z.uuid() });
export type RunJob = z.infer<typeof runJob>;

/** One attempt at a webhook delivery; an attempt that was made meanwhile is not made again. */
export const deliverJob = z.object({ deliveryId: z.uuid(), attempt: z.number().int().positive(), workspaceId: z.uuid() });
export type DeliverJob = z.infer<typeof deliverJob>;

/**
 * One queue per kind of run, so that a long training never delays an upload, and one for webhooks. `train` carries whatever takes
 * every thread of a worker, members of ensembles too, `part` parts of runs that take one, `gpu` whatever wants a GPU, and `gather`
 * runs that compute little themselves: they wait for their parts.
 */
export const JOB_NAMES = [
  'ingest',
  'train',
  'forecast',
  'backtest',
  'monitor',
  'learn',
  'predict',
  'pull',
  'deliver',
  'part',
  'gather',
  'gpu',
] as const;
export type JobName = (typeof JOB_NAMES)[number];
