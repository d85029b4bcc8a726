/**
 * Brings queue and database together: a run that is open but that no queue carries is queued again, a run whose worker
 * fell silent is taken from it, and a run whose job was parked ends with the reason, unless it has come further since it was last
 * parked: then it goes on. After a flushed Redis this puts every open run back.
 */
import { runJob, toProblem } from '@almanac/contracts';
import { AlmanacError } from '@almanac/series';
import { type Json, type RunRecord, saysPassing, type Store } from '@almanac/store';
import type { FlowContext } from '../context.js';
import { jobOf, JOBS } from '../kinds.js';
import { carry } from '../runs.js';
import { inWorkspaces } from '../workspaces.js';
import { getOrNull, SILENT_MS } from './execute.js';

/** A run younger than this may be on its way into the queue. */
const SETTLED_MS = 5_000;

/** In every workspace; returns how many runs were queued again, and how many were ended because their job was parked. */
export async function reconcile(context: FlowContext, settledMs = SETTLED_MS): Promise<{ requeued: number; parked: number }> {
  const parked = await endParked(context);
  let requeued = 0;
  await inWorkspaces(context, 'runs', async (within) => void (requeued += await requeue(within, settledMs)));
  return { requeued, parked };
}

async function requeue(context: FlowContext, settledMs: number): Promise<number> {
  const { store, queue } = context;
  const stale = await store.runs.requeueStale(SILENT_MS);
  const waiting = await store.runs.listQueued(settledMs);
  const open = new Map<string, RunRecord>([...stale, ...waiting].map((run) => [run.id, run]));
  let requeued = 0;
  for (const run of open.values()) {
    if ((await queue.state(jobOf(run), run.id)) !== 'absent') continue;
    await carry(context, run);
    requeued++;
  }
  return requeued;
}

async function endParked({ store: anyStore, queue, logger }: FlowContext): Promise<number> {
  let ended = 0;
  for (const { name } of JOBS) {
    for (const job of await queue.parked(name)) {
      const about = runJob.safeParse(job.payload);
      if (!about.success) {
        // Not a run: what it was about is due again by itself.
        await queue.remove(name, job.id);
        continue;
      }
      const store = anyStore.forWorkspace(about.data.workspaceId);
      const run = await getOrNull(store, job.id);
      const open = run !== null && (run.status === 'queued' || run.status === 'running');
      // Another worker holds it: the parked job is the leftover of a double delivery.
      const alive = run?.status === 'running' && (await store.runs.isAlive(job.id, SILENT_MS));
      if (alive) continue;
      if (open && (await cameFurther(store, run))) {
        logger.warn(
          { run: job.id, reason: job.reason },
          'a run that lost its workers goes on: it has come further since it was last parked',
        );
        await queue.remove(name, job.id);
        continue;
      }
      if (open && saysPassing(job.reason)) {
        // Tried as often as the queue does within seconds; it was accepted, so it waits until there is room or a connection again.
        logger.warn({ run: job.id, reason: job.reason }, 'a run waits for the database or the disk, and is tried again');
        await queue.remove(name, job.id);
        continue;
      }
      if (open) {
        const error = new AlmanacError('RUN_POISONED', `The run ended its worker or failed again and again: ${job.reason}`, {
          hint: 'Give the worker more memory, or the run less to do, and start it again.',
          subject: { run: job.id },
          status: 500,
        });
        logger.warn({ run: job.id, reason: job.reason }, 'a run was parked');
        await store.runs.fail(job.id, toProblem(error) as unknown as Json);
        ended++;
      }
      await queue.remove(name, job.id);
    }
  }
  return ended;
}

/** By what outlives a worker: the state of a training, the parts that are done. What keeps neither gets no second chance. */
async function cameFurther(store: Store, { id, progress }: RunRecord): Promise<boolean> {
  const { state } = (progress ?? {}) as { state?: { weightsKey: string } };
  const done = (await store.runs.partStates(id)).filter(({ status }) => status === 'succeeded').length;
  if (!state && done === 0) return false;
  return store.runs.cameFurther(id, `${state?.weightsKey ?? ''} ${done}`);
}
