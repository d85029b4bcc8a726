/** Who asks: the API key or the user behind a request, and the use cases' context of the workspace it acts in. */
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FlowContext } from '@almanac/flow/runs';
import type { LivingSession } from '@almanac/store';
import type { FastifyRequest } from 'fastify';

/** Injection token of the context that `main.ts` makes; its store sees the default workspace. */
export const CONTEXT = Symbol('FlowContext');

export interface Caller {
  kind: 'key' | 'user';
  /** Of the key or the user. */
  id: string;
  /** Of the key; the e-mail address of a user. */
  name: string;
  flow: FlowContext;
  /** Asks again: the key may have been revoked since, the session ended, the role changed. What goes on for long asks now and then. */
  stillMay(): Promise<boolean>;
}

const callers = new WeakMap<FastifyRequest, Caller>();
export const setCaller = (request: FastifyRequest, caller: Caller): void => void callers.set(request, caller);
export const callerOf = (request: FastifyRequest): Caller | undefined => callers.get(request);

const people = new WeakMap<FastifyRequest, LivingSession>();
export const setPerson = (request: FastifyRequest, session: LivingSession): void => void people.set(request, session);

const callerIn = (context: ExecutionContext): Caller => {
  const caller = callerOf(context.switchToHttp().getRequest<FastifyRequest>());
  if (!caller) throw new Error('This endpoint needs no key, so it has no caller.');
  return caller;
};

/** The key or user that asks. */
export const By = createParamDecorator((_: unknown, context: ExecutionContext): Caller => callerIn(context));

/** The context of the caller's workspace. */
export const Flow = createParamDecorator((_: unknown, context: ExecutionContext): FlowContext => callerIn(context).flow);

/** The session of the user who asks, where the endpoint is one for people. */
export const Person = createParamDecorator((_: unknown, context: ExecutionContext): LivingSession => {
  const session = people.get(context.switchToHttp().getRequest<FastifyRequest>());
  if (!session) throw new Error('This endpoint is not one for people alone.');
  return session;
});
