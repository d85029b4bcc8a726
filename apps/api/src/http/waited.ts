/** Waits for a run on behalf of a request: until it has ended, the time is over, or whoever asked has hung up. */
import { isFinished, type Run } from '@almanac/contracts';
import { getRun } from '@almanac/flow/query';
import { cancelRun, type FlowContext } from '@almanac/flow/runs';
import type { FastifyReply } from 'fastify';
import type { RunFeed } from './runFeed.js';

/** A look this often makes up for a lost announcement. */
const LOOK_MS = 500;

/**
 * The run as it is then; one that nobody will fetch any more is cancelled.
 * @param until on the clock of `performance`
 */
export async function waited(feed: RunFeed, flow: FlowContext, asked: Run, until: number, reply: FastifyReply): Promise<Run> {
  const gone = new AbortController();
  const hangUp = (): void => gone.abort();
  reply.raw.once('close', hangUp);
  try {
    for (let run = asked; ; run = await getRun(flow, asked.id)) {
      if (isFinished(run.status)) return run;
      if (gone.signal.aborted) return await cancelRun(flow, asked.id);
      const left = until - performance.now();
      if (left <= 0) return run;
      await feed.changed(flow.store, asked.id, Math.min(left, LOOK_MS), gone.signal);
    }
  } finally {
    reply.raw.removeListener('close', hangUp);
  }
}
