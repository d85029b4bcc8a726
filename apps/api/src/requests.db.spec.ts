/**
 * Whatever a client sends, the answer says what is wrong with it: of hundreds of requests to each route, made from the OpenAPI
 * document, none is answered by a fault of ours. `ALMANAC_FUZZ_SEED` tries others than those of every day.
 */
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type JobName, problem, toProblem, trainRequest } from '@almanac/contracts';
import { STANDARD_QUOTAS } from '@almanac/flow/quota';
import { JOBS } from '@almanac/flow/runs';
import { folderObjectStore, openQueue, type Queue, silentLogger } from '@almanac/platform';
import { openStore, type Store } from '@almanac/store';
import fc from 'fast-check';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { type Document, type MadeRequest, operationsOf, requestOf } from '../../../test/support/requests.js';
import { createApp } from './app.js';
import { hashOfKey } from './http/credentials.js';
import { openApiDocument } from './openapi/document.js';

const KEY = 'alm_fuzz';
const REQUESTS_A_ROUTE = Number(process.env['ALMANAC_FUZZ_REQUESTS'] ?? 200);
const SEED = Number(process.env['ALMANAC_FUZZ_SEED'] ?? 20_240_131);
const document = openApiDocument('test') as unknown as Document;

const quotas = { ...STANDARD_QUOTAS, callerRequestsPerMinute: null, requestsPerMinute: null };
let database: TestDatabase;
let folder: string;
let store: Store;
let queue: Queue<JobName>;
let app: NestFastifyApplication;
const known: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'almanac-fuzz-'));
  store = await openStore({ databaseUrl: database.url });
  queue = await openQueue({ databaseUrl: database.url, redisUrl: undefined }, JOBS, silentLogger);
  app = await createApp(
    { store, queue, objects: folderObjectStore(folder), logger: silentLogger, now: () => new Date(), codeVersion: 'test', quotas },
    { strangersPerMinute: 1_000_000 },
  );
  await store.apiKeys.ensure({ name: 'fuzz', prefix: KEY, hash: hashOfKey(KEY), scopes: ['admin'] });
  for (const name of ['flights', 'sales'])
    await store.series.writeVersion({
      dataset: { name, frequency: 'D', timeZone: 'UTC', futureCovariates: ['price'] },
      mode: 'append',
      pieces: [{ id: 'a', firstStep: 19_000, values: Float64Array.from({ length: 60 }, (_, t) => t % 7) }],
      summary: () => ({ rowsRead: 0, rowsRejected: 0, findings: null }),
    });
  // A run that has ended: following it ends too.
  const { id } = await store.runs.create({ kind: 'train', dataset: 'flights', config: { ...trainRequest.parse({ dataset: 'flights' }) } });
  await store.runs.claim(id, 'w');
  await store.runs.fail(id, toProblem(new Error('as a test wants it')) as never);
  await store.workers.beat({ id: 'w', engine: null, resources: null, busyWith: [] });
  const flights = await store.datasets.get('flights');
  const model = await store.models.ensure('flights-model', flights.id);
  const version = await store.models.addVersion(
    model.id,
    { runId: id, kind: 'seasonalNaive', horizon: 2, config: {}, metrics: {}, manifestKey: 'm', weightsKey: 'w', sha256: 'f00' },
    { promoteIfFirst: true },
  );
  known.push('flights', 'sales', 'flights-model', 'flights-model@champion', 'champion', 'a', 'price', id, version.id, 'default', '1', 'D');
});

afterAll(async () => {
  await app?.close();
  await queue?.close();
  await store?.close();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

/** Nobody is there to answer, so nobody waits. */
function impatient(request: MadeRequest): MadeRequest {
  if (request.payload === undefined || !/forecast/.test(request.url)) return request;
  const body = JSON.parse(request.payload) as Record<string, unknown> | null;
  return typeof body === 'object' && body !== null && !Array.isArray(body)
    ? { ...request, payload: JSON.stringify({ ...body, wait: 0 }) }
    : request;
}

/** What deletes comes last, so that the others meet what is there. */
const operations = operationsOf(document).sort((a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'));

it.each(operations.map((operation) => [operation.operationId, operation] as const))('%s answers whatever is sent', async (_, operation) => {
  const made = requestOf(operation, document, known).map(impatient);
  await fc.assert(
    fc.asyncProperty(made, async (request) => {
      const answer = await app.inject({ ...request, headers: { ...request.headers, authorization: `Bearer ${KEY}` } } as never);
      if (answer.statusCode >= 500) throw new Error(`${answer.statusCode} ${answer.body.slice(0, 300)}`);
      if (answer.statusCode >= 400) expect(problem.safeParse(answer.json()).success).toBe(true);
    }),
    { numRuns: REQUESTS_A_ROUTE, seed: SEED, endOnFailure: true },
  );
});
