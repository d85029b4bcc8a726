/**
 * How a run that is written down gets to the queue, and how it is stopped. The row in Postgres is the truth; the job only carries
 * its id. A queue that does not answer hinders no request: the run stays queued and the reconciler carries it later.
 */
import type { Run } from '@almanac/contracts';
import type { RunRecord } from '@almanac/store';
import type { FlowContext } from './context.js';
import { jobOf } from './kinds.js';
import { toRun } from './wire.js';

const QUEUE_PATIENCE_MS = 3_000;

/** A queued run is cancelled at once; a running one is asked to stop. @throws AlmanacError RUN_NOT_FOUND */
export async function cancelRun(context: FlowContext, runId: string): Promise<Run> {
  const record = await context.store.runs.requestCancel(runId);
  const asked = context.queue.cancel(jobOf(record), runId);
  await patiently(context, asked, runId, 'the queue could not be notified of a cancelled run; its worker reads it from the run');
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
      { group: context.store.workspaceId },
    );
    await patiently(context, sent, list[0]!.id, 'runs could not be queued; the reconciler will');
  }
}

const payloadOf = ({ store }: FlowContext, { id, kind }: RunRecord): object => ({ runId: id, kind, workspaceId: store.workspaceId });

/** Enqueues a run; enqueueing it again does nothing. */
export async function carry(context: FlowContext, run: RunRecord, options: { priority?: number } = {}): Promise<void> {
  const payload = payloadOf(context, run);
  const sent = context.queue.enqueue(jobOf(run), run.id, payload, { ...options, group: context.store.workspaceId });
  await patiently(context, sent, run.id, 'a run could not be queued; the reconciler will');
}

async function patiently(context: FlowContext, sent: Promise<unknown>, run: string, otherwise: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('The queue does not answer.')), QUEUE_PATIENCE_MS);
  });
  try {
    await Promise.race([sent, patience]);
  } catch (error) {
    context.logger.warn({ error, run }, otherwise);
  } finally {
    clearTimeout(timer);
  }
}
