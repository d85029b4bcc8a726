/** The API over a real store and queue, without a worker: what a client meets at the edge. */
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  type AlmanacClient,
  ApiError,
  createClient,
  CSRF_HEADER,
  type Endpoint,
  endpoints,
  type JobName,
  problem,
  type SessionState,
  type SignInLink,
} from '@almanac/contracts';
import { type Quotas, STANDARD_QUOTAS } from '@almanac/flow/quota';
import { type FlowContext, JOBS } from '@almanac/flow/runs';
import { cipherOf, folderObjectStore, type ObjectStore, openQueue, type Queue, silentLogger } from '@almanac/platform';
import { openStore, type Store } from '@almanac/store';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { createTestDatabase, query, type TestDatabase } from '../../../test/support/database.js';
import { createApp } from './app.js';
import { hashOfKey } from './http/credentials.js';

const KEYS = { admin: 'alm_admin', write: 'alm_write', read: 'alm_read' } as const;
const CSV = 'unique_id,ds,y\na,2024-01-01,1\n';

let database: TestDatabase;
let folder: string;
let store: Store;
let queue: Queue<JobName>;
let app: NestFastifyApplication;
let url: string;
const clientOf = (key: keyof typeof KEYS): AlmanacClient => createClient({ baseUrl: url, apiKey: KEYS[key] });

async function start(
  options: Parameters<typeof createApp>[1] = {},
  objects: Partial<ObjectStore> = {},
  quotas: Partial<Quotas> = {},
): Promise<NestFastifyApplication> {
  const context: FlowContext = {
    store,
    queue,
    objects: { ...folderObjectStore(folder), ...objects },
    logger: silentLogger,
    now: () => new Date(),
    codeVersion: 'test',
    quotas: { ...STANDARD_QUOTAS, ...quotas },
  };
  const made = await createApp(context, options);
  await made.listen(0, '127.0.0.1');
  return made;
}

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'almanac-api-'));
  store = await openStore({ databaseUrl: database.url, cipher: cipherOf([Buffer.alloc(32, 7).toString('base64')]) });
  for (const [name, key] of Object.entries(KEYS)) {
    await store.apiKeys.ensure({ name, prefix: key.slice(0, 8), hash: hashOfKey(key), scopes: [name] });
  }
  queue = await openQueue({ databaseUrl: database.url, redisUrl: undefined }, JOBS, silentLogger);
  app = await start();
  url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
});

afterAll(async () => {
  await app?.close();
  await queue?.close();
  await store?.close();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

/** The problem details of a call that is refused. */
async function refusal(call: Promise<unknown>): Promise<ApiError['problem']> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApiError)) throw new Error(`Expected a refusal, got ${String(error)}`);
  return error.problem;
}

describe('keys', () => {
  it('open what their scope includes, and nothing more', async () => {
    expect(await refusal(createClient({ baseUrl: url }).call('listDatasets', {}))).toMatchObject({ status: 401, code: 'API_KEY_MISSING' });
    expect((await fetch(`${url}/v1/datasets`)).headers.get('www-authenticate')).toBe('Bearer realm="almanac"');
    expect(await refusal(createClient({ baseUrl: url, apiKey: 'alm_other' }).call('listDatasets', {}))).toMatchObject({
      status: 401,
      code: 'API_KEY_UNKNOWN',
    });
    expect((await clientOf('read').call('listDatasets', {})).items).toEqual([]);
    expect(await refusal(clientOf('read').call('train', { body: { dataset: 'x' } }))).toMatchObject({ status: 403, code: 'SCOPE_MISSING' });
    expect(await refusal(clientOf('write').call('listApiKeys', {}))).toMatchObject({ status: 403, code: 'SCOPE_MISSING' });
    expect((await clientOf('admin').call('listDatasets', {})).items).toEqual([]);
  });

  it('are shown once, kept as a hash, and open nothing after they were revoked', async () => {
    const made = await clientOf('admin').call('createApiKey', { body: { name: 'short-lived', scopes: ['read'] } });
    const client = createClient({ baseUrl: url, apiKey: made.key });
    await client.call('listDatasets', {});
    const { items } = await clientOf('admin').call('listApiKeys', {});
    expect(JSON.stringify(items)).not.toContain(made.key);
    await clientOf('admin').call('deleteApiKey', { params: { id: made.id } });
    expect(await refusal(client.call('listDatasets', {}))).toMatchObject({ code: 'API_KEY_UNKNOWN' });
  });

  it('of the last admin cannot be revoked, and the way out is said', async () => {
    const { items } = await clientOf('admin').call('listApiKeys', {});
    const last = items.find(({ name }) => name === 'admin')!;
    expect(await refusal(clientOf('admin').call('deleteApiKey', { params: { id: last.id } }))).toMatchObject({
      status: 409,
      code: 'API_KEY_LAST_ADMIN',
      hint: expect.stringContaining('keys create'),
    });
    expect((await clientOf('admin').call('listDatasets', {})).items).toEqual([]);
  });
});

describe('errors', () => {
  it('are problem details with a code, the field at fault and the request id of the header', async () => {
    const answer = await fetch(`${url}/v1/datasets?limit=0&colour=red`, { headers: { authorization: `Bearer ${KEYS.read}` } });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    const details = problem.parse(await answer.json());
    expect(details.code).toBe('REQUEST_INVALID');
    expect(details.detail).toMatch(/limit/);
    expect(details.detail).toMatch(/colour/);
    expect(details.requestId).toBe(answer.headers.get('x-request-id'));
  });

  it('are about what was asked, also where a client names a type for a body that it does not send', async () => {
    const headers = { authorization: `Bearer ${KEYS.write}`, 'content-type': 'application/json' };
    for (const [method, path] of [
      ['DELETE', '/v1/models/nothing/versions/champion'],
      ['POST', '/v1/schedules/nothing/run'],
    ] as const) {
      const answer = await fetch(`${url}${path}`, { method, headers });
      expect([answer.status, problem.parse(await answer.json()).code]).toEqual([
        404,
        expect.stringMatching(/^(MODEL|SCHEDULE)_NOT_FOUND$/),
      ]);
    }
  });

  it.each([
    ['an unknown path', 'GET', '/v1/nothing', undefined, 404, 'NOT_FOUND'],
    ['JSON that is none', 'POST', '/v1/train', '{', 400, 'REQUEST_INVALID'],
    ['a dataset that is not there', 'GET', '/v1/datasets/nothing', undefined, 404, 'DATASET_NOT_FOUND'],
    ['a run id that is none', 'GET', '/v1/runs/7', undefined, 400, 'REQUEST_INVALID'],
    ['a run that is not there', 'GET', '/v1/runs/00000000-0000-4000-8000-000000000000/events', undefined, 404, 'RUN_NOT_FOUND'],
    ['a NUL in a path', 'GET', '/v1/datasets/a/series/x%00y/observations', undefined, 400, 'TEXT_INVALID'],
    ['a NUL in a query', 'GET', '/v1/datasets/a/series?search=x%00', undefined, 400, 'TEXT_INVALID'],
    ['a NUL in a body', 'POST', '/v1/train', '{"dataset":"a","kind":"\\u0000"}', 400, 'TEXT_INVALID'],
    ['half of a pair', 'POST', '/v1/train', '{"dataset":"a","kind":"\\ud800"}', 400, 'TEXT_INVALID'],
    ['a version beyond any', 'POST', '/v1/train', '{"dataset":"a","datasetVersion":99999999999}', 400, 'REQUEST_INVALID'],
    ['a parameter given twice', 'GET', '/v1/runs?limit=1&limit=2', undefined, 400, 'REQUEST_INVALID'],
    ['a parameter named like what every object has', 'GET', '/v1/runs?__proto__=1', undefined, 400, 'REQUEST_INVALID'],
    ['an option named like what every object has', 'POST', '/v1/uploads?dataset=a&constructor=1', 'x', 400, 'REQUEST_INVALID'],
    ['an address that is none', 'POST', '/v1/webhooks', '{"url":"http://[::1"}', 400, 'REQUEST_INVALID'],
    ['an id as long as no other', 'GET', `/v1/datasets/a/series/${'x'.repeat(2500)}/observations`, undefined, 404, 'NOT_FOUND'],
  ])('name %s', async (_, method, path, body, status, code) => {
    const answer = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${KEYS.write}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body } : {}),
    });
    expect({ status: answer.status, code: problem.parse(await answer.json()).code }).toEqual({ status, code });
  });

  /** What a page sends for somebody who is signed in. */
  const personsHeaders = async (): Promise<Record<string, string>> => {
    const made = await fetch(`${url}/v1/session/links`, { method: 'POST', headers: { authorization: `Bearer ${KEYS.admin}` } });
    const { token } = (await made.json()) as SignInLink;
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${url}/v1/session/link`, { method: 'POST', headers, body: JSON.stringify({ token }) });
    const { csrfToken } = (await answer.json()) as SessionState;
    return { cookie: answer.headers.getSetCookie()[0]!.split(';')[0]!, origin: url, [CSRF_HEADER]: csrfToken! };
  };

  /** Some value that the schema of a path parameter takes. */
  const pathOf = ({ path, params }: Endpoint): string =>
    path.replace(/:(\w+)/g, (_, key: string) => {
      const taken = (value: string): boolean => (params as z.ZodObject).shape[key]!.safeParse(value).success;
      return ['a', '00000000-0000-4000-8000-000000000000', 'champion'].find(taken)!;
    });

  // Where a provider sends a browser back to, with names of its own.
  const strict = Object.entries<Endpoint>(endpoints).filter(([name]) => name !== 'finishOidc');
  it.each(strict)('name what %s does not know, in the query and in the body', async (name, endpoint) => {
    const asked = endpoint.scope === 'person' ? await personsHeaders() : { authorization: `Bearer ${KEYS.admin}` };
    const send = async (query: string, body?: string): Promise<unknown> => {
      const answer = await fetch(url + pathOf(endpoint) + query, {
        method: endpoint.method,
        headers: { ...asked, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body }),
      });
      return answer.json();
    };
    const refused = { status: 400, code: 'REQUEST_INVALID', detail: expect.stringContaining('Unrecognized key: "nobodysName"') as unknown };
    expect(await send('?nobodysName=1', name === 'createUpload' ? 'x' : undefined)).toMatchObject(refused);
    // A client cannot send a body with GET; what `consumes` names is a file; rows name covariates.
    if (endpoint.method === 'GET' || endpoint.consumes !== undefined || name === 'appendObservations') return;
    // Which names an action has is known once its kind is.
    expect(await send('', `{${name === 'estimateRun' ? '"kind":"learn",' : ''}"nobodysName":1}`)).toMatchObject(refused);
  });

  it('name what is unknown within an action, and the name that is near', async () => {
    const body = { name: 'nightly', cron: '0 6 * * *', action: { kind: 'train', request: { dataset: 'sales', horzon: 24 } } };
    expect(await refusal(clientOf('write').call('createSchedule', { body: body as never }))).toMatchObject({
      code: 'REQUEST_INVALID',
      detail: 'body.action.request: Unrecognized key: "horzon"',
      hint: 'Did you mean "horizon"?',
      subject: { issues: [{ at: 'body.action.request', nearest: 'horizon' }] },
    });
  });
});

describe('uploads', () => {
  it('keep the bytes, answer with a run, and read options before the file', async () => {
    const accepted = await clientOf('write').upload(new Blob([CSV]), 'a.csv', { dataset: 'sales', frequency: 'D' });
    const run = await clientOf('read').call('getRun', { params: { runId: accepted.runId } });
    expect(run).toMatchObject({
      kind: 'ingest',
      status: 'queued',
      dataset: 'sales',
      config: { uploadId: accepted.uploadId, options: { frequency: 'D' } },
    });
    const upload = await store.uploads.get(accepted.uploadId);
    expect(upload).toMatchObject({ fileName: 'a.csv', size: CSV.length });
    expect((await folderObjectStore(folder).readAll(upload.objectKey)).toString()).toBe(CSV);
  });

  it('come as a bare file too, with options in the query', async () => {
    const answer = await fetch(`${url}/v1/uploads?dataset=bare&fileName=b.csv&dryRun=true&staticCovariates=a,b`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEYS.write}`, 'content-type': 'application/octet-stream' },
      body: CSV,
    });
    expect(answer.status).toBe(202);
    const { runId } = (await answer.json()) as { runId: string };
    expect(answer.headers.get('location')).toBe(`/v1/runs/${runId}`);
    // Whatever its type: nobody parses it here.
    const json = await fetch(`${url}/v1/uploads?dataset=bare&fileName=c.json`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEYS.write}`, 'content-type': 'application/json' },
      body: JSON.stringify([{ unique_id: 'a', ds: '2024-01-01', y: 1, note: 'x'.repeat(1 << 20) }]),
    });
    expect(json.status).toBe(202);
    expect((await store.runs.get(runId)).config).toMatchObject({
      fileName: 'b.csv',
      options: { dryRun: true, staticCovariates: ['a', 'b'] },
    });
  });

  it('are refused, with nothing queued, when empty, without options, or with an option nobody knows', async () => {
    const before = (await store.runs.list({ limit: 100 })).items.length;
    const client = clientOf('write');
    expect(await refusal(client.upload(new Blob([]), 'a.csv', { dataset: 'sales' }))).toMatchObject({ code: 'EMPTY_FILE' });
    expect(await refusal(client.upload(new Blob([CSV]), 'a.csv', { dataset: 'sales', freqency: 'D' } as never))).toMatchObject({
      code: 'REQUEST_INVALID',
    });
    for (const [options, code] of [
      [{ timeZone: 'Mars/Olympus' }, 'TIME_ZONE_UNKNOWN'],
      [{ frequency: 'fortnightly' }, 'FREQUENCY_UNKNOWN'],
    ] as const)
      expect(await refusal(client.upload(new Blob([CSV]), 'a.csv', { dataset: 'sales', ...options }))).toMatchObject({ status: 400, code });
    // Clients that name the type of the part have the reader of forms make something of it that is no text.
    const typed =
      '--x\r\ncontent-disposition: form-data; name="options"\r\ncontent-type: application/json\r\n\r\n{"dataset":"no name"}\r\n--x--\r\n';
    const sent = await fetch(`${url}/v1/uploads`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEYS.write}`, 'content-type': 'multipart/form-data; boundary=x' },
      body: typed,
    });
    expect(problem.parse(await sent.json())).toMatchObject({ code: 'REQUEST_INVALID', detail: expect.stringContaining('dataset') });
    const form = new FormData();
    form.append('file', new Blob([CSV]), 'a.csv');
    const answer = await fetch(`${url}/v1/uploads`, { method: 'POST', headers: { authorization: `Bearer ${KEYS.write}` }, body: form });
    expect(problem.parse(await answer.json())).toMatchObject({ status: 400, code: 'UPLOAD_MALFORMED' });
    expect((await store.runs.list({ limit: 100 })).items.length).toBe(before);
  });

  it.each([
    [
      'two files',
      [
        ['options', '{"dataset":"many"}'],
        ['file', 'a'],
        ['file', 'b'],
      ],
      'after its file',
    ],
    [
      'options twice',
      [
        ['options', '{"dataset":"many"}'],
        ['options', '{"dataset":"many"}'],
        ['file', 'a'],
      ],
      'twice',
    ],
    [
      'options after the file too',
      [
        ['options', '{"dataset":"many"}'],
        ['file', 'a'],
        ['options', '{}'],
      ],
      'after its file',
    ],
    ['no file', [['options', '{"dataset":"many"}']], 'no file'],
    [
      'options that are no JSON',
      [
        ['options', '{'],
        ['file', 'a'],
      ],
      'not JSON',
    ],
  ])('are refused with %s', async (_, parts, words) => {
    const form = new FormData();
    for (const [name, content] of parts) form.append(name!, name === 'file' ? new Blob([content!]) : content!);
    const answer = await fetch(`${url}/v1/uploads`, { method: 'POST', headers: { authorization: `Bearer ${KEYS.write}` }, body: form });
    expect(problem.parse(await answer.json())).toMatchObject({
      status: 400,
      code: 'UPLOAD_MALFORMED',
      detail: expect.stringContaining(words),
    });
    expect((await store.runs.list({ dataset: 'many' })).items).toEqual([]);
  });

  it.each([
    [
      'a form that ends before its end',
      '--x\r\ncontent-disposition: form-data; name="options"\r\n\r\n{"dataset":"many"}\r\n--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nunique',
    ],
    ['what is no form at all', 'unique_id,ds,y\n'],
    ['a part without a head', '--x\r\n\r\nabc\r\n--x--\r\n'],
  ])('are refused as %s', async (_, body) => {
    const headers = { authorization: `Bearer ${KEYS.write}`, 'content-type': 'multipart/form-data; boundary=x' };
    const answer = await fetch(`${url}/v1/uploads`, { method: 'POST', headers, body });
    expect(problem.parse(await answer.json())).toMatchObject({ status: 400, code: 'UPLOAD_MALFORMED' });
  });

  it('reach the disk while they are still being sent', async () => {
    const part = Buffer.alloc(24 << 20, 'x');
    const sent = httpRequest(`${url}/v1/uploads?dataset=big&fileName=big.csv`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${KEYS.write}`,
        'content-type': 'application/octet-stream',
        'content-length': part.length + 1,
      },
    });
    const answered = new Promise<IncomingMessage>((resolve, reject) => sent.once('response', resolve).once('error', reject));
    sent.write(part);
    const incoming = join(folder, 'incoming');
    // What is missing at the last is in a buffer of a socket or of the file.
    await expect
      .poll(async () => {
        const names = await readdir(incoming).catch(() => []);
        const sizes = await Promise.all(names.map(async (name) => (await stat(join(incoming, name))).size));
        return sizes.reduce((sum, size) => sum + size, 0);
      })
      .toBeGreaterThan(part.length - (2 << 20));
    sent.end('x');
    const answer = await answered;
    answer.resume();
    expect(answer.statusCode).toBe(202);
  });

  it('that break off leave nothing behind', async () => {
    const before = (await store.runs.list({ limit: 100 })).items.length;
    await new Promise<void>((resolve) => {
      const sent = httpRequest(`${url}/v1/uploads?dataset=torn`, {
        method: 'POST',
        headers: { authorization: `Bearer ${KEYS.write}`, 'content-type': 'application/octet-stream', 'content-length': 1000 },
      });
      sent.once('error', () => resolve());
      sent.write('half of it', () => setTimeout(() => sent.destroy(new Error('gone')), 50));
    });
    await expect.poll(async () => await readdir(join(folder, 'incoming'))).toEqual([]);
    expect((await store.runs.list({ limit: 100 })).items.length).toBe(before);
  });
});

describe('idempotency keys', () => {
  const schedule = { name: 'nightly', cron: '0 6 * * *', action: { kind: 'forecast', request: { model: 'm' } } };
  const post = (body: object, key: string): Promise<Response> =>
    fetch(`${url}/v1/api-keys`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEYS.admin}`, 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(body),
    });

  it('give a repeated request the first answer, and refuse another one', async () => {
    const first = await post({ name: 'twice', scopes: ['read'] }, 'k1');
    const again = await post({ name: 'twice', scopes: ['read'] }, 'k1');
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(await again.json()).toEqual(await first.json());
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const { items } = await clientOf('admin').call('listApiKeys', { query: { limit: 1000 } });
    expect(items.filter(({ name }) => name === 'twice')).toHaveLength(1);
    const other = await post({ name: 'other', scopes: ['read'] }, 'k1');
    expect({ status: other.status, code: problem.parse(await other.json()).code }).toEqual({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it('of an upload hold for its bytes, not for its length', async () => {
    const send = (content: string): Promise<{ runId: string }> =>
      clientOf('write').upload(new Blob([content]), 'a.csv', { dataset: 'once' }, 'k3');
    const first = await send(CSV);
    expect(await send(CSV)).toEqual(first);
    expect(await refusal(send(CSV.replace(',1\n', ',2\n')))).toMatchObject({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
    expect((await store.runs.list({ dataset: 'once' })).items).toHaveLength(1);
  });

  it('keep no secret that anybody could read in the database', async () => {
    const made = (await (await post({ name: 'secret', scopes: ['read'] }, 'k-sealed')).json()) as { key: string };
    expect(made.key).toMatch(/^alm_/);
    const rows = await query<{ body: unknown }>(database.url, 'SELECT body FROM idempotency_key WHERE status IS NOT NULL');
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(made.key.slice(4));
    expect(rows.every(({ body }) => typeof body === 'string' && body.startsWith('sealed1.'))).toBe(true);
  });

  it('whose request died are free again in seconds', async () => {
    const { id } = (await clientOf('admin').call('listApiKeys', {})).items.find(({ name }) => name === 'admin')!;
    const dead = (age: string): Promise<unknown> =>
      query(
        database.url,
        `INSERT INTO idempotency_key (workspace_id, key, request_hash, created_at) VALUES ($1, $2, 'x', now() - $3::interval)
         ON CONFLICT (workspace_id, key) DO UPDATE SET created_at = excluded.created_at`,
        [store.workspaceId, `${id}:k-dead`, age],
      );
    await dead('5 seconds');
    expect((await post({ name: 'dead', scopes: ['read'] }, 'k-dead')).status).toBe(422);
    await dead('11 seconds');
    expect((await post({ name: 'dead', scopes: ['read'] }, 'k-dead')).status).toBe(201);
  });

  it('are free again after a refusal', async () => {
    const headers = { authorization: `Bearer ${KEYS.write}`, 'content-type': 'application/json', 'idempotency-key': 'k2' };
    for (let attempt = 0; attempt < 2; attempt++) {
      const answer = await fetch(`${url}/v1/schedules`, { method: 'POST', headers, body: JSON.stringify(schedule) });
      expect(problem.parse(await answer.json()).code).toBe('MODEL_NOT_FOUND');
    }
  });
});

describe('following a run', () => {
  it('yields each change, from any process, and ends with the run', async () => {
    const { id } = await store.runs.create({ kind: 'train', dataset: 'sales', config: {} });
    const seen: string[] = [];
    const following = (async () => {
      for await (const run of clientOf('read').followRun(id)) seen.push(run.progress?.message ?? run.status);
    })();
    await expect.poll(() => seen).toEqual(['queued']);
    // Another connection to the same database stands for the worker.
    const worker = await openStore({ databaseUrl: database.url, migrate: false });
    await worker.runs.claim(id, 'w1');
    await expect.poll(() => seen.at(-1)).toBe('running');
    await worker.runs.progress(id, { phase: 'training', message: 'step 1', fraction: 0.5 });
    await expect.poll(() => seen.at(-1)).toBe('step 1');
    await worker.runs.succeed(id, {});
    await following;
    expect((await clientOf('read').call('getRun', { params: { runId: id } })).status).toBe('succeeded');
    await worker.close();
  });

  it('cancels a queued run at once', async () => {
    const accepted = await clientOf('write').upload(new Blob([CSV]), 'a.csv', { dataset: 'sales' });
    const run = await clientOf('write').call('cancelRun', { params: { runId: accepted.runId } });
    expect(run.status).toBe('cancelled');
  });
});

describe('pages', () => {
  it('go on where the one before ended, each row once', async () => {
    const all = (await clientOf('read').call('listRuns', { query: { limit: 1000 } })).items.map(({ id }) => id);
    expect(all.length).toBeGreaterThan(3);
    const seen: string[] = [];
    for (let after: string | undefined; ;) {
      const page = await clientOf('read').call('listRuns', { query: { limit: 2, after } });
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items.map(({ id }) => id));
      if (page.next === null) break;
      after = page.next;
    }
    expect(seen).toEqual(all);
  });
});

describe('cursors', () => {
  it('of another list, or of the same with other filters, are refused and give no page from somewhere', async () => {
    const { next } = await clientOf('read').call('listRuns', { query: { limit: 1 } });
    expect(next).not.toBeNull();
    const after = next!;
    const refused = [
      clientOf('read').call('listRuns', { query: { limit: 1, after, kind: 'train' } }),
      clientOf('read').call('listDatasets', { query: { after } }),
      clientOf('read').call('listModels', { query: { after } }),
      clientOf('admin').call('listApiKeys', { query: { after } }),
      clientOf('read').call('listRuns', { query: { after: 'nonsense' } }),
    ].map((call) => refusal(call));
    for (const one of await Promise.all(refused)) expect(one).toMatchObject({ status: 400, code: 'CURSOR_INVALID' });
    expect((await clientOf('read').call('listRuns', { query: { limit: 1, after } })).items).toHaveLength(1);
  });
});

describe('uploads into one dataset', () => {
  it('start in the order in which they were accepted, whatever becomes of the one before', async () => {
    const accept = async (content: string, dryRun = false): Promise<string> =>
      (await clientOf('write').upload(new Blob([content]), 'a.csv', { dataset: 'ordered', dryRun })).runId;
    const [first, second] = [await accept(CSV), await accept(`${CSV}a,2024-01-02,2\n`)];
    const dry = await accept(CSV, true);
    expect(await store.runs.claim(second, 'w')).toBeNull();
    expect(await store.runs.claim(first, 'w')).toMatchObject({ status: 'running' });
    expect(await store.runs.claim(second, 'w')).toBeNull();
    expect(await store.runs.claim(dry, 'w')).toMatchObject({ status: 'running' });
    await store.runs.fail(first, { code: 'X' });
    expect(await store.runs.claim(second, 'w')).toMatchObject({ status: 'running' });
  });

  it('accepted at once wait for one another in a chain', async () => {
    const accepted = await Promise.all(
      Array.from({ length: 5 }, () => clientOf('write').upload(new Blob([CSV]), 'a.csv', { dataset: 'chained' })),
    );
    const runs = await Promise.all(accepted.map(({ runId }) => store.runs.get(runId)));
    const after = runs.map(({ afterId }) => afterId);
    expect(new Set(after).size).toBe(5);
    expect(after.filter((id) => id === null)).toHaveLength(1);
  });
});

describe('a few observations at a time', () => {
  const hour = (h: number): string => new Date(Date.UTC(2024, 0, 1, h)).toISOString();
  const post = (rows: object[], key?: string): Promise<Response> =>
    fetch(`${url}/v1/datasets/trickle/observations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEYS.write}`, 'content-type': 'application/json', ...(key ? { 'idempotency-key': key } : {}) },
      body: JSON.stringify(rows),
    });
  const values = async (uniqueId: string): Promise<unknown> => {
    const { ds, y } = await clientOf('read').call('getObservations', { params: { dataset: 'trickle', uniqueId } });
    return [ds[0], ...y];
  };

  it('are added and corrected, all or none, and twice is once', async () => {
    expect((await post([{ unique_id: 'a', ds: hour(0), y: 1 }])).status).toBe(404);
    await store.series.writeVersion({
      dataset: { name: 'trickle', frequency: 'h', timeZone: 'Europe/Berlin', futureCovariates: ['price'] },
      mode: 'append',
      pieces: [{ id: 'a', firstStep: Date.UTC(2024, 0, 1) / 3_600_000, values: Float64Array.of(1, 2) }],
      summary: () => ({ rowsRead: 0, rowsRejected: 0, findings: null }),
    });
    const rows = [
      { unique_id: 'b', ds: hour(5), y: 5, price: 0.5 },
      { unique_id: 'a', ds: '2024-01-01 03:00:00+01:00', y: 3 },
      { unique_id: 'a', ds: hour(1), y: 20 },
      { unique_id: 'a', ds: hour(4), y: null },
    ];
    const first = await post(rows, 'few');
    expect([first.status, await first.json()]).toEqual([
      200,
      { dataset: 'trickle', version: 2, unchanged: false, observations: 3, warnings: [] },
    ]);
    expect((await post(rows, 'few')).headers.get('idempotency-replayed')).toBe('true');
    expect(await (await post(rows)).json()).toMatchObject({ version: 2, unchanged: true });
    expect(await values('a')).toEqual([hour(0), 1, 20, 3]);
    expect(await values('b')).toEqual([hour(5), 5]);
    const { items } = await clientOf('read').call('listDatasetVersions', { params: { dataset: 'trickle' } });
    expect(items[0]).toMatchObject({ version: 2, fileName: 'observations.json', sha256: expect.any(String) });
  });

  it('are refused by row and rule, and leave nothing', async () => {
    const answer = await post([
      { unique_id: 'c', ds: hour(0), y: 1 },
      { unique_id: 'c', ds: '2024-01-01T00:30:00Z', y: 1 },
      { unique_id: 'c', ds: '2024-02-30T00:00:00Z', y: 1 },
      { unique_id: 'c', ds: '2024-01-01 05:00:00', y: 1 },
      { unique_id: 'c', ds: hour(0), y: 2 },
      { unique_id: 'c', ds: hour(1), y: 2, wind: 3 },
      { unique_id: 'c\0d', ds: hour(1), y: 2 },
      { unique_id: 'c\ud800', ds: hour(1), y: 2 },
      { unique_id: 'c', ds: '9999-01-01T00:00:00Z', y: 2 },
    ]);
    const details = problem.parse(await answer.json());
    expect([answer.status, details.code, details.subject?.['rowsRejected']]).toEqual([422, 'ROWS_REFUSED', 7]);
    expect((details.subject?.['rows'] as { row: number; rule: string }[]).map(({ row, rule }) => [row, rule])).toEqual([
      [1, 'OFF_GRID'],
      [2, 'TIMESTAMP_INVALID'],
      [4, 'DUPLICATE_TIMESTAMP'],
      [5, 'COLUMN_UNKNOWN'],
      [6, 'TEXT_INVALID'],
      [7, 'TEXT_INVALID'],
      [8, 'TIMESTAMP_INVALID'],
    ]);
    expect(await refusal(clientOf('read').call('getObservations', { params: { dataset: 'trickle', uniqueId: 'c' } }))).toMatchObject({
      code: 'SERIES_NOT_FOUND',
    });
    expect(problem.parse(await (await post([{ unique_id: 'c', ds: hour(0), y: 'many' }])).json())).toMatchObject({
      code: 'REQUEST_INVALID',
      detail: expect.stringContaining('body.0.y'),
    });
  });
});

describe('observations', () => {
  const chart = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${url}/v1/datasets/${path}`, { headers: { authorization: `Bearer ${KEYS.read}`, ...headers } });
  const write = (values: number[]): Promise<unknown> =>
    store.series.writeVersion({
      dataset: { name: 'charted', frequency: 'D', timeZone: 'UTC' },
      mode: 'append',
      pieces: [{ id: 'a b/c', firstStep: 0, values: Float64Array.from(values) }],
      summary: () => ({ rowsRead: 0, rowsRejected: 0, findings: null }),
    });

  it('are not sent again to those who have them, and are when there are new ones', async () => {
    await write([1, NaN, 3]);
    const path = `charted/series/${encodeURIComponent('a b/c')}/observations`;
    const first = await chart(path);
    expect(await first.json()).toEqual({
      uniqueId: 'a b/c',
      channel: 'y',
      downsampled: false,
      ds: ['1970-01-01T00:00:00.000Z', '1970-01-02T00:00:00.000Z', '1970-01-03T00:00:00.000Z'],
      y: [1, null, 3],
    });
    const tag = { 'if-none-match': first.headers.get('etag')! };
    const again = await chart(path, tag);
    expect([again.status, await again.text()]).toEqual([304, '']);
    await write([2]);
    expect(await (await chart(path, tag)).json()).toMatchObject({ y: [2, null, 3] });
    const part = await chart(`${path}?from=1970-01-02T12:00:00Z&to=1970-01-03T00:00:00Z`);
    expect(await part.json()).toMatchObject({ y: [null, 3] });
  });

  it.each([
    ['nothing/series/a/observations', 'DATASET_NOT_FOUND'],
    ['nothing/series/a/observations?from=2020-01-01T00:00:00Z', 'DATASET_NOT_FOUND'],
    ['charted/series/x/observations', 'SERIES_NOT_FOUND'],
    ['charted/series/a%20b%2Fc/observations?channel=price', 'CHANNEL_NOT_FOUND'],
  ])('of %s are refused with %s', async (path, code) => {
    const answer = await chart(path);
    expect([answer.status, problem.parse(await answer.json()).code]).toEqual([404, code]);
  });
});

describe('the rest of the edge', () => {
  it('says when a key asks too often, and when to come back', async () => {
    const strict = await start({}, {}, { callerRequestsPerMinute: 3 });
    await store.apiKeys.ensure({ name: 'often', prefix: 'often', hash: hashOfKey('often'), scopes: ['read'] });
    const address = (await strict.getUrl()).replace('[::1]', '127.0.0.1');
    const answers: Response[] = [];
    for (let i = 0; i < 4; i++) answers.push(await fetch(`${address}/v1/datasets`, { headers: { authorization: 'Bearer often' } }));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(Number(answers[3]?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(problem.parse(await answers[3]?.json()).code).toBe('TOO_MANY_REQUESTS');
    await strict.close();
  });

  it.each([
    [`/v1/datasets/flights/series/${'x'.repeat(3000)}/observations`, 404, 'NOT_FOUND'],
    ['/v1/datasets/%E0%A4%A', 400, 'REQUEST_INVALID'],
  ])('says of an address that is none what is wrong: %.60s', async (path, status, code) => {
    const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${KEYS.read}`, 'x-request-id': 'odd' } });
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('x-request-id')]).toEqual([
      status,
      'application/problem+json; charset=utf-8',
      'odd',
    ]);
    const received = problem.parse(await answer.json());
    expect([received.code, received.requestId, received.detail.length < 400]).toEqual([code, 'odd', true]);
  });

  it('says what is wrong with what is no request, or has too long an address', async () => {
    const raw = (text: string): Promise<string> =>
      new Promise((resolve) => {
        let received = '';
        const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(text));
        socket.on('data', (piece) => (received += piece.toString())).on('error', () => undefined);
        socket.once('close', () => resolve(received));
      });
    const long = `GET /v1/runs?after=${'a'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`;
    // By its length the rest is a second request, by its chunks it is not.
    const both = `POST /v1/train HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n`;
    for (const [sent, status, code] of [
      [long, 431, 'REQUEST_HEADERS_TOO_LARGE'],
      ['hello\r\n\r\n', 400, 'REQUEST_UNREADABLE'],
      [both, 400, 'REQUEST_UNREADABLE'],
    ] as const) {
      const [head, body, ...more] = (await raw(sent)).split('\r\n\r\n');
      expect([head, more]).toEqual([expect.stringMatching(new RegExp(`^HTTP/1.1 ${status} [^]*application/problem\\+json`)), []]);
      expect(problem.parse(JSON.parse(body!))).toMatchObject({ status, code });
    }
  });

  it('tells who sends a body too slowly, and lets them go; a file may take its time as long as it moves', async () => {
    const strict = await start({ bodyPatience: { wholeMs: 500, idleMs: 500 } });
    const { port } = new URL(await strict.getUrl());
    const open = (path: string, type: string): { socket: Socket; answer: Promise<string> } => {
      const socket = connect(Number(port), '127.0.0.1');
      const head = [
        `POST ${path} HTTP/1.1`,
        'host: x',
        `authorization: Bearer ${KEYS.write}`,
        `content-type: ${type}`,
        'content-length: 1000',
      ];
      socket.write(`${head.join('\r\n')}\r\n\r\n{`);
      let received = '';
      socket.on('data', (piece) => (received += piece.toString())).on('error', () => undefined);
      return { socket, answer: new Promise((resolve) => socket.once('close', () => resolve(received))) };
    };
    const slow = Array.from({ length: 20 }, () => open('/v1/train', 'application/json'));
    // A byte now and then keeps no parsed body open.
    const dripping = setInterval(() => slow.forEach(({ socket }) => socket.writable && socket.write(' ')), 50);
    for (const { answer } of slow) expect(await answer).toMatch(/^HTTP\/1.1 408 [^]*BODY_TOO_SLOW/);
    clearInterval(dripping);
    expect(await open('/v1/uploads?dataset=slow', 'text/csv').answer).toMatch(/^HTTP\/1.1 408 [^]*BODY_TOO_SLOW/);
    await expect.poll(async () => (await readdir(join(folder, 'incoming'))).length).toBe(0);
    await strict.close();
  });

  it('says that the disk is full, with the way out, and keeps nothing', async () => {
    const full = await start(
      {},
      { put: () => Promise.reject(Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })) },
    );
    const client = createClient({ baseUrl: (await full.getUrl()).replace('[::1]', '127.0.0.1'), apiKey: KEYS.write });
    expect(await refusal(client.upload(new Blob([CSV.repeat(100_000)]), 'a.csv', { dataset: 'full' }))).toMatchObject({
      status: 507,
      code: 'DISK_FULL',
      hint: expect.stringContaining('Free some room'),
    });
    expect((await store.runs.list({ dataset: 'full' })).items).toEqual([]);
    await full.close();
  });

  it('listens on loopback only', () => {
    expect(new URL(url).hostname).toBe('127.0.0.1');
  });

  it('stops at once with an event stream open', async () => {
    const other = await start();
    const { id } = await store.runs.create({ kind: 'train', config: {} });
    const address = (await other.getUrl()).replace('[::1]', '127.0.0.1');
    const stream = await fetch(`${address}/v1/runs/${id}/events`, { headers: { authorization: `Bearer ${KEYS.read}` } });
    const ended = stream.text().catch(() => 'cut');
    await other.close();
    await ended;
  });
});
