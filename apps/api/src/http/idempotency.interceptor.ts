/** Idempotency keys for every POST that has a parsed body; uploads see to theirs once they have read it. */
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { once } from './idempotency.js';
import { endpointOf } from './endpoint.js';

@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const { endpoint } = endpointOf(context);
    const keyed = request.method === 'POST' && request.headers['idempotency-key'] !== undefined;
    if (!keyed || endpoint.pure || endpoint.consumes === 'multipart') return next.handle();
    // Of any other stream only the length takes part: it cannot be read twice.
    const content = endpoint.consumes ? request.headers['content-length'] : request.body;
    return from(once(request, reply, content, () => lastValueFrom(next.handle(), { defaultValue: undefined })));
  }
}
