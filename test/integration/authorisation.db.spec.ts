/**
 * Every route of the API against every key that must not open it: none, an unknown and a revoked one, each scope below its own,
 * and the highest key of another workspace, which meets nothing that is not its own; and against sessions of people: each role
 * below what the route needs, a member of another workspace, one that has ended, and pages of other sites. Made from the route
 * table, so that a new route is in it; a route of the server that is not in the table stops its start.
 */
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { CSRF_HEADER, type Endpoint, endpoints, type JobName, type Scope, type SessionState, WORKSPACE_HEADER } from '@almanac/contracts';
import { STANDARD_QUOTAS } from '@almanac/flow/quota';
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
import { hashOfToken, newToken } from '../../apps/api/src/people/doorkeeper.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

/** What anybody may ask. Whoever adds to it says here why. */
const OPEN = [
  // Before anybody is signed in: what they carry is what they are judged by.
  ...['acceptInvitation', 'getSession', 'seeInvitation', 'signIn', 'signInByLink', 'startOidc', 'finishOidc'],
  // About the installation, and nobody's data.
  ...['health', 'livez', 'openApi', 'readyz'],
];
const SCOPES: readonly Scope[] = ['read', 'write', 'admin'];
const table = Object.entries(endpoints) as [string, Endpoint][];
const closed = table.filter(([, { scope }]) => scope !== null);
const forKeys = closed.filter(([, { scope }]) => scope !== 'person');
const ROLES = { viewer: 'read', editor: 'write', admin: 'admin' } as const;
type Role = keyof typeof ROLES;

const quotas = { ...STANDARD_QUOTAS, callerRequestsPerMinute: null, requestsPerMinute: null };
let database: TestDatabase;
let folder: string;
let store: Store;
let other: Store;
let queue: Queue<JobName>;
let app: NestFastifyApplication;
/** What the browser of a member of the first workspace sends; `stranger` is an admin of the other one. */
const sessions: Record<Role | 'stranger' | 'ended', Record<string, string>> = {} as never;
/** Names and ids of what the first workspace has, by the parameter that takes them. */
const own: Record<string, string> = {
  alias: 'champion',
  version: '1',
  uniqueId: 'a',
  dataset: 'flights',
  model: 'flights-model',
  schedule: 'nightly',
  source: 'orders',
  workspace: 'tenant',
};

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'almanac-auth-'));
  store = await openStore({ databaseUrl: database.url });
  other = store.forWorkspace((await store.workspaces.create('tenant')).id);
  queue = await openQueue({ databaseUrl: database.url, redisUrl: undefined }, JOBS, silentLogger);
  app = await createApp(
    { store, queue, objects: folderObjectStore(folder), logger: silentLogger, now: () => new Date(), codeVersion: 'test', quotas },
    { strangersPerMinute: 1_000_000 },
  );
  for (const scope of SCOPES) {
    const made = await store.apiKeys.create({ name: scope, prefix: scope, hash: hashOfKey(`own-${scope}`), scopes: [scope] });
    await other.apiKeys.create({ name: scope, prefix: scope, hash: hashOfKey(`other-${scope}`), scopes: [scope] });
    own['id'] = made.id;
  }
  for (const who of ['viewer', 'editor', 'admin', 'stranger', 'ended'] as const) {
    const { id } = await store.users.create({ email: `${who}@example.org`, name: who, passwordHash: null });
    await (who === 'stranger' ? other : store).members.put(id, who in ROLES ? (who as Role) : 'admin');
    const token = newToken();
    const session = {
      tokenHash: hashOfToken(token),
      userId: id,
      method: 'password' as const,
      address: '::1',
      agent: '',
      lifeSeconds: 3600,
    };
    const { id: sessionId } = await store.sessions.create(session);
    const cookie = `almanac-80=${token}`;
    if (who === 'ended') await store.sessions.end(id, sessionId);
    const state = await app.inject({ url: '/v1/session', headers: { cookie } });
    const { csrfToken } = state.json<SessionState>();
    sessions[who] = { cookie, 'sec-fetch-site': 'same-origin', [CSRF_HEADER]: csrfToken ?? '' };
    // Somebody who is to stay: no admin takes the others out before each was asked.
    if (who === 'admin') own['userId'] = id;
    if (who === 'admin') own['sessionId'] = sessionId;
  }
  const invited = { email: 'new@example.org', role: 'viewer' as const, tokenHash: 'h', invitedBy: 'k', lifeSeconds: 60 };
  own['invitationId'] = (await store.members.invite(invited)).id;
  await store.sources.create({
    name: 'orders',
    from: { kind: 'https', url: 'https://example.org/x' },
    secret: 'secret',
    options: { dataset: 'flights' },
  });
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

interface Answer {
  status: number;
  code: string;
  body: string;
}

async function send(endpoint: Endpoint, method: string, headers: Record<string, string>): Promise<Answer> {
  const url = endpoint.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(own[name] ?? `no-${name}`));
  const answer = await app.inject({ method: method as 'GET', url, headers });
  return { status: answer.statusCode, code: /"code":"(\w+)"/.exec(answer.body)?.[1] ?? '', body: answer.body };
}

const ask = (endpoint: Endpoint, key: string | undefined, method: string = endpoint.method): Promise<Answer> =>
  send(endpoint, method, key === undefined ? {} : { authorization: `Bearer ${key}` });

describe('the route table', () => {
  it('has a rule for every route, and opens only what is named here', () => {
    expect(
      table
        .filter(([, { scope }]) => scope === null)
        .map(([name]) => name)
        .sort(),
    ).toEqual([...OPEN].sort());
    for (const [name, { scope, method }] of closed) {
      expect([...SCOPES, 'person'], name).toContain(scope);
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

/** As a browser with this session, with what its pages send changed. */
async function askAs(who: keyof typeof sessions, endpoint: Endpoint, changes: Record<string, string | undefined> = {}): Promise<Answer> {
  const headers = Object.fromEntries(Object.entries({ ...sessions[who], ...changes }).filter(([, value]) => value !== undefined));
  return send(endpoint, endpoint.method, headers as Record<string, string>);
}

describe.each(closed)('%s', (_, endpoint) => {
  it('is closed to nobody, to an unknown key and to a revoked one', async () => {
    expect(await ask(endpoint, undefined)).toMatchObject({ status: 401, code: 'API_KEY_MISSING' });
    for (const key of ['alm_guessed', 'revoked']) expect(await ask(endpoint, key)).toMatchObject({ status: 401, code: 'API_KEY_UNKNOWN' });
    if (endpoint.method === 'GET') expect((await ask(endpoint, undefined, 'HEAD')).status).toBe(401);
  });

  it('is closed to a session that has ended or was guessed, and to one beside an unknown key', async () => {
    expect(await askAs('ended', endpoint)).toMatchObject({ status: 401, code: 'SESSION_ENDED' });
    expect(await askAs('admin', endpoint, { cookie: 'almanac-80=guessed' })).toMatchObject({ status: 401, code: 'SESSION_ENDED' });
    expect(await askAs('admin', endpoint, { authorization: 'Bearer alm_guessed' })).toMatchObject({ code: 'API_KEY_UNKNOWN' });
  });

  it('is changed by a session from a page of ours alone, with the token of that session', async () => {
    if (endpoint.method === 'GET') return;
    for (const site of ['cross-site', 'same-site', 'none', undefined])
      expect(await askAs('admin', endpoint, { 'sec-fetch-site': site })).toMatchObject({ status: 403, code: 'CROSS_SITE' });
    const origin = 'https://evil.example';
    expect(await askAs('admin', endpoint, { 'sec-fetch-site': undefined, origin })).toMatchObject({ status: 403, code: 'CROSS_SITE' });
    for (const token of [undefined, '', sessions.viewer[CSRF_HEADER]])
      expect(await askAs('admin', endpoint, { [CSRF_HEADER]: token })).toMatchObject({ status: 403, code: 'CSRF_TOKEN_MISSING' });
  });
});

describe.each(closed.filter(([, { scope }]) => scope === 'person'))('%s', (_, endpoint) => {
  it('is closed to every key', async () => {
    for (const scope of SCOPES) expect(await ask(endpoint, `own-${scope}`)).toMatchObject({ status: 403, code: 'PERSON_NEEDED' });
  });
});

describe.each(forKeys)('%s', (_, endpoint) => {
  const needed = SCOPES.indexOf(endpoint.scope as Scope);

  it('is closed to every scope below its own', async () => {
    for (const scope of SCOPES.slice(0, needed))
      expect(await ask(endpoint, `own-${scope}`)).toMatchObject({ status: 403, code: 'SCOPE_MISSING' });
  });

  it('is closed to every role below its own, and to the workspaces of others', async () => {
    for (const [role, scope] of Object.entries(ROLES) as [Role, Scope][])
      if (SCOPES.indexOf(scope) < needed) expect(await askAs(role, endpoint)).toMatchObject({ status: 403, code: 'ROLE_MISSING' });
    for (const workspace of ['default', 'no such'])
      expect(await askAs('stranger', endpoint, { [WORKSPACE_HEADER]: workspace })).toMatchObject({ status: 403, code: 'NOT_A_MEMBER' });
  });

  it('shows the highest key of another workspace nothing that is not its own', async () => {
    const { status, body } = await ask(endpoint, 'other-admin');
    if (/:(dataset|model|runId|id|webhookId|schedule|source|workspace|userId|invitationId)/.test(endpoint.path))
      expect([400, 403, 404]).toContain(status);
    else if (status === 200)
      for (const name of ['flights', own['runId']!, own['id']!, own['userId']!, own['invitationId']!])
        expect(body).not.toContain(`"${name}"`);
  });
});
