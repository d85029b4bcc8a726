/**
 * The request side of runs. The row in Postgres is the truth; the job only carries its id. A queue that does not answer
 * hinders no request: the run stays queued and the reconciler carries it later.
 */
import { type Run, type RunKind, toProblem } from '@almanac/contracts';
import { isPassing, type Json, type NewRun, type RunRecord, type Store } from '@almanac/store';
import { admit } from '../admit/admit.js';
import { type FlowContext, jobOf } from './context.js';
import { toRun } from './wire.js';

const QUEUE_PATIENCE_MS = 3_000;

/** Writes the run down, and hands it to the queue. @throws AlmanacError RUN_TOO_LARGE, RUN_TOO_LONG, RUN_TOO_COSTLY, GPU_UNAVAILABLE */
export async function startRun(context: FlowContext, run: NewRun & { kind: RunKind }, options: { priority?: number } = {}): Promise<Run> {
  const record = await context.store.runs.create({ codeVersion: context.codeVersion, ...(await admit(context, run)) });
  await carry(context, record, options);
  return toRun(record);
}

/** What somebody asked for beforehand, without being there now: a run that can start, or why there is none. */
export interface Planned {
  run: NewRun & { kind: RunKind };
  error?: unknown;
}

/** @param otherwise what the run is about, where it is refused. @throws what passes: a database that does not answer just now */
export async function planned(
  context: Pick<FlowContext, 'store' | 'limits'>,
  plan: () => Promise<NewRun & { kind: RunKind }>,
  otherwise: NewRun & { kind: RunKind },
): Promise<Planned> {
  try {
    return { run: await admit(context, await plan()) };
  } catch (error) {
    if (isPassing(error)) throw error;
    return { run: otherwise, error };
  }
}

/** Writes it down: queued, or failed with what it was refused for. It has yet to be carried. */
export async function writeDown(
  { codeVersion }: Pick<FlowContext, 'codeVersion'>,
  within: Store,
  { run, error }: Planned,
): Promise<RunRecord> {
  const made = await within.runs.create({ codeVersion, ...run });
  return error === undefined ? made : within.runs.fail(made.id, toProblem(error) as unknown as Json);
}

/** A queued run is cancelled at once; a running one is asked to stop. @throws AlmanacError RUN_NOT_FOUND */
export async function cancelRun(context: FlowContext, runId: string): Promise<Run> {
  const record = await context.store.runs.requestCancel(runId);
  const asked = context.queue.cancel(jobOf(record), runId);
  await patiently(context, asked, runId, 'the queue was not told of a cancelled run; its worker learns it from the run');
  if (record.finishedAt !== null) await carryFollowers(context, runId);
  return toRun(record);
}

/** Enqueues the runs that waited for one that has ended. */
export async function carryFollowers(context: FlowContext, runId: string): Promise<void> {
  await carryAll(context, await context.store.runs.followers(runId));
}

/** Enqueues runs; enqueueing one again does nothing. */
export async function carryAll(context: FlowContext, runs: readonly RunRecord[]): Promise<void> {
  for (const [name, list] of Map.groupBy(runs, jobOf)) {
    const sent = context.queue.enqueueAll(
      name,
      list.map((run) => ({ id: run.id, payload: payloadOf(context, run) })),
    );
    await patiently(context, sent, list[0]!.id, 'runs could not be queued; the reconciler will');
  }
}

const payloadOf = ({ store }: FlowContext, { id, kind }: RunRecord): object => ({ runId: id, kind, workspaceId: store.workspaceId });

/** Enqueues a run; enqueueing it again does nothing. */
export async function carry(context: FlowContext, run: RunRecord, options: { priority?: number } = {}): Promise<void> {
  const payload = payloadOf(context, run);
  const sent = context.queue.enqueue(jobOf(run), run.id, payload, options);
  await patiently(context, sent, run.id, 'a run could not be queued; the reconciler will');
}

async function patiently(context: FlowContext, work: Promise<unknown>, run: string, otherwise: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('The queue does not answer.')), QUEUE_PATIENCE_MS);
  });
  try {
    await Promise.race([work, patience]);
  } catch (error) {
    context.logger.warn({ error, run }, otherwise);
  } finally {
    clearTimeout(timer);
  }
}
