/** Quotas hold for all processes of the API together, and say what was too much, how much there is and what to do. */
import { createHash } from 'node:crypto';
import { type AlmanacClient, ApiError, createClient, type QuotaName } from '@almanac/contracts';
import { STANDARD_QUOTAS } from '@almanac/flow/quota';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePort } from '../support/almanac.js';
import { type ApiOnly, startApi } from '../support/api.js';
import { query } from '../support/database.js';

const main = fileURLToPath(new URL('../../apps/api/dist/main.js', import.meta.url));
let first: ApiOnly;
/** A process of its own. */
let second: { url: string; stop(): Promise<void> };
let client: AlmanacClient;

async function startSecond(): Promise<typeof second> {
  const home = mkdtempSync(join(tmpdir(), 'almanac-second-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { ...process.env, DATABASE_URL: first.databaseUrl, ALMANAC_HOME: home, ALMANAC_PORT: String(port), REDIS_URL: '' };
  const child = spawn(process.execPath, [main], { env: { ...env, ALMANAC_TRUST_PROXY: '1' }, stdio: 'ignore' });
  for (let tries = 0; ; tries++) {
    if (
      await fetch(`${url}/v1/livez`).then(
        (answer) => answer.ok,
        () => false,
      )
    )
      break;
    if (tries > 600 || child.exitCode !== null) throw new Error('The second API did not start.');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    url,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      rmSync(home, { recursive: true, force: true });
    },
  };
}

beforeAll(async () => {
  first = await startApi({ strangersPerMinute: 40 });
  second = await startSecond();
  client = first.client;
}, 120_000);
afterAll(async () => {
  await second?.stop();
  await first?.stop();
});

const both = (): string[] => [first.url, second.url];
const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
const set = (body: Partial<Record<QuotaName, number | 'unlimited' | null>>): Promise<unknown> =>
  client.call('setQuotas', { params: { workspace: 'default' }, body });
const usedOf = async (name: QuotaName): Promise<number> =>
  (await client.call('listQuotas', {})).items.find((one) => one.name === name)!.used;

async function refusal(call: Promise<unknown>): Promise<ApiError['problem']> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApiError)) throw new Error(`Expected a refusal, got ${String(error)}`);
  return error.problem;
}

async function until(what: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await what()); tries++) {
    if (tries > 300) throw new Error('It did not come to it.');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe('requests', () => {
  it('of one key are counted by all processes together; the refusal says which limit it was and when to come back', async () => {
    const { key, id } = await client.call('createApiKey', { body: { name: 'busy', scopes: ['read'] } });
    await set({ callerRequestsPerMinute: 30 });
    // Of the second process too, which has never asked.
    const statuses: number[] = [];
    let refused: Response | undefined;
    for (let i = 0; i < 40; i++) {
      const answer = await fetch(`${both()[i % 2]}/v1/datasets`, { headers: bearer(key) });
      statuses.push(answer.status);
      if (answer.status === 429) refused = answer;
    }
    expect(statuses).toEqual([...Array.from({ length: 30 }, () => 200), ...Array.from({ length: 10 }, () => 429)]);
    expect(Number(refused!.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused!.json()).toMatchObject({ code: 'TOO_MANY_REQUESTS', subject: { quota: 'callerRequestsPerMinute', limit: 30 } });
    await set({ callerRequestsPerMinute: null });
    // Who is refused asks the database no more: the bucket stays at the first request too many of each process.
    const [bucket] = await query<{ points: number }>(first.databaseUrl, 'SELECT points FROM rate_bucket WHERE key = $1', [`caller ${id}`]);
    expect(bucket!.points).toBeLessThanOrEqual(32);
  });

  it('of strangers are fewer, by address; whoever has a key there is not refused for it', async () => {
    const wrong = async (i: number): Promise<number> =>
      (await fetch(`${first.url}/v1/datasets`, { headers: i % 2 ? bearer(`alm_guess_${i}`) : {} })).status;
    const statuses: number[] = [];
    for (let i = 0; i < 45; i++) statuses.push(await wrong(i));
    expect(statuses.slice(0, 40).every((status) => status === 401)).toBe(true);
    expect(statuses.slice(40)).toEqual([429, 429, 429, 429, 429]);
    await client.call('listDatasets', {});
    // Nor is one that this process has never met, though the database is asked for no stranger by himself any more.
    const { key, id } = await client.call('createApiKey', { body: { name: 'fresh', scopes: ['read'] } });
    const find = vi.spyOn(first.flow.store.apiKeys, 'findByHash');
    const crowd = Promise.all(Array.from({ length: 20 }, (_, i) => wrong(2 * i + 1)));
    expect((await fetch(`${first.url}/v1/datasets`, { headers: bearer(key) })).status).toBe(200);
    expect(new Set(await crowd)).toEqual(new Set([429]));
    expect((await Promise.all(find.mock.results.map(({ value }) => value as Promise<{ id: string }>))).map((one) => one.id)).toEqual([id]);
    find.mockRestore();
    // A cookie is guessed no more cheaply.
    const cookie = { cookie: `almanac-${new URL(first.url).port}=guess` };
    expect((await fetch(`${first.url}/v1/datasets`, { headers: cookie })).status).toBe(429);
  });

  it('come from the address that a proxy names, where it is believed', async () => {
    const headers = { ...bearer(first.key), 'x-forwarded-for': '203.0.113.7', 'content-type': 'application/json' };
    const send = (url: string): Promise<Response> =>
      fetch(`${url}/v1/api-keys`, { method: 'POST', headers, body: JSON.stringify({ name: 'proxied', scopes: ['read'] }) });
    // The second process believes the limit of before for some seconds.
    for (const url of [second.url, first.url]) await until(async () => (await send(url)).ok);
    const { items } = await client.call('listAudit', { query: { object: 'proxied' } });
    expect(items.map(({ address }) => address)).toEqual(['127.0.0.1', '203.0.113.7']);
  });
});

describe('what is under way', () => {
  it('uploads have places, shared by all processes, and give them back', async () => {
    await set({ callerUploads: 1, uploads: 1 });
    await until(async () => (await usedOf('uploads')) === 0);
    const { hostname, port } = new URL(first.url);
    const slow = request({
      hostname,
      port,
      path: '/v1/uploads?dataset=slow',
      method: 'POST',
      headers: { ...bearer(first.key), 'content-type': 'application/octet-stream' },
    });
    slow.on('error', () => undefined);
    slow.write('unique_id,ds,y\n');
    await until(async () => (await usedOf('uploads')) === 1);
    const other = createClient({ baseUrl: second.url, apiKey: first.key });
    const file = new Blob(['unique_id,ds,y\na,2024-01-01,1\n']);
    // The second process believes the limit of before for some seconds.
    await until(
      async () =>
        !(await other.upload(file, 'a.csv', { dataset: 'quick' }).then(
          () => true,
          () => false,
        )),
    );
    const problem = await refusal(other.upload(file, 'a.csv', { dataset: 'quick' }));
    expect(problem).toMatchObject({ status: 429, code: 'QUOTA_EXCEEDED', subject: { quota: 'callerUploads', used: 1, limit: 1 } });
    slow.destroy();
    await until(async () => (await usedOf('uploads')) === 0);
    await other.upload(file, 'a.csv', { dataset: 'quick' });
    await set({ callerUploads: null, uploads: null });
  });

  it('streams too', async () => {
    await set({ streams: 1 });
    const { items } = await client.call('listRuns', { query: { limit: 1 } });
    const aborting = new AbortController();
    await client.stream('followRun', { params: { runId: items[0]!.id } }, aborting.signal);
    expect(await refusal(client.stream('followRun', { params: { runId: items[0]!.id } }))).toMatchObject({
      code: 'QUOTA_EXCEEDED',
      subject: { quota: 'streams', used: 1, limit: 1 },
    });
    aborting.abort();
    await until(async () => (await usedOf('streams')) === 0);
    await set({ streams: null });
  });

  it('runs that wait are counted, however many ask at once', async () => {
    const open = await usedOf('openRuns');
    await set({ openRuns: open + 3 });
    const file = (i: number): Promise<unknown> =>
      client.upload(new Blob([`unique_id,ds,y\na,2024-01-01,${i}\n`]), 'a.csv', { dataset: `d${i}` });
    const made = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => file(i)));
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect(await usedOf('openRuns')).toBe(open + 3);
    const problem = await refusal(file(9));
    expect(problem).toMatchObject({ status: 429, code: 'QUOTA_EXCEEDED', subject: { quota: 'openRuns', used: open + 3, limit: open + 3 } });
    expect(problem.hint).toContain('almanac quotas set openRuns=');
    await set({ openRuns: null });
  });
});

describe('what is kept', () => {
  it('webhooks, and bytes of files: a file is broken off where there is no room, and nothing of a refused one stays', async () => {
    await set({ webhooks: 1, bytes: 300 });
    await client.call('createWebhook', { body: { url: 'https://example.org/a' } });
    expect(await refusal(client.call('createWebhook', { body: { url: 'https://example.org/b' } }))).toMatchObject({
      status: 403,
      subject: { quota: 'webhooks', used: 1, limit: 1 },
    });
    const before = await usedOf('bytes');
    const long = new Blob([`unique_id,ds,y\n${'a,2024-01-01,1\n'.repeat(1000)}`]);
    expect(await refusal(client.upload(long, 'long.csv', { dataset: 'long' }))).toMatchObject({
      status: 403,
      code: 'QUOTA_EXCEEDED',
      subject: { quota: 'bytes', used: before, limit: 300 },
    });
    expect(await usedOf('bytes')).toBe(before);
    await set({ webhooks: null, bytes: null });
    // Nor of one that is refused for another reason, once it has arrived.
    const text = 'unique_id,ds,y\nstrange,2024-01-01,1\n';
    const strange = client.upload(new Blob([text]), 'strange.csv', { dataset: 'strange', frequency: 'fortnightly' });
    expect(await refusal(strange)).toMatchObject({ code: 'FREQUENCY_UNKNOWN' });
    expect(await first.flow.objects.has(createHash('sha256').update(text).digest('hex'))).toBe(false);
  });

  it('series and observations: what would go beyond is refused whole', async () => {
    const dataset = { name: 'hourly', frequency: 'h', timeZone: 'UTC' };
    const summary = () => ({ rowsRead: 1, rowsRejected: 0, findings: null });
    await first.flow.store.series.writeVersion({
      dataset,
      mode: 'append',
      pieces: [{ id: 'a', firstStep: 470_000, values: Float64Array.of(1, 2) }],
      summary,
    });
    await set({ series: 1, observations: 3 });
    const append = (id: string, hours: number[]): Promise<unknown> =>
      client.call('appendObservations', {
        params: { dataset: 'hourly' },
        body: hours.map((hour) => ({ unique_id: id, ds: new Date(Date.UTC(2024, 0, 1, hour)).toISOString(), y: 1 })),
      });
    expect(await refusal(append('b', [0]))).toMatchObject({ subject: { quota: 'series', used: 2, limit: 1 } });
    expect(await refusal(append('a', [0, 1]))).toMatchObject({ subject: { quota: 'observations', used: 4, limit: 3 } });
    await append('a', [0]);
    expect([await usedOf('series'), await usedOf('observations')]).toEqual([1, 3]);
    await set({ series: null, observations: null });
  });

  it('bytes of appended rows, however many append at once, and to whichever datasets', async () => {
    const names = Array.from({ length: 6 }, (_, i) => `beside-${i}`);
    for (const name of names)
      await first.flow.store.series.writeVersion({
        dataset: { name, frequency: 'h', timeZone: 'UTC' },
        mode: 'append',
        pieces: [{ id: 'a', firstStep: 470_000, values: Float64Array.of(1, 2) }],
        summary: () => ({ rowsRead: 1, rowsRejected: 0, findings: null }),
      });
    const body = [{ unique_id: 'a', ds: '2024-01-01T00:00:00.000Z', y: 1 }];
    const size = JSON.stringify(body).length;
    const before = await usedOf('bytes');
    // Room for two of them, and not for a third.
    const limit = before + 3 * size - 1;
    await set({ bytes: limit });
    const said = await Promise.allSettled(names.map((dataset) => client.call('appendObservations', { params: { dataset }, body })));
    const refused = said.filter((one) => one.status === 'rejected');
    expect(said.length - refused.length).toBe(2);
    for (const { reason } of refused)
      expect((reason as ApiError).problem).toMatchObject({ status: 403, code: 'QUOTA_EXCEEDED', subject: { quota: 'bytes', limit } });
    expect(await usedOf('bytes')).toBe(before + 2 * size);
    // Of what was refused nothing was stored.
    const written = await query<{ n: number }>(
      first.databaseUrl,
      `SELECT count(*)::int AS n FROM dataset d JOIN dataset_version v ON v.dataset_id = d.id WHERE d.name LIKE 'beside-%' AND v.no > 1`,
    );
    expect(written[0]!.n).toBe(2);
    await set({ bytes: null });
  });
});

describe('limits', () => {
  it('are seen by whoever is in the workspace, and set by the operator alone; a change is audited', async () => {
    const tenant = await client.call('createWorkspace', { body: { name: 'tenant' } });
    const theirs = createClient({ baseUrl: first.url, apiKey: tenant.adminKey.key });
    for (const body of [{ openRuns: 5 }, {}])
      expect(await refusal(theirs.call('setQuotas', { params: { workspace: 'tenant' }, body }))).toMatchObject({ code: 'OPERATOR_ONLY' });
    await client.call('setQuotas', { params: { workspace: 'tenant' }, body: { openRuns: 5, webhooks: 'unlimited' } });
    const { items } = await theirs.call('listQuotas', {});
    expect(items.find(({ name }) => name === 'openRuns')).toEqual({
      name: 'openRuns',
      used: 0,
      limit: 5,
      standard: STANDARD_QUOTAS.openRuns,
    });
    expect(items.find(({ name }) => name === 'webhooks')).toMatchObject({ limit: null, standard: 100 });
    expect((await client.call('workspaceQuotas', { params: { workspace: 'tenant' } })).items).toEqual(items);
    const entries = (await theirs.call('listAudit', { query: { objectKind: 'quota' } })).items;
    expect(entries).toMatchObject([
      { action: 'setQuotas', actor: { name: 'admin' }, object: { name: 'webhooks' }, after: { most: null } },
      { action: 'setQuotas', object: { name: 'openRuns' }, after: { most: 5 } },
    ]);
    await client.call('setQuotas', { params: { workspace: 'tenant' }, body: { openRuns: null } });
    expect((await theirs.call('listQuotas', {})).items.find(({ name }) => name === 'openRuns')!.limit).toBe(STANDARD_QUOTAS.openRuns);
  });
});
