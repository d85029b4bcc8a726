/** Idempotency keys for every POST that has a parsed body; what is streamed sees to its own once it was read and hashed. */
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
    if (!keyed || endpoint.pure || endpoint.consumes !== undefined) return next.handle();
    return from(once(request, reply, request.body, () => lastValueFrom(next.handle(), { defaultValue: undefined })));
  }
}
