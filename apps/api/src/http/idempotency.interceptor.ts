/**
 * POST with an `Idempotency-Key`: the first request does the work, a repeated one gets the first answer, and another
 * request under the same key is a conflict. A failed request frees its key, for it changed nothing.
 */
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { AlmanacError } from '@almanac/series';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import { from, type Observable, switchMap } from 'rxjs';
import { catchError } from 'rxjs/operators';
import { callerOf } from './caller.js';
import { endpointOf } from './route.js';

const MAX_LENGTH = 200;

/** Of a streamed body only the length takes part: it cannot be read twice. */
function hashOf(request: FastifyRequest): string {
  const isParsed = (request.headers['content-type'] ?? '').startsWith('application/json');
  const body = isParsed ? JSON.stringify(request.body) : `${request.headers['content-length'] ?? 'chunked'} bytes`;
  return createHash('sha256').update(`${request.method} ${request.url}\n${body}`).digest('hex');
}

@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const header = request.headers['idempotency-key'];
    const caller = callerOf(request);
    if (request.method !== 'POST' || typeof header !== 'string' || !caller || endpointOf(context).endpoint.pure) return next.handle();
    if (header.length === 0 || header.length > MAX_LENGTH) {
      throw new AlmanacError(
        'IDEMPOTENCY_KEY_INVALID',
        `The Idempotency-Key has ${header.length} characters; 1 to ${MAX_LENGTH} are allowed.`,
        {
          hint: 'A random UUID is a good key.',
        },
      );
    }
    const { idempotency } = caller.flow.store;
    const key = `${caller.key.id}:${header}`;
    const seen = await idempotency.begin(key, hashOf(request));
    switch (seen.state) {
      case 'done':
        reply.status(seen.status).header('idempotency-replayed', 'true');
        return from([seen.body]);
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
      case 'new':
        return next.handle().pipe(
          switchMap(async (body: unknown) => {
            await idempotency.finish(key, reply.statusCode, body);
            return body;
          }),
          catchError(async (error: unknown) => {
            await idempotency.release(key);
            throw error;
          }),
        );
    }
  }
}
