/**
 * The request side of runs. The row in Postgres is the truth; the job only carries its id. A queue that does not answer
 * hinders no request: the run stays queued and the reconciler carries it later.
 */
import type { JobName, Run, RunKind } from '@almanac/contracts';
import type { NewRun, RunRecord } from '@almanac/store';
import type { FlowContext } from './context.js';
import { toRun } from './wire.js';

const QUEUE_PATIENCE_MS = 3_000;

/** Writes the run down, and hands it to the queue. */
export async function startRun(context: FlowContext, run: NewRun & { kind: RunKind }, options: { priority?: number } = {}): Promise<Run> {
  const record = await context.store.runs.create({ codeVersion: context.codeVersion, ...run });
  await carry(context, record, options);
  return toRun(record);
}

/** A queued run is cancelled at once; a running one is asked to stop. @throws AlmanacError RUN_NOT_FOUND */
export async function cancelRun(context: FlowContext, runId: string): Promise<Run> {
  const record = await context.store.runs.requestCancel(runId);
  const asked = context.queue.cancel(record.kind as JobName, runId);
  await patiently(context, asked, runId, 'the queue was not told of a cancelled run; its worker learns it from the run');
  return toRun(record);
}

/** Enqueues a run; enqueueing it again does nothing. */
export async function carry(context: FlowContext, run: RunRecord, options: { priority?: number } = {}): Promise<void> {
  const payload = { runId: run.id, kind: run.kind, workspaceId: context.store.workspaceId };
  const sent = context.queue.enqueue(run.kind as JobName, run.id, payload, options);
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
