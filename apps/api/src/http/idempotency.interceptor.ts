/** Idempotency keys for every POST that has a parsed body; what is streamed sees to its own once it was read and hashed. */
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { EndpointName, endpoints, Scope } from '@almanac/contracts';
import { getRun } from '@almanac/flow/query';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { callerOf } from './caller.js';
import { endpointOf } from './endpoint.js';
import { once } from './idempotency.js';

type Table = typeof endpoints;
type KeyedPost = {
  [N in EndpointName]: Table[N] extends { pure: true } | { consumes: string }
    ? never
    : Table[N] extends { method: 'POST'; scope: Scope }
      ? N
      : never;
}[EndpointName];

/**
 * What makes each of them safe to repeat, even if its answer was lost. `run`: it makes one run, and is answered with it again.
 * `together`: it only writes to the database, in one transaction with its answer. `same`: doing it twice changes nothing
 * (a link that nobody saw ends by itself).
 */
const REPEATED: Record<KeyedPost, 'run' | 'together' | 'same'> = {
  train: 'run',
  backtest: 'run',
  search: 'run',
  monitor: 'run',
  learn: 'run',
  forecast: 'run',
  replayForecast: 'run',
  resumeRun: 'run',
  runSchedule: 'run',
  pullSource: 'run',
  createApiKey: 'together',
  rotateApiKey: 'together',
  createInvitation: 'together',
  createOverride: 'together',
  createSchedule: 'together',
  createSource: 'together',
  createWebhook: 'together',
  rotateWebhookSecret: 'together',
  pingWebhook: 'together',
  replayWebhookDelivery: 'together',
  createWorkspace: 'together',
  appendObservations: 'same',
  cancelRun: 'same',
  createSignInLink: 'same',
};

@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const { name } = endpointOf(context);
    const caller = callerOf(request);
    if (request.headers['idempotency-key'] === undefined || !Object.hasOwn(REPEATED, name) || !caller) return next.handle();
    return from(
      once(request, reply, request.body, {
        work: () => lastValueFrom(next.handle(), { defaultValue: undefined }),
        again: (runId) => getRun(caller.flow, runId),
        together: REPEATED[name as KeyedPost] === 'together',
      }),
    );
  }
}
