/**
 * Every route of the API against every key that must not open it: none, an unknown and a revoked one, each scope below its own,
 * and the highest key of another workspace, which meets nothing that is not its own. Made from the route table, so that a new
 * route is in it; a route of the server that is not in the table stops its start.
 */
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Endpoint, endpoints, type JobName, type Scope } from '@almanac/contracts';
import { JOBS } from '@almanac/flow/runs';
import { folderObjectStore, openQueue, type Queue, silentLogger } from '@almanac/platform';
import { openStore, type Store } from '@almanac/store';
import type { FastifyInstance } from 'fastify';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../apps/api/src/app.js';
import { hashOfKey } from '../../apps/api/src/http/credentials.js';
import { keepGate } from '../../apps/api/src/http/gate.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

/** What anybody may ask. Whoever adds to it says here why. */
const OPEN = ['health', 'livez', 'openApi', 'readyz'];
const SCOPES: readonly Scope[] = ['read', 'write', 'admin'];
const table = Object.entries(endpoints) as [string, Endpoint][];
const closed = table.filter(([, { scope }]) => scope !== null);

let database: TestDatabase;
let folder: string;
let store: Store;
let other: Store;
let queue: Queue<JobName>;
let app: NestFastifyApplication;
/** Names and ids of what the first workspace has, by the parameter that takes them. */
const own: Record<string, string> = {
  alias: 'champion',
  version: '1',
  uniqueId: 'a',
  dataset: 'flights',
  model: 'flights-model',
  schedule: 'nightly',
  workspace: 'tenant',
};

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'almanac-auth-'));
  store = await openStore({ databaseUrl: database.url });
  other = store.forWorkspace((await store.workspaces.create('tenant')).id);
  queue = await openQueue({ databaseUrl: database.url, redisUrl: undefined }, JOBS, silentLogger);
  app = await createApp(
    { store, queue, objects: folderObjectStore(folder), logger: silentLogger, now: () => new Date(), codeVersion: 'test' },
    { requestsPerMinute: 1_000_000 },
  );
  for (const scope of SCOPES) {
    const made = await store.apiKeys.create({ name: scope, prefix: scope, hash: hashOfKey(`own-${scope}`), scopes: [scope] });
    await other.apiKeys.create({ name: scope, prefix: scope, hash: hashOfKey(`other-${scope}`), scopes: [scope] });
    own['id'] = made.id;
  }
  const revoked = await store.apiKeys.create({ name: 'gone', prefix: 'gone', hash: hashOfKey('revoked'), scopes: ['admin'] });
  await store.apiKeys.revoke(revoked.id);
  const { datasetId } = await store.series.writeVersion({
    dataset: { name: 'flights', frequency: 'D', timeZone: 'UTC' },
    mode: 'append',
    pieces: [{ id: 'a', firstStep: 19_000, values: Float64Array.of(1, 2, 3) }],
    summary: () => ({ rowsRead: 0, rowsRejected: 0, findings: null }),
  });
  const run = await store.runs.create({ kind: 'train', dataset: 'flights', config: {} });
  const model = await store.models.ensure('flights-model', datasetId);
  await store.models.addVersion(
    model.id,
    { runId: run.id, kind: 'theta', horizon: 2, config: {}, metrics: {}, manifestKey: 'm', weightsKey: 'w', sha256: 'f' },
    { promoteIfFirst: true },
  );
  Object.assign(own, { runId: run.id, webhookId: run.id, deliveryId: run.id });
});

afterAll(async () => {
  await app?.close();
  await queue?.close();
  await store?.close();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

async function ask(
  endpoint: Endpoint,
  key: string | undefined,
  method: string = endpoint.method,
): Promise<{ status: number; code: string; body: string }> {
  const url = endpoint.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(own[name] ?? `no-${name}`));
  const answer = await app.inject({ method: method as 'GET', url, headers: key === undefined ? {} : { authorization: `Bearer ${key}` } });
  return { status: answer.statusCode, code: /"code":"(\w+)"/.exec(answer.body)?.[1] ?? '', body: answer.body };
}

describe('the route table', () => {
  it('has a rule for every route, and opens only what is named here', () => {
    expect(
      table
        .filter(([, { scope }]) => scope === null)
        .map(([name]) => name)
        .sort(),
    ).toEqual(OPEN);
    for (const [name, { scope, method }] of closed) {
      expect(SCOPES, name).toContain(scope);
      // Who may only read changes nothing; the one question that is asked by POST keeps nothing.
      if (scope === 'read') expect(method === 'GET' || (endpoints[name as 'estimateRun'] as Endpoint).pure, name).toBeTruthy();
    }
  });

  it('stops a server that serves a route without a rule', () => {
    const fastify = new FastifyAdapter().getInstance() as unknown as FastifyInstance;
    keepGate(fastify, {} as never);
    expect(() => fastify.get('/v1/forgotten', () => 'open to all')).toThrow('GET /v1/forgotten has no rule');
    expect(() => fastify.post('/v1/datasets', () => 'a method that the table does not name')).toThrow('has no rule');
  });
});

describe.each(closed)('%s', (_, endpoint) => {
  it('is closed to no key, to an unknown and to a revoked one', async () => {
    expect(await ask(endpoint, undefined)).toMatchObject({ status: 401, code: 'API_KEY_MISSING' });
    for (const key of ['alm_guessed', 'revoked']) expect(await ask(endpoint, key)).toMatchObject({ status: 401, code: 'API_KEY_UNKNOWN' });
    if (endpoint.method === 'GET') expect((await ask(endpoint, undefined, 'HEAD')).status).toBe(401);
  });

  it('is closed to every scope below its own', async () => {
    for (const scope of SCOPES.slice(0, SCOPES.indexOf(endpoint.scope!)))
      expect(await ask(endpoint, `own-${scope}`)).toMatchObject({ status: 403, code: 'SCOPE_MISSING' });
  });

  it('shows the highest key of another workspace nothing that is not its own', async () => {
    const { status, body } = await ask(endpoint, 'other-admin');
    if (/:(dataset|model|runId|id|webhookId|schedule|workspace)/.test(endpoint.path)) expect([400, 403, 404]).toContain(status);
    else if (status === 200) for (const name of ['flights', own['runId']!, own['id']!]) expect(body).not.toContain(`"${name}"`);
  });
});
