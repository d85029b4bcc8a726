/**
 * One run from its job to its end, the same for every kind: taken by exactly one worker, kept alive by heartbeats,
 * stopped when somebody asks, and ended in the database before the job ends.
 * Invariants: a run is worked on by the worker that holds its row; a job that finds its run held, ended or gone does
 * nothing; an error that says what is wrong with the request fails the run for good; losing the database or the worker
 * leaves the run to be delivered again.
 */
import { hostname } from 'node:os';
import { type RunJob, type RunProgress, toProblem } from '@almanac/contracts';
import { type JobContext, JobStopped } from '@almanac/platform';
import { isAlmanacError } from '@almanac/series';
import { asDeleted, isPassing, type Json, type RunPoint, type RunRecord, type Store } from '@almanac/store';
import type { FlowContext } from '../context.js';
import { carryAll, carryFollowers } from '../runs.js';
import { forgetAsides } from './aside.js';
import { Ending, type RunContext, type Worked } from './context.js';

/** A worker that has not been heard of for so long has lost its runs. */
export const SILENT_MS = 10_000;
const BEAT_MS = 2_000;
const GIVE_BACK_AGAIN_MS = 500;
/** Progress is written at most so often; the last one always. */
const PROGRESS_MS = 250;

/** What the worker holds at the moment, for `GET /v1/system`, and for who decides what gives its place to others. */
export interface Holder {
  readonly workerId: string;
  holds(runId: string, held: HeldRun): void;
  letsGo(runId: string): void;
}

/** A run that this worker has. */
export interface HeldRun {
  readonly run: RunRecord;
  readonly workspaceId: string;
  /** Milliseconds, as the others. */
  readonly takenAt: number;
  /** When it first reported a step of a training, since it was taken; undefined before. */
  readonly stepsSince: number | undefined;
  readonly progress: RunProgress | undefined;
  /** Stops it at its next step and hands it back; it is delivered again when its turn comes. */
  giveWay(): void;
}

export const newWorkerId = (): string => `${hostname()}-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;

/** @throws where the run should be delivered again */
export async function executeRun(
  given: FlowContext,
  job: RunJob,
  delivery: JobContext,
  holder: Holder,
  handle: (context: RunContext) => Promise<Worked>,
): Promise<void> {
  await given.store.runs.requeueStale(SILENT_MS);
  const run = await given.store.runs.claim(job.runId, holder.workerId);
  if (run === null) return await notClaimed(given, job);
  // In the audit log, what a run changes is done by the run, or by the one that it is a part of.
  const name = [run.kind, run.model ?? run.dataset].filter(Boolean).join(' ');
  const store = given.store.by({ actor: { kind: 'run', id: run.parentId ?? run.id, name }, action: run.kind });
  const flow = { ...given, store };
  const { logger } = flow;
  const stopper = new AbortController();
  const signal = AbortSignal.any([stopper.signal, delivery.signal]);
  const held = {
    run,
    workspaceId: store.workspaceId,
    takenAt: performance.now(),
    stepsSince: undefined as number | undefined,
    progress: undefined as RunProgress | undefined,
    giveWay: () => stopper.abort(new JobStopped('yielded')),
  };
  holder.holds(run.id, held);
  const beating = startBeating(flow, run.id, holder.workerId, (why) => stopper.abort(new JobStopped(why)));
  const progress = throttled((value, points) => store.runs.progress(run.id, value, points), logger);
  try {
    const report: RunContext['report'] = (value) => {
      held.progress = value;
      if (value.phase === 'training' && value.step !== undefined) held.stepsSince ??= performance.now();
      return progress.report(value);
    };
    const result = await handle({ ...flow, run, workerId: holder.workerId, signal, report });
    await progress.settle();
    const ended = await succeed(flow, run.id, result);
    flow.onRunEnd?.({ kind: run.kind, status: 'succeeded', seconds: (performance.now() - held.takenAt) / 1000, result: ended });
    logger.info({ run: run.id, kind: run.kind }, 'run succeeded');
    // Not before: whoever gets the run after a crash must find what its parts have made.
    if (run.parentId === null) await forgetParts(flow, run.id);
  } catch (error) {
    await progress.settle();
    const status = await end(flow, run, holder.workerId, signal, error);
    flow.onRunEnd?.({ kind: run.kind, status, seconds: (performance.now() - held.takenAt) / 1000, result: null });
  } finally {
    await carryFollowers(flow, run.id).catch(() => undefined); // the reconciler will
    clearInterval(beating);
    holder.letsGo(run.id);
  }
}

async function succeed(flow: FlowContext, runId: string, result: Worked): Promise<unknown> {
  if (!(result instanceof Ending)) {
    await flow.store.runs.succeed(runId, result);
    return result;
  }
  let written: unknown;
  const runs = await flow.store.transaction(async (within) => {
    const ended = await result.commit(within);
    await within.runs.succeed(runId, ended.result);
    written = ended.result;
    return ended.runs ?? [];
  });
  await carryAll(
    flow,
    runs.filter(({ status }) => status === 'queued'),
  );
  return written;
}

/** The run has succeeded, whatever becomes of what its parts have put aside. */
async function forgetParts(flow: FlowContext, runId: string): Promise<void> {
  try {
    await forgetAsides(flow, await flow.store.runs.parts(runId));
  } catch (error) {
    flow.logger.warn({ run: runId, error }, 'what the parts of a run had put aside could not be deleted');
  }
}

async function notClaimed({ store }: FlowContext, job: RunJob): Promise<void> {
  const current = await getOrNull(store, job.runId);
  // Its worker may be dead without being known to be so: look again later.
  if (current?.status === 'running') throw new Error(`Run ${job.runId} is held by worker ${current.workerId}.`);
}

/** Null where it was deleted with its workspace. */
export async function getOrNull(store: Store, runId: string): Promise<RunRecord | null> {
  return store.runs.get(runId).catch((error: unknown) => {
    if (isAlmanacError(error)) return null;
    throw error;
  });
}

async function end(
  flow: FlowContext,
  run: RunRecord,
  workerId: string,
  signal: AbortSignal,
  error: unknown,
): Promise<'failed' | 'cancelled'> {
  const { store, logger } = flow;
  const stopped = signal.reason instanceof JobStopped ? signal.reason : error instanceof JobStopped ? error : undefined;
  const why = stopped?.why;
  if (why === 'lost') throw stopped;
  if (why === 'shutdown' || why === 'yielded') {
    await store.runs.release(run.id, workerId);
    if (why === 'yielded') logger.info({ run: run.id, kind: run.kind }, 'run gives its place to others');
    throw stopped;
  }
  if (why === 'cancelled') {
    await store.runs.markCancelled(run.id);
    logger.info({ run: run.id, kind: run.kind }, 'run cancelled');
    return 'cancelled';
  }
  if (why === undefined && isPassing(error)) {
    await giveBack(store, run.id, workerId);
    throw error;
  }
  logger.warn({ run: run.id, kind: run.kind, error }, 'run failed');
  await store.runs.fail(run.id, toProblem(why === 'deadline' ? stopped : (asDeleted(error) ?? error)) as unknown as Json);
  return 'failed';
}

/** A database that is started again answers within seconds; where it takes longer, the silence of the worker gives the run back. */
async function giveBack(store: Store, runId: string, workerId: string): Promise<void> {
  for (const silent = performance.now() + SILENT_MS; performance.now() < silent;) {
    try {
      return await store.runs.release(runId, workerId);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, GIVE_BACK_AGAIN_MS));
    }
  }
}

function startBeating(flow: FlowContext, runId: string, workerId: string, stop: (why: JobStopped['why']) => void): NodeJS.Timeout {
  return setInterval(() => {
    flow.store.runs.heartbeat(runId, workerId).then(
      ({ lost, cancel }) => {
        if (lost) stop('lost');
        else if (cancel) stop('cancelled');
      },
      (error: unknown) => flow.logger.warn({ error, run: runId }, 'a heartbeat could not be written'),
    );
  }, BEAT_MS);
}

/** Writes the newest progress at most every `PROGRESS_MS`, one write at a time; no point of a curve is left out. */
function throttled(
  write: (progress: Json, points: RunPoint[]) => Promise<void>,
  logger: FlowContext['logger'],
): { report: (progress: RunProgress) => Promise<void>; settle: () => Promise<void> } {
  let newest: RunProgress | undefined;
  let points: RunPoint[] = [];
  let next: Promise<void> | undefined;
  let writing: Promise<void> = Promise.resolve();
  let rouse: () => void = () => undefined;
  let last = -Infinity;
  const flush = async (): Promise<void> => {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, last + PROGRESS_MS - performance.now()));
      rouse = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    await writing;
    last = performance.now();
    next = undefined;
    const since = points;
    points = [];
    writing = write(newest as Json, since).catch((error: unknown) => logger.warn({ error }, 'progress could not be written'));
    await writing;
  };
  return {
    report(progress) {
      newest = progress;
      const { step, loss, validation, stepsPerSecond } = progress;
      if (step !== undefined && (loss !== undefined || validation !== undefined))
        points.push({ step, loss: loss ?? null, validation: validation ?? null, stepsPerSecond: stepsPerSecond ?? null });
      next ??= flush();
      return next;
    },
    async settle() {
      rouse();
      await next;
      await writing;
    },
  };
}
