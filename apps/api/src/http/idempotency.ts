/**
 * POST with an `Idempotency-Key`: the first request does the work, a repeated one gets the first answer, and another
 * request under the same key is a conflict. A failed request frees its key, for it changed nothing.
 */
import { AlmanacError } from '@almanac/series';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import { callerOf } from './caller.js';

const MAX_LENGTH = 200;
/** A key whose request died with its process is free again after a few that were left out. */
const BEAT_MS = 2_000;

/**
 * @param content what tells this request from another one: its parsed body, or for a streamed one the hash of its bytes
 * @throws AlmanacError IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_IN_USE, IDEMPOTENCY_KEY_REUSED
 */
export async function once<T>(request: FastifyRequest, reply: FastifyReply, content: unknown, work: () => Promise<T>): Promise<T> {
  const header = request.headers['idempotency-key'];
  const caller = callerOf(request);
  if (typeof header !== 'string' || !caller) return work();
  if (header.length === 0 || header.length > MAX_LENGTH) {
    throw new AlmanacError(
      'IDEMPOTENCY_KEY_INVALID',
      `The Idempotency-Key has ${header.length} characters; 1 to ${MAX_LENGTH} are allowed.`,
      { hint: 'A random UUID is a good key.' },
    );
  }
  const { idempotency } = caller.flow.store;
  const key = `${caller.id}:${header}`;
  const hash = createHash('sha256')
    .update(`${request.method} ${request.url}\n${JSON.stringify(content)}`)
    .digest('hex');
  const seen = await idempotency.begin(key, hash);
  switch (seen.state) {
    case 'done':
      reply.status(seen.status).header('idempotency-replayed', 'true');
      return seen.body as T;
    case 'running':
      reply.header('retry-after', '1');
      throw new AlmanacError('IDEMPOTENCY_KEY_IN_USE', 'A request with this Idempotency-Key is still being worked on.', {
        hint: 'Ask again in a second.',
        status: 409,
      });
    case 'conflict':
      throw new AlmanacError('IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key was used for another request.', {
        hint: 'Take a new key for a new request.',
        status: 422,
      });
    case 'new': {
      const beating = setInterval(() => void idempotency.beat(key).catch(() => undefined), BEAT_MS).unref();
      try {
        const body = await work().catch(async (error: unknown) => {
          await idempotency.release(key);
          throw error;
        });
        // What was done is done. An error here would have the client do it again: it gets its answer, kept or not.
        await idempotency
          .finish(key, reply.statusCode, body)
          .catch((error: unknown) => caller.flow.logger.warn({ error }, 'the answer to a request could not be kept for a repetition'));
        return body;
      } finally {
        clearInterval(beating);
      }
    }
  }
}
