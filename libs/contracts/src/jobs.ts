/**
 * Job payloads. The queue carries a run id and nothing else that matters: the run row in Postgres is the truth, so a
 * lost queue loses no run and a job delivered twice finds its run already taken.
 */
import { z } from 'zod';
import { runKind } from './schemas/runs.js';

export const runJob = z.object({ runId: z.uuid(), kind: runKind, workspaceId: z.uuid() });
export type RunJob = z.infer<typeof runJob>;

/** One queue per kind of run, so that a long training never delays an upload. */
export const JOB_NAMES = ['ingest', 'train', 'forecast', 'backtest', 'monitor'] as const;
export type JobName = (typeof JOB_NAMES)[number];
