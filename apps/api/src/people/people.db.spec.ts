/** Sign-in, sessions and invitations over the real application and a real PostgreSQL. */
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { CSRF_HEADER, type JobName, type SessionState, WORKSPACE_HEADER } from '@almanac/contracts';
import { JOBS } from '@almanac/flow/runs';
import { folderObjectStore, openQueue, type Queue, silentLogger } from '@almanac/platform';
import { openStore, type Store } from '@almanac/store';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, query, type TestDatabase } from '../../../../test/support/database.js';
import { createApp } from '../app.js';
import { hashOfKey } from '../http/credentials.js';
import { hashOfToken } from './doorkeeper.js';
import { hashPassword } from './password.js';
import { PEOPLE_DEFAULTS } from './settings.js';

const PASSWORD = 'seven green horses sing';
let database: TestDatabase;
let folder: string;
let store: Store;
let queue: Queue<JobName>;
let app: NestFastifyApplication;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'almanac-people-'));
  store = await openStore({ databaseUrl: database.url });
  queue = await openQueue({ databaseUrl: database.url, redisUrl: undefined }, JOBS, silentLogger);
  app = await startApp();
  await store.apiKeys.create({ name: 'k', prefix: 'k', hash: hashOfKey('admin-key'), scopes: ['admin'] });
  const hash = await hashPassword(PASSWORD);
  for (const role of ['viewer', 'editor', 'admin'] as const) {
    const { id } = await store.users.create({ email: `${role}@example.org`, name: role, passwordHash: hash });
    await store.members.put(id, role);
  }
});
beforeEach(() => query(database.url, 'DELETE FROM sign_in_attempt'));
afterAll(async () => {
  await app?.close();
  await queue?.close();
  await store?.close();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

const startApp = (people = PEOPLE_DEFAULTS): Promise<NestFastifyApplication> =>
  createApp(
    { store, queue, objects: folderObjectStore(folder), logger: silentLogger, now: () => new Date(), codeVersion: 'test' },
    { people },
  );

interface Answer {
  status: number;
  code: string;
  body: Record<string, unknown>;
  cookie: string | undefined;
  headers: Record<string, unknown>;
}

async function ask(
  method: string,
  url: string,
  { body, headers, over = app }: { body?: object; headers?: object; over?: NestFastifyApplication } = {},
): Promise<Answer> {
  const answer = await over.inject({
    method: method as 'GET',
    url,
    headers: JSON.parse(JSON.stringify({ host: '127.0.0.1:3000', ...headers })) as Record<string, string>,
    ...(body && { payload: body }),
  });
  const parsed = (answer.body === '' ? {} : answer.json()) as Record<string, unknown>;
  return {
    status: answer.statusCode,
    code: String(parsed['code']),
    body: parsed,
    cookie: [answer.headers['set-cookie'] ?? []].flat()[0],
    headers: answer.headers,
  };
}

/** A browser after a sign-in: its cookie, and what its pages send. */
class Browser {
  constructor(
    readonly cookie: string,
    readonly state: SessionState,
  ) {}
  static of(answer: Answer): Browser {
    expect(answer.status).toBe(200);
    return new Browser(answer.cookie!.split(';')[0]!, answer.body as unknown as SessionState);
  }
  ask(method: string, url: string, body?: object, headers: object = {}): Promise<Answer> {
    const own = { cookie: this.cookie, 'sec-fetch-site': 'same-origin', [CSRF_HEADER]: this.state.csrfToken ?? '' };
    return ask(method, url, { ...(body && { body }), headers: { ...own, ...headers } });
  }
}
const signIn = async (email: string, password = PASSWORD): Promise<Browser> =>
  Browser.of(await ask('POST', '/v1/session', { body: { email, password } }));

describe('a session', () => {
  it('begins with a password, in a cookie that no script reads, and says who and where', async () => {
    const answer = await ask('POST', '/v1/session', { body: { email: 'Editor@Example.org', password: PASSWORD } });
    expect(answer.cookie).toMatch(/^almanac-3000=[\w-]{43}; .*HttpOnly; SameSite=Lax$/);
    const browser = Browser.of(answer);
    expect(browser.state).toMatchObject({ user: { email: 'editor@example.org' }, workspaces: [{ workspace: 'default', role: 'editor' }] });
    expect((await browser.ask('GET', '/v1/session')).body).toEqual(browser.state);
    expect(JSON.stringify(await query(database.url, 'SELECT * FROM session'))).not.toContain(browser.cookie.split('=')[1]);
  });

  it('is another one after each sign-in, and the one before is over', async () => {
    const before = await signIn('editor@example.org');
    const after = Browser.of(await before.ask('POST', '/v1/session', { email: 'editor@example.org', password: PASSWORD }));
    expect(after.cookie).not.toBe(before.cookie);
    expect(await before.ask('GET', '/v1/datasets')).toMatchObject({ status: 401, code: 'SESSION_ENDED' });
    expect(await after.ask('GET', '/v1/datasets')).toMatchObject({ status: 200 });
  });

  it('is Secure and bound to the host over HTTPS', async () => {
    const secure = await startApp({ ...PEOPLE_DEFAULTS, secure: true, loopback: false });
    try {
      const answer = await ask('POST', '/v1/session', { body: { email: 'viewer@example.org', password: PASSWORD }, over: secure });
      expect(answer.cookie).toMatch(/^__Host-almanac=[\w-]{43}; .*Path=\/; HttpOnly; Secure; SameSite=Lax$/);
      const headers = { authorization: 'Bearer admin-key' };
      expect(await ask('POST', '/v1/session/links', { headers, over: secure })).toMatchObject({ status: 403, code: 'NOT_ON_LOOPBACK' });
    } finally {
      await secure.close();
    }
  });

  it('ends when it is signed out, revoked, unused for long, or old', async () => {
    const [first, second] = [await signIn('viewer@example.org'), await signIn('viewer@example.org')];
    const { items } = (await second.ask('GET', '/v1/account/sessions')).body as { items: { id: string; current: boolean }[] };
    expect(items.filter(({ current }) => current)).toHaveLength(1);
    for (const { id, current } of items) if (!current) expect((await second.ask('DELETE', `/v1/account/sessions/${id}`)).status).toBe(204);
    expect(await first.ask('GET', '/v1/datasets')).toMatchObject({ status: 401, code: 'SESSION_ENDED' });
    const gone = await second.ask('DELETE', '/v1/session');
    expect(gone).toMatchObject({ status: 204 });
    expect(gone.cookie).toContain('Max-Age=0');
    expect(await second.ask('GET', '/v1/datasets')).toMatchObject({ status: 401 });

    for (const [column, time] of [
      ['seen_at', `now() - interval '73 hours'`],
      ['expires_at', 'now()'],
    ]) {
      const later = await signIn('viewer@example.org');
      await query(database.url, `UPDATE session SET ${column} = ${time}`);
      expect(await later.ask('GET', '/v1/datasets')).toMatchObject({ status: 401, code: 'SESSION_ENDED' });
    }
  });

  it('takes along what it follows when it ends', async () => {
    const { id } = await store.runs.create({ kind: 'train', config: {} });
    const listening = await startApp();
    try {
      await listening.listen(0, '127.0.0.1');
      const url = (await listening.getUrl()).replace('[::1]', '127.0.0.1');
      const body = JSON.stringify({ email: 'viewer@example.org', password: PASSWORD });
      const answer = await fetch(`${url}/v1/session`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
      expect(answer.headers.get('cache-control')).toBe('no-store');
      const { csrfToken } = (await answer.json()) as SessionState;
      const headers = { cookie: answer.headers.getSetCookie()[0]!.split(';')[0]!, origin: url, [CSRF_HEADER]: csrfToken! };
      const events = await fetch(`${url}/v1/runs/${id}/events`, { headers });
      expect(events.status).toBe(200);
      expect((await fetch(`${url}/v1/session`, { method: 'DELETE', headers })).status).toBe(204);
      // Whose run has not ended: the stream has.
      expect(await events.text()).toContain('"status":"queued"');
      expect((await fetch(`${url}/v1/runs/${id}/events`, { headers })).status).toBe(401);
    } finally {
      await listening.close();
    }
  });

  it('ends everywhere else when the password changes, which the old one has to confirm, and with the user', async () => {
    const { id } = await store.users.create({ email: 'turning@example.org', name: 't', passwordHash: await hashPassword(PASSWORD) });
    await store.members.put(id, 'viewer');
    const [first, second] = [await signIn('turning@example.org'), await signIn('turning@example.org')];
    const next = 'nine blue whales whisper';
    const change = (current: string, password: string): Promise<Answer> => second.ask('PUT', '/v1/account/password', { current, password });
    expect(await change('another one', next)).toMatchObject({ status: 403, code: 'PASSWORD_WRONG' });
    expect(await change(PASSWORD, 'too short')).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
    for (const weak of ['password12345', 'qwertyuiop12', 'turning@example.org', 'aaaaaaaaaaaaaa'])
      expect([weak, (await change(PASSWORD, weak)).code]).toEqual([weak, 'PASSWORD_WEAK']);
    const third = Browser.of(await change(PASSWORD, next));
    for (const old of [first, second]) expect(await old.ask('GET', '/v1/datasets')).toMatchObject({ status: 401 });
    expect(await third.ask('GET', '/v1/datasets')).toMatchObject({ status: 200 });
    expect(await ask('POST', '/v1/session', { body: { email: 'turning@example.org', password: PASSWORD } })).toMatchObject({ status: 401 });
    expect((await ask('DELETE', `/v1/users/${id}`, { headers: { authorization: 'Bearer admin-key' } })).status).toBe(204);
    expect(await third.ask('GET', '/v1/datasets')).toMatchObject({ status: 401, code: 'SESSION_ENDED' });
  });
});

describe('signing in', () => {
  it('answers an unknown address, one without a password and a wrong password alike', async () => {
    const tell = async (email: string): Promise<object> => {
      const { status, code, body } = await ask('POST', '/v1/session', { body: { email, password: 'wrong' } });
      return { status, code, detail: body['detail'], hint: body['hint'] };
    };
    const { id } = await store.users.create({ email: 'nopassword@example.org', name: 'n', passwordHash: null });
    const tries = [];
    for (const email of ['viewer@example.org', 'nobody@example.org', 'nopassword@example.org']) tries.push(await tell(email));
    expect(tries[0]).toMatchObject({ status: 401, code: 'SIGN_IN_REFUSED' });
    for (const one of tries) expect(one).toEqual(tries[0]);
    await store.users.delete(id);
  });

  it('is stopped after ten attempts for an account, known or not, whatever the password; others go on', async () => {
    for (const email of ['viewer@example.org', 'nobody@example.org']) {
      for (let i = 0; i < 10; i += 1) expect((await ask('POST', '/v1/session', { body: { email, password: 'wrong' } })).status).toBe(401);
      const stopped = await ask('POST', '/v1/session', { body: { email, password: PASSWORD } });
      expect(stopped).toMatchObject({ status: 429, code: 'TOO_MANY_SIGN_INS' });
      expect(Number(stopped.headers['retry-after'])).toBeGreaterThan(60);
    }
    await signIn('editor@example.org');
    await query(database.url, `UPDATE sign_in_attempt SET until = now()`);
    await signIn('viewer@example.org');
  });

  it('is stopped after fifty attempts from an address', async () => {
    await query(database.url, `INSERT INTO sign_in_attempt VALUES ('address 127.0.0.1', 50, now() + interval '1 minute')`);
    expect(await ask('POST', '/v1/session', { body: { email: 'viewer@example.org', password: PASSWORD } })).toMatchObject({ status: 429 });
  });

  it('is done by a link at the machine, once, and by nothing that came through a proxy', async () => {
    const headers = { authorization: 'Bearer admin-key' };
    const { token } = (await ask('POST', '/v1/session/links', { headers })).body;
    for (const foreign of [{ 'x-forwarded-for': '10.0.0.1' }, { host: 'evil.example' }])
      expect(await ask('POST', '/v1/session/link', { body: { token: token as string }, headers: foreign })).toMatchObject({
        code: 'NOT_ON_LOOPBACK',
      });
    const browser = Browser.of(await ask('POST', '/v1/session/link', { body: { token: token as string } }));
    expect(browser.state).toMatchObject({ user: { name: 'Local owner' }, workspaces: [{ workspace: 'default', role: 'admin' }] });
    expect(await ask('POST', '/v1/session/link', { body: { token: token as string } })).toMatchObject({ status: 401, code: 'LINK_SPENT' });
    const old = (await ask('POST', '/v1/session/links', { headers })).body['token'] as string;
    await query(database.url, 'UPDATE sign_in_link SET expires_at = now()');
    expect(await ask('POST', '/v1/session/link', { body: { token: old } })).toMatchObject({ code: 'LINK_SPENT' });
  });
});

describe('what a session changes', () => {
  it('comes from a page of ours with the token of the session; keys need neither', async () => {
    const browser = await signIn('admin@example.org');
    const body = { name: 'made', scopes: ['read'] };
    const make = (headers: object): Promise<Answer> => browser.ask('POST', '/v1/api-keys', body, headers);
    expect(await make({ 'sec-fetch-site': 'cross-site' })).toMatchObject({ status: 403, code: 'CROSS_SITE' });
    expect(await make({ 'sec-fetch-site': 'same-site' })).toMatchObject({ code: 'CROSS_SITE' });
    expect(await make({ 'sec-fetch-site': undefined })).toMatchObject({ code: 'CROSS_SITE' });
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:3001'])
      expect(await make({ 'sec-fetch-site': undefined, origin })).toMatchObject({ code: 'CROSS_SITE' });
    for (const token of ['', 'x', (await signIn('admin@example.org')).state.csrfToken])
      expect(await make({ [CSRF_HEADER]: token })).toMatchObject({ status: 403, code: 'CSRF_TOKEN_MISSING' });
    expect((await make({ 'sec-fetch-site': undefined, origin: 'http://127.0.0.1:3000' })).status).toBe(201);
    expect((await make({})).status).toBe(201);
    expect(
      (await ask('POST', '/v1/api-keys', { body, headers: { authorization: 'Bearer admin-key', origin: 'https://evil.example' } })).status,
    ).toBe(201);
    // Nor may another site sign somebody in, under its own name.
    const forced = { body: { email: 'viewer@example.org', password: PASSWORD }, headers: { origin: 'https://evil.example' } };
    expect(await ask('POST', '/v1/session', forced)).toMatchObject({ status: 403, code: 'CROSS_SITE' });
  });

  it('happens in the workspace that the page names, where the user is a member', async () => {
    const tenant = await store.workspaces.create('tenant');
    const browser = await signIn('admin@example.org');
    const where = async (headers: object): Promise<unknown> =>
      (await browser.ask('GET', '/v1/system', undefined, headers)).body['workspace'];
    expect(await where({})).toBe('default');
    expect(await browser.ask('GET', '/v1/system', undefined, { [WORKSPACE_HEADER]: 'tenant' })).toMatchObject({
      status: 403,
      code: 'NOT_A_MEMBER',
    });
    await store.forWorkspace(tenant.id).members.put(browser.state.user!.id, 'viewer');
    const again = await signIn('admin@example.org');
    expect((await again.ask('GET', '/v1/system', undefined, { [WORKSPACE_HEADER]: 'tenant' })).body['workspace']).toBe('tenant');
    expect(await again.ask('GET', '/v1/api-keys', undefined, { [WORKSPACE_HEADER]: 'tenant' })).toMatchObject({
      status: 403,
      code: 'ROLE_MISSING',
    });
  });
});

describe('the audit log', () => {
  it('tells sign-ins, refused ones too, invitations, new members and changes of role, and who did it from where', async () => {
    const { id } = await store.users.create({ email: 'watched@example.org', name: 'w', passwordHash: await hashPassword(PASSWORD) });
    await store.members.put(id, 'viewer');
    expect((await ask('POST', '/v1/session', { body: { email: 'watched@example.org', password: 'wrong' } })).status).toBe(401);
    const watched = await signIn('watched@example.org');
    const admin = await signIn('admin@example.org');
    await admin.ask('PATCH', `/v1/members/${id}`, { role: 'editor' });
    await watched.ask('DELETE', '/v1/session');
    const { token } = (await admin.ask('POST', '/v1/invitations', { email: 'later@example.org' })).body;
    await ask('POST', '/v1/invitations/accept', { body: { token: token as string, name: 'Later', password: PASSWORD } });
    await admin.ask('DELETE', `/v1/users/${id}`);
    await expect.poll(async () => (await store.audit.list({ action: 'signInRefused', object: id })).items.length).toBe(1);
    const entries = (await store.audit.list({ limit: 40 })).items.map(({ actor, action, object, before, after, address }) => ({
      ...{ by: actor.name, action, on: object.name, before, after, address },
    }));
    const here = { address: '127.0.0.1' };
    for (const entry of [
      { by: 'watched@example.org', action: 'signIn', on: 'watched@example.org', after: { method: 'password' }, ...here },
      { by: 'watched@example.org', action: 'signInRefused', ...here },
      { by: 'watched@example.org', action: 'signOut' },
      {
        by: 'admin@example.org',
        action: 'changeMember',
        on: 'watched@example.org',
        before: { role: 'viewer' },
        after: { role: 'editor' },
        ...here,
      },
      { by: 'admin@example.org', action: 'createInvitation', on: 'later@example.org' },
      { by: 'later@example.org', action: 'acceptInvitation', on: 'later@example.org', before: null, after: { role: 'viewer' }, ...here },
      { by: 'admin@example.org', action: 'deleteUser', on: 'watched@example.org', before: { role: 'editor' }, after: null },
    ])
      expect(entries).toContainEqual(expect.objectContaining(entry));
    expect(JSON.stringify(entries)).not.toContain(hashOfToken(token as string));
  });
});

describe('members', () => {
  it('are invited by a link, taken once by whoever has the address, with the role that was meant', async () => {
    const admin = await signIn('admin@example.org');
    const invite = async (email: string, role: string): Promise<Record<string, unknown>> =>
      (await admin.ask('POST', '/v1/invitations', { email, role })).body;
    const stale = await invite('New@Example.org', 'editor');
    const { token, link } = await invite('new@example.org', 'viewer');
    expect(link).toBe(`http://127.0.0.1:3000/invitation#${String(token)}`);
    expect(await ask('POST', '/v1/invitations/see', { body: { token: stale['token'] as string } })).toMatchObject({
      status: 404,
      code: 'INVITATION_SPENT',
    });
    expect((await ask('POST', '/v1/invitations/see', { body: { token: token as string } })).body).toMatchObject({
      ...{ workspace: 'default', email: 'new@example.org', role: 'viewer', invitedBy: 'admin@example.org', known: false },
    });
    const accept = (body: object, as?: Browser): Promise<Answer> =>
      as
        ? as.ask('POST', '/v1/invitations/accept', { token, ...body })
        : ask('POST', '/v1/invitations/accept', { body: { token, ...body } });
    expect(await accept({})).toMatchObject({ status: 400 });
    expect(await accept({ name: 'New', password: 'new@example.org' })).toMatchObject({ status: 400, code: 'PASSWORD_WEAK' });
    expect(await accept({}, await signIn('editor@example.org'))).toMatchObject({ status: 409, code: 'INVITATION_OF_OTHER' });
    const fresh = Browser.of(await accept({ name: 'New', password: PASSWORD }));
    expect(fresh.state).toMatchObject({ user: { name: 'New' }, workspaces: [{ workspace: 'default', role: 'viewer' }] });
    expect(await accept({ name: 'New', password: PASSWORD })).toMatchObject({ status: 404, code: 'INVITATION_SPENT' });
    expect(await fresh.ask('POST', '/v1/train', { dataset: 'd', model: 'm', horizon: 1 })).toMatchObject({
      status: 403,
      code: 'ROLE_MISSING',
    });
    expect(await admin.ask('POST', '/v1/invitations', { email: 'new@example.org' })).toMatchObject({ status: 409, code: 'MEMBER_EXISTS' });
  });

  it('who are users already accept signed in', async () => {
    const tenant = await store.workspaces.create('second');
    await store.forWorkspace(tenant.id).apiKeys.create({ name: 'k', prefix: 'k', hash: hashOfKey('second-key'), scopes: ['admin'] });
    const { token } = (
      await ask('POST', '/v1/invitations', {
        body: { email: 'editor@example.org', role: 'admin' },
        headers: { authorization: 'Bearer second-key' },
      })
    ).body;
    const body = { token: token as string, name: 'Thief', password: PASSWORD };
    expect(await ask('POST', '/v1/invitations/accept', { body })).toMatchObject({ status: 409, code: 'SIGN_IN_FIRST' });
    const editor = await signIn('editor@example.org');
    const answer = await editor.ask('POST', '/v1/invitations/accept', { token });
    expect((answer.body as unknown as SessionState).workspaces).toEqual([
      { workspace: 'default', role: 'editor' },
      { workspace: 'second', role: 'admin' },
    ]);
    expect((await editor.ask('GET', '/v1/members', undefined, { [WORKSPACE_HEADER]: 'second' })).status).toBe(200);
  });

  it('change role and go, at once; the last admin stays one', async () => {
    const headers = { authorization: 'Bearer second-key' };
    const change = (id: string, role: string): Promise<Answer> => ask('PATCH', `/v1/members/${id}`, { body: { role }, headers });
    const [admin] = (await ask('GET', '/v1/members', { headers })).body['items'] as [{ userId: string }];
    for (const role of ['viewer', 'editor'])
      expect(await change(admin.userId, role)).toMatchObject({ status: 409, code: 'MEMBER_LAST_ADMIN' });
    expect((await change(admin.userId, 'admin')).status).toBe(200);
    expect(await ask('DELETE', `/v1/members/${admin.userId}`, { headers })).toMatchObject({ status: 409, code: 'MEMBER_LAST_ADMIN' });
    const operator = { authorization: 'Bearer admin-key' };
    expect(await ask('DELETE', `/v1/users/${admin.userId}`, { headers: operator })).toMatchObject({
      status: 409,
      code: 'MEMBER_LAST_ADMIN',
    });
    expect(await ask('DELETE', `/v1/users/${admin.userId}`, { headers })).toMatchObject({ status: 403, code: 'OPERATOR_ONLY' });

    const viewer = await signIn('viewer@example.org');
    const second = store.forWorkspace((await store.workspaces.find('second')).id);
    await second.members.put(viewer.state.user!.id, 'admin');
    expect((await change(viewer.state.user!.id, 'viewer')).body).toMatchObject({ role: 'viewer' });
    const there = { [WORKSPACE_HEADER]: 'second' };
    expect((await viewer.ask('GET', '/v1/datasets', undefined, there)).status).toBe(200);
    expect(await viewer.ask('GET', '/v1/members', undefined, there)).toMatchObject({ code: 'ROLE_MISSING' });
    expect((await ask('DELETE', `/v1/members/${viewer.state.user!.id}`, { headers })).status).toBe(204);
    expect(await viewer.ask('GET', '/v1/datasets', undefined, there)).toMatchObject({ status: 403, code: 'NOT_A_MEMBER' });
    // Two admins who put each other out at the same time leave one.
    await second.members.put(viewer.state.user!.id, 'admin');
    const both = await Promise.all([change(admin.userId, 'viewer'), change(viewer.state.user!.id, 'viewer')]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
  });
});
