/** Who asks: the API key behind a request, and the use cases' context of its workspace. */
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FlowContext } from '@almanac/flow/runs';
import type { ApiKeyRecord } from '@almanac/store';
import type { FastifyRequest } from 'fastify';

/** Injection token of the context that `main.ts` makes; its store sees the default workspace. */
export const CONTEXT = Symbol('FlowContext');

export interface Caller {
  key: ApiKeyRecord;
  flow: FlowContext;
}

const callers = new WeakMap<FastifyRequest, Caller>();
export const setCaller = (request: FastifyRequest, caller: Caller): void => void callers.set(request, caller);
export const callerOf = (request: FastifyRequest): Caller | undefined => callers.get(request);

/** The context of the caller's workspace. */
export const Flow = createParamDecorator((_: unknown, context: ExecutionContext): FlowContext => {
  const caller = callerOf(context.switchToHttp().getRequest<FastifyRequest>());
  if (!caller) throw new Error('This endpoint needs no key, so it has no caller.');
  return caller.flow;
});
