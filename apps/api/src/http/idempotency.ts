/**
 * POST with an `Idempotency-Key`: the first request does the work, a repeated one gets the first answer, and another
 * request under the same key is a conflict. A failed request frees its key, for it changed nothing.
 *
 * Invariant: what is made under a key is made once, whatever dies when. What only the database holds is kept in one transaction with
 * its answer (`together`); a run notes itself beside the key as it is made, and is answered with again where the answer was lost.
 */
import type { FlowContext } from '@almanac/flow/runs';
import { AlmanacError } from '@almanac/series';
import { type HeldKey, keyInUse } from '@almanac/store';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import { type Caller, callerOf, setCaller } from './caller.js';

const MAX_LENGTH = 200;
/** A key whose request died with its process is free again after a few that were left out. */
const BEAT_MS = 2_000;

export interface Keyed<T> {
  /** @param flow what it makes, it makes by this */
  work: (flow: FlowContext) => Promise<T>;
  /** The answer to a repetition, from the run that was made under the key. */
  again: (runId: string) => Promise<T>;
  /** The work is nothing but statements to the database. */
  together?: boolean;
}

/**
 * @param content what tells this request from another one: its parsed body, or for a streamed one the hash of its bytes
 * @throws AlmanacError IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_IN_USE, IDEMPOTENCY_KEY_REUSED
 */
export async function once<T>(request: FastifyRequest, reply: FastifyReply, content: unknown, keyed: Keyed<T>): Promise<T> {
  const header = request.headers['idempotency-key'];
  const caller = callerOf(request)!;
  if (typeof header !== 'string') return keyed.work(caller.flow);
  if (header.length === 0 || header.length > MAX_LENGTH) {
    throw new AlmanacError(
      'IDEMPOTENCY_KEY_INVALID',
      `The Idempotency-Key has ${header.length} characters; 1 to ${MAX_LENGTH} are allowed.`,
      { hint: 'A random UUID is a good key.' },
    );
  }
  const key = `${caller.id}:${header}`;
  const hash = createHash('sha256')
    .update(`${request.method} ${request.url}\n${JSON.stringify(content)}`)
    .digest('hex');
  const seen = await caller.flow.store.idempotency.begin(key, hash);
  switch (seen.state) {
    case 'done':
      reply.status(seen.status).header('idempotency-replayed', 'true');
      return seen.body as T;
    case 'made':
      reply.header('idempotency-replayed', 'true');
      return keyed.again(seen.runId);
    case 'running':
      throw keyInUse();
    case 'conflict':
      throw new AlmanacError('IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key was used for another request.', {
        hint: 'Take a new key for a new request.',
        status: 422,
      });
    case 'new':
      return hold(request, reply, caller, seen.held, keyed);
  }
}

async function hold<T>(request: FastifyRequest, reply: FastifyReply, caller: Caller, held: HeldKey, keyed: Keyed<T>): Promise<T> {
  const { store, logger } = caller.flow;
  const beating = setInterval(() => void store.idempotency.beat(held).catch(() => undefined), BEAT_MS).unref();
  const within = (inside: typeof store): Promise<T> => {
    const flow = { ...caller.flow, store: inside };
    setCaller(request, { ...caller, flow });
    return keyed.work(flow);
  };
  const release = (): Promise<void> => store.idempotency.release(held);
  try {
    if (keyed.together === true)
      return await store.transaction(async (inside) => {
        const body = await within(inside);
        await inside.idempotency.finish(held, reply.statusCode, body);
        return body;
      });
    const body = await within(store.under(held));
    // What was done is done. An error here would have the client do it again: it gets its answer, and a repetition finds the run.
    await store.idempotency.finish(held, reply.statusCode, body).catch(async (error: unknown) => {
      logger.warn({ error }, 'the answer to a request could not be kept for a repetition');
      await release().catch(() => undefined);
    });
    return body;
  } catch (error) {
    await release();
    throw error;
  } finally {
    clearInterval(beating);
    setCaller(request, caller);
  }
}
