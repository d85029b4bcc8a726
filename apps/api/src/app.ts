/**
 * The HTTP application over a given context: what `main.ts` starts, and what tests start with a database of their own.
 * Everything that crosses endpoints is registered here, in the order in which it acts.
 */
import multipart from '@fastify/multipart';
import { Module } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { QuotaBook, STANDARD_QUOTAS } from '@almanac/flow/quota';
import type { FlowContext } from '@almanac/flow/runs';
import { MOST_ID_BYTES } from '@almanac/series';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { controllers } from './controllers/index.js';
import { serveDashboard } from './dashboard.js';
import { BodyMemory, parseBodies } from './http/bodies.js';
import { CONTEXT } from './http/caller.js';
import { CursorInterceptor } from './http/cursors.js';
import { decodeBodies } from './http/encodings.js';
import { keepGate } from './http/gate.js';
import { IdempotencyInterceptor } from './http/idempotency.interceptor.js';
import { Keyring } from './http/keyring.js';
import { LocationInterceptor } from './http/location.js';
import { PROBLEM_TYPE, ProblemFilter, problemOf } from './http/problem.js';
import { Places } from './http/places.js';
import { Rate } from './http/rate.js';
import { Doorkeeper } from './people/doorkeeper.js';
import { PEOPLE_DEFAULTS, type PeopleSettings } from './people/settings.js';
import { BODY_PATIENCE, type BodyPatience } from './http/slow.js';
import { RevisionInterceptor } from './http/revisions.js';
import { RunFeed } from './http/runFeed.js';
import { refuseUnparsed } from './http/unparsed.js';
import { nestLogger } from './logger.js';
import { type Disk, ReadinessProbe } from './readiness.js';

export interface AppOptions {
  /** Of an address that shows no key, or a wrong one; STRANGERS_PER_MINUTE unless given. */
  strangersPerMinute?: number;
  /** Whose word about the address of a client is believed: nobody's unless given. */
  trustProxy?: readonly string[] | number;
  /** How long bodies may take; `BODY_PATIENCE` unless given. */
  bodyPatience?: BodyPatience;
  /** How people come in; `PEOPLE_DEFAULTS` unless given. */
  people?: PeopleSettings;
  /** Certificate and key in PEM; plain HTTP unless given. */
  tls?: { cert: Buffer; key: Buffer };
  /** Where there has to be room; not looked at unless given. */
  disk?: Disk;
  /** Folder of the built dashboard. */
  dashboardFolder?: string;
}

const besideTheApi = fileURLToPath(new URL('../../dashboard/dist', import.meta.url));

/** Of proxies in a row the one that is nearest to us is hop 0. */
const trusted = (given: readonly string[] | number): string[] | ((address: string, hop: number) => boolean) =>
  typeof given === 'number' ? (_, hop) => hop < given : [...given];

export async function createApp(context: FlowContext, options: AppOptions = {}): Promise<NestFastifyApplication> {
  const keyring = new Keyring(context);
  const people = options.people ?? PEOPLE_DEFAULTS;
  const book = new QuotaBook(context.quotas ?? STANDARD_QUOTAS);
  const doorkeeper = new Doorkeeper(context, people);

  @Module({
    controllers,
    providers: [
      { provide: CONTEXT, useValue: context },
      RunFeed,
      { provide: Keyring, useValue: keyring },
      { provide: Doorkeeper, useValue: doorkeeper },
      { provide: QuotaBook, useValue: book },
      { provide: ReadinessProbe, useValue: new ReadinessProbe(context, options.disk) },
      // Before those that may answer with what was answered before.
      { provide: APP_INTERCEPTOR, useClass: LocationInterceptor },
      { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
      { provide: APP_INTERCEPTOR, useClass: CursorInterceptor },
      { provide: APP_INTERCEPTOR, useClass: RevisionInterceptor },
      { provide: APP_FILTER, useClass: ProblemFilter },
    ],
  })
  class AppModule {}

  const adapter = new FastifyAdapter({
    // The certificate comes with the program's start and is renewed there (tls.ts).
    ...(options.tls && { https: options.tls }),
    // An open event stream must not keep a stopping program alive.
    forceCloseConnections: true,
    ...(options.trustProxy === undefined ? {} : { trustProxy: trusted(options.trustProxy) }),
    routerOptions: { maxParamLength: MOST_ID_BYTES },
    // Addresses that no route is looked for with: a part that is too long, or no text.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      const problem = problemOf(error, request);
      void reply.status(problem.status).headers({ 'content-type': PROBLEM_TYPE, 'x-request-id': request.id }).send(JSON.stringify(problem));
    },
    clientErrorHandler: refuseUnparsed,
    requestIdHeader: 'x-request-id',
    genReqId: () => randomUUID(),
  });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, adapter, {
    logger: nestLogger(context.logger),
    abortOnError: false,
    // They are parsed in `http/bodies.ts`.
    bodyParser: false,
  });
  const fastify = adapter.getInstance() as unknown as FastifyInstance;
  const memory = new BodyMemory();
  keepGate(fastify, {
    context,
    keyring,
    doorkeeper,
    memory,
    patience: options.bodyPatience ?? BODY_PATIENCE,
    rate: new Rate(context.store.rates, book, options.strangersPerMinute),
    places: new Places(context, book),
  });
  decodeBodies(fastify);
  parseBodies(fastify, memory);
  // One file and one field are taken; one more of each is let through, so that it can be named.
  await fastify.register(multipart, { limits: { files: 2, fields: 2, fieldSize: 1 << 20, fileSize: Number.MAX_SAFE_INTEGER } });
  fastify.addHook('onSend', (request, reply, _payload, done) => {
    reply.header('x-request-id', request.id);
    if (reply.statusCode === 401) reply.header('www-authenticate', 'Bearer realm="almanac"');
    // What somebody who is signed in sees is nobody else's, on the way and in the browser.
    if (request.url.startsWith('/v1') && !reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
    done();
  });
  await serveDashboard(fastify, options.dashboardFolder ?? besideTheApi);
  await app.init();
  return app;
}
