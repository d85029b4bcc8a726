/** Sign-in through a real OpenID provider (oidc-provider) on this machine, by a browser that has nothing but cookies. */
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { JobName, SessionState } from '@almanac/contracts';
import { JOBS } from '@almanac/flow/runs';
import { folderObjectStore, type OidcSettings, openQueue, type Queue, silentLogger } from '@almanac/platform';
import { openStore, type Store } from '@almanac/store';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import Provider from 'oidc-provider';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../../../test/support/almanac.js';
import { createTestDatabase, query, type TestDatabase } from '../../../../test/support/database.js';
import { createApp } from '../app.js';
import { hashPassword } from './password.js';
import { PEOPLE_DEFAULTS } from './settings.js';

/** What the provider says of its accounts, by their names there. */
const ACCOUNTS: Record<string, { email?: string; email_verified?: boolean; name?: string }> = {
  ada: { email: 'Ada@example.org', email_verified: true, name: 'Ada' },
  bob: { email: 'bob@example.org', email_verified: false, name: 'Bob' },
  eve: { email: 'eve@elsewhere.net', email_verified: true, name: 'Eve' },
  dora: { email: 'dora@inhouse.test', email_verified: true },
  mute: {},
};

let database: TestDatabase;
let store: Store;
let queue: Queue<JobName>;
let app: NestFastifyApplication;
let server: Server;
let url: string;
let settings: OidcSettings;

beforeAll(async () => {
  database = await createTestDatabase();
  store = await openStore({ databaseUrl: database.url });
  queue = await openQueue({ databaseUrl: database.url, redisUrl: undefined }, JOBS, silentLogger);
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: 'almanac', client_secret: 'a secret of the client', redirect_uris: [`${url}/v1/session/oidc/callback`] }],
    pkce: { required: () => true },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...ACCOUNTS[id] }) }),
    cookies: { keys: ['a key of the provider'] },
  });
  server.on('request', (request, response) => void provider.callback()(request, response));
  settings = {
    ...{ issuer, clientId: 'almanac', clientSecret: 'a secret of the client', name: 'Example', scopes: 'openid email profile' },
    ...{ domains: ['inhouse.test'], role: 'editor' },
  };
  app = await createApp(
    { store, queue, objects: folderObjectStore(tmpdir()), logger: silentLogger, now: () => new Date(), codeVersion: 'test' },
    { people: { ...PEOPLE_DEFAULTS, oidc: settings } },
  );
  await app.listen(port, '127.0.0.1');
});
afterAll(async () => {
  await app?.close();
  server?.close();
  await queue?.close();
  await store?.close();
  await database?.drop();
});

/** Follows every redirect and fills in the forms of the provider. */
class Browser {
  private readonly jar = new Map<string, Map<string, string>>();

  /** As they are sent to a site. */
  cookies(site: string): string {
    return [...(this.jar.get(site) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  async go(address: string, body?: URLSearchParams): Promise<Response> {
    const { origin } = new URL(address);
    const cookies = this.jar.get(origin) ?? new Map<string, string>();
    this.jar.set(origin, cookies);
    const cookie = this.cookies(origin);
    const answer = await fetch(address, { redirect: 'manual', headers: { cookie }, ...(body && { method: 'POST', body }) });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      if (/max-age=0|expires=thu, 01 jan 1970/i.test(line)) cookies.delete(name!);
      else cookies.set(name!, value!);
    }
    return answer;
  }

  /** From the sign-in page to wherever it ends; the last answer that is no form of the provider. */
  async signIn(account: string, change: (address: string) => string = (address) => address): Promise<string> {
    let answer = await this.go(`${url}/v1/session/oidc?returnTo=${encodeURIComponent('/series?sort=rise#there')}`);
    for (let steps = 0; steps < 20; steps += 1) {
      const to = answer.headers.get('location');
      if (to === null) {
        const page = await answer.text();
        const action = /<form[^>]* action="([^"]+)"/.exec(page)?.[1];
        if (!action) throw new Error(page);
        const prompt = /name="prompt" value="(\w+)"/.exec(page)![1]!;
        answer = await this.go(new URL(action, answer.url).href, new URLSearchParams({ prompt, login: account, password: 'any' }));
        continue;
      }
      if (to.startsWith('/') && answer.url.startsWith(`${url}/v1/session/oidc/callback`)) return to;
      answer = await this.go(change(new URL(to, answer.url).href));
    }
    throw new Error('No end.');
  }

  state = async (): Promise<SessionState> => (await (await this.go(`${url}/v1/session`)).json()) as SessionState;
}

it('lets nobody in who is not invited, of no known domain, or whose address the provider does not vouch for', async () => {
  for (const [account, failed] of Object.entries({ eve: 'NOT_INVITED', bob: 'EMAIL_UNVERIFIED', mute: 'EMAIL_UNVERIFIED' })) {
    await store.members.invite({ email: 'bob@example.org', role: 'viewer', tokenHash: account, invitedBy: 'k', lifeSeconds: 60 });
    const browser = new Browser();
    expect(await browser.signIn(account)).toBe(`/#failed=OIDC_${failed}`);
    expect((await browser.state()).user).toBeNull();
  }
  expect(await query(database.url, 'SELECT 1 FROM user_account')).toEqual([]);
});

it('lets in who is invited, with the role of the invitation, and knows them again by the subject', async () => {
  await store.members.invite({ email: 'ada@example.org', role: 'admin', tokenHash: 'a', invitedBy: 'k', lifeSeconds: 60 });
  const browser = new Browser();
  expect(await browser.signIn('ada')).toBe('/series?sort=rise#there');
  expect(await browser.state()).toMatchObject({
    user: { email: 'ada@example.org', name: 'Ada', hasPassword: false, hasIdentity: true },
    workspaces: [{ workspace: 'default', role: 'admin' }],
    ways: { oidc: 'Example' },
  });
  ACCOUNTS['ada'] = { email: 'ada@renamed.example', email_verified: true, name: 'Ada' };
  const again = new Browser();
  await again.signIn('ada');
  expect((await again.state()).user).toMatchObject({ email: 'ada@example.org' });
  expect((await store.audit.list({ action: 'signIn', object: 'ada@example.org' })).items.map(({ after }) => after)).toContainEqual({
    method: 'oidc',
  });
});

it('lets in who has an address of a domain that is let in, once: whoever was removed stays out', async () => {
  const browser = new Browser();
  await browser.signIn('dora');
  const { user, workspaces } = await browser.state();
  expect({ user, workspaces }).toMatchObject({
    user: { email: 'dora@inhouse.test' },
    workspaces: [{ workspace: 'default', role: 'editor' }],
  });
  await store.members.remove(user!.id);
  const later = new Browser();
  await later.signIn('dora');
  expect(await later.state()).toMatchObject({ user: { id: user!.id }, workspaces: [] });
});

it('joins the user who has a password and the same address', async () => {
  const { id } = await store.users.create({
    email: 'eve@elsewhere.net',
    name: 'Eve',
    passwordHash: await hashPassword('seven green horses sing'),
  });
  const browser = new Browser();
  await browser.signIn('eve');
  expect((await browser.state()).user).toMatchObject({ id, hasPassword: true, hasIdentity: true });
});

it('takes no answer that was not asked for here, or is not as the provider gave it', async () => {
  const answered = async (change: (address: URL) => void): Promise<string> => {
    const browser = new Browser();
    return browser.signIn('eve', (address) => {
      const to = new URL(address);
      if (to.pathname.endsWith('/oidc/callback')) change(to);
      return to.href;
    });
  };
  const failed = '/#failed=OIDC_FAILED';
  expect(await answered((address) => address.searchParams.set('state', 'another'))).toBe(failed);
  expect(await answered((address) => address.searchParams.delete('state'))).toBe(failed);
  expect(await answered((address) => address.searchParams.set('code', 'guessed'))).toBe(failed);
  expect(await answered((address) => address.searchParams.set('iss', 'https://evil.example'))).toBe(failed);
  // A link with a code of somebody else, in a browser that began nothing.
  let stolen = '';
  await new Browser().signIn('eve', (address) => {
    if (address.includes('/oidc/callback')) stolen = address;
    return address.includes('/oidc/callback') ? address.replace(/code=[^&]+/, 'code=x') : address;
  });
  expect((await new Browser().go(stolen)).headers.get('location')).toBe(failed);
  // Nor is anybody sent on to another site.
  const sentOn = (returnTo: string): Promise<string> => {
    const browser = new Browser();
    const go = browser.go.bind(browser);
    browser.go = (address, body) => go(address.replace(/returnTo=.*/, `returnTo=${encodeURIComponent(returnTo)}`), body);
    return browser.signIn('ada');
  };
  for (const returnTo of ['https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)'])
    expect(await sentOn(returnTo)).toBe('/');
  for (const returnTo of ['/.//evil.example', '/a/..//evil.example', `${url}//evil.example`, `${url}///evil.example`])
    expect(await sentOn(returnTo)).toBe('/evil.example');
});

it('takes an answer once: with the cookie of the way there, too, a second time opens nothing', async () => {
  const browser = new Browser();
  let [callback, cookie] = ['', ''];
  const go = browser.go.bind(browser);
  browser.go = async (address, body) => {
    if (address.includes('/oidc/callback')) [callback, cookie] = [address, browser.cookies(url)];
    return go(address, body);
  };
  expect(await browser.signIn('ada')).toBe('/series?sort=rise#there');
  expect(browser.cookies(url)).not.toContain('-oidc=');
  const again = await fetch(callback, { redirect: 'manual', headers: { cookie } });
  expect(again.headers.get('location')).toBe('/#failed=OIDC_FAILED');
  expect(again.headers.getSetCookie().filter((line) => !/max-age=0/i.test(line))).toEqual([]);
});
