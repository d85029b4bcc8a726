/**
 * The HTTP application over a given context: what `main.ts` starts, and what tests start with a database of their own.
 * Everything that crosses endpoints is registered here, in the order in which it acts.
 */
import multipart from '@fastify/multipart';
import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ThrottlerModule } from '@nestjs/throttler';
import { endpoints } from '@almanac/contracts';
import type { FlowContext } from '@almanac/flow/runs';
import type { FastifyInstance } from 'fastify';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { controllers } from './controllers/index.js';
import { serveDashboard } from './dashboard.js';
import { AuthGuard } from './http/auth.guard.js';
import { CONTEXT } from './http/caller.js';
import { IdempotencyInterceptor } from './http/idempotency.interceptor.js';
import { Keyring } from './http/keyring.js';
import { ProblemFilter } from './http/problem.js';
import { RateGuard } from './http/rate.guard.js';
import { RunFeed } from './http/runFeed.js';
import { nestLogger } from './logger.js';

export interface AppOptions {
  /** Requests a minute per key; REQUESTS_PER_MINUTE unless given. */
  requestsPerMinute?: number;
  /** Folder of the built dashboard. */
  dashboardFolder?: string;
}

/** 200 a second: dashboards of many charts, not a stop to anybody's work. */
const REQUESTS_PER_MINUTE = 12_000;
const BODY_BYTES = 4 << 20;
/** Histories travel in these bodies. */
const LARGE_BODY_BYTES = 32 << 20;
const LARGE_BODIES = new Set<string>([endpoints.predict.path]);
const ID_LENGTH = 2000;
const besideTheApi = fileURLToPath(new URL('../../dashboard/dist', import.meta.url));

export async function createApp(context: FlowContext, options: AppOptions = {}): Promise<NestFastifyApplication> {
  @Module({
    imports: [ThrottlerModule.forRoot([{ ttl: 60_000, limit: options.requestsPerMinute ?? REQUESTS_PER_MINUTE }])],
    controllers,
    providers: [
      { provide: CONTEXT, useValue: context },
      RunFeed,
      Keyring,
      { provide: APP_GUARD, useClass: RateGuard },
      { provide: APP_GUARD, useClass: AuthGuard },
      { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
      { provide: APP_FILTER, useClass: ProblemFilter },
    ],
  })
  class AppModule {}

  const adapter = new FastifyAdapter({
    // An open event stream must not keep a stopping program alive.
    forceCloseConnections: true,
    bodyLimit: BODY_BYTES,
    routerOptions: { maxParamLength: ID_LENGTH },
    requestIdHeader: 'x-request-id',
    genReqId: () => randomUUID(),
  });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, adapter, {
    logger: nestLogger(context.logger),
    abortOnError: false,
  });
  const fastify = adapter.getInstance() as unknown as FastifyInstance;
  fastify.addHook('onRoute', (route) => {
    if (LARGE_BODIES.has(route.url)) route.bodyLimit = LARGE_BODY_BYTES;
  });
  await fastify.register(multipart, { limits: { files: 1, fields: 4, fieldSize: 1 << 20, fileSize: Number.MAX_SAFE_INTEGER } });
  // Many clients name a type with every request; without a body there is nothing to read as it.
  fastify.addHook('onRequest', ({ headers }, _reply, done) => {
    if ((headers['content-length'] ?? '0') === '0' && headers['transfer-encoding'] === undefined) delete headers['content-type'];
    done();
  });
  // Any other body is handed on as a stream: the upload endpoint takes a bare file.
  fastify.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  fastify.addHook('onSend', (request, reply, _payload, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  await serveDashboard(fastify, options.dashboardFolder ?? besideTheApi);
  await app.init();
  return app;
}
