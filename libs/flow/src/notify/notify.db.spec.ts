/** Webhooks from the fact in Postgres to a real receiver, through the queue. */
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { JobName } from '@almanac/contracts';
import { createWebhook, listDeliveries, pingWebhook, replayDelivery, rotateSecret, updateWebhook } from '@almanac/flow/notify';
import { carryDeliveries, executeDelivery, send } from '@almanac/flow/notify/execute';
import { type FlowContext, inWorkspaces, JOBS } from '@almanac/flow/runs';
import { cipherOf, isAllowed, openQueue, type Queue, silentLogger } from '@almanac/platform';
import { openStore, type RunKind, type Store } from '@almanac/store';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SMTPServer } from 'smtp-server';
import { lookupsOf } from '../../../../test/support/lookups.js';
import { createTestDatabase, query, type TestDatabase } from '../../../../test/support/database.js';
import { type Receiver, startReceiver, verified } from '../../../../test/support/receiver.js';

const LOOPBACK = ['127.0.0.0/8'];
let database: TestDatabase;
let store: Store;
/** As programs did before secrets were sealed. */
let asItIs: Store;
let queue: Queue<JobName>;
let flow: FlowContext;
let carrying: NodeJS.Timeout;
const receivers: Receiver[] = [];
/** A mail server; the first message is not taken at once. */
const mails: { to: string[]; text: string }[] = [];
let refusals = 1;
let mailServer: SMTPServer;
let mail: { url: string; from: string };

async function receiver(...answer: Parameters<typeof startReceiver>): Promise<Receiver> {
  const made = await startReceiver(...answer);
  receivers.push(made);
  return made;
}

beforeAll(async () => {
  mailServer = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      let text = '';
      stream.on('data', (part: Buffer) => (text += part.toString()));
      stream.on('end', () => {
        if (refusals-- > 0) return done(Object.assign(new Error('Come back later'), { responseCode: 451 }));
        mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), text });
        return done();
      });
    },
  });
  await new Promise<void>((resolve) => mailServer.listen(0, '127.0.0.1', resolve));
  mail = { url: `smtp://127.0.0.1:${(mailServer.server.address() as AddressInfo).port}`, from: 'Almanac <almanac@example.org>' };
  database = await createTestDatabase();
  store = await openStore({ databaseUrl: database.url, cipher: cipherOf([randomBytes(32).toString('base64')]) });
  asItIs = await openStore({ databaseUrl: database.url });
  queue = await openQueue({ databaseUrl: database.url, redisUrl: undefined }, JOBS, silentLogger);
  flow = { store, queue, objects: undefined as never, logger: silentLogger, now: () => new Date(), codeVersion: 'test' };
  await queue.work(
    JOBS.map(({ name }) => ({
      name,
      handle: (payload) => {
        const { workspaceId } = payload as { workspaceId: string };
        const within = { ...flow, store: store.forWorkspace(workspaceId) };
        return executeDelivery(within, payload, { networks: LOOPBACK, firstPauseMs: 0, mail });
      },
    })),
    { deliver: 4 },
  );
  carrying = setInterval(() => void inWorkspaces(flow, 'deliveries', (one) => carryDeliveries(one)), 50);
});

afterEach(async () => {
  const { items } = await store.webhooks.list({});
  for (const { id } of items) await store.webhooks.delete(id);
  await Promise.all(receivers.splice(0).map((one) => one.close()));
});

afterAll(async () => {
  clearInterval(carrying);
  await new Promise<void>((resolve) => mailServer?.close(resolve));
  await queue?.close();
  await store?.close();
  await asItIs?.close();
  await database?.drop();
});

async function runThat(
  end: 'succeed' | 'fail' | 'markCancelled',
  kind: RunKind = 'train',
  result: object = {},
  within = store,
): Promise<string> {
  const { id } = await within.runs.create({ kind, dataset: 'waves', model: 'waves-model', config: {} });
  await within.runs.claim(id, 'worker');
  if (end === 'succeed') await within.runs.succeed(id, { ...result });
  else if (end === 'fail') await within.runs.fail(id, { code: 'SERIES_TOO_SHORT', detail: 'too short' });
  else await within.runs.markCancelled(id);
  return id;
}

async function ended(webhookId: string, count: number): ReturnType<typeof deliveriesOf> {
  for (;;) {
    const items = await deliveriesOf(webhookId);
    if (items.length >= count && items.every(({ status }) => status !== 'pending')) return items;
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}
const deliveriesOf = async (webhookId: string): Promise<Awaited<ReturnType<typeof listDeliveries>>['items']> =>
  (await listDeliveries(flow, webhookId, {})).items;

describe('webhooks', () => {
  it('tell a receiver that fails at first, with signatures that the reference implementation accepts', async () => {
    const { url, got, until } = await receiver((_, no) => (no < 2 ? 503 : 204));
    const { id, secret } = await createWebhook(flow, { url: `${url}/hook`, events: ['run.finished'] });
    const runId = await runThat('succeed');
    await runThat('fail'); // not asked for
    await until(3);
    const messages = got.map((request) => verified(secret, request));
    expect(messages[2]).toMatchObject({
      type: 'run.finished',
      data: { runId, kind: 'train', dataset: 'waves', model: 'waves-model', status: 'succeeded' },
    });
    expect(new Set(got.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(got[2]).toMatchObject({ path: '/hook', headers: { 'content-type': 'application/json' } });
    expect(() => verified(secret, { ...got[2]!, body: got[2]!.body.replace('finished', 'failed') })).toThrow();
    expect(() => verified(`whsec_${Buffer.alloc(32).toString('base64')}`, got[2]!)).toThrow();
    expect(await ended(id, 1)).toMatchObject([
      { status: 'delivered', attempts: 3, responseStatus: 204, error: null, event: 'run.finished' },
    ]);
  });

  it('tell of everything that they are asked to, each fact once', async () => {
    const { url, types, until, got } = await receiver();
    await createWebhook(flow, { url });
    await runThat('fail');
    await runThat('markCancelled');
    await runThat('succeed', 'forecast', { version: 3, series: 12, horizon: 24 });
    const alert = { code: 'COVERAGE', message: 'The 80 % interval held 40 %.', since: '2024-01-01T00:00:00.000Z' };
    await runThat('succeed', 'monitor', { alerts: [alert, { ...alert, code: 'BIAS' }] });
    await runThat('succeed', 'predict');
    await store.series.writeVersion({
      dataset: { name: 'waves', frequency: 'D', timeZone: 'UTC' },
      mode: 'replace',
      pieces: [{ id: 'a', firstStep: 0, values: Float64Array.of(1, 2) }],
      summary: () => ({ rowsRead: 0, rowsRejected: 0, findings: null }),
    });
    const model = await store.models.ensure('waves-model', (await store.datasets.get('waves')).id);
    const trained = await runThat('succeed');
    const version = { runId: trained, kind: 'theta', horizon: 2, config: {}, metrics: {}, manifestKey: 'm', weightsKey: 'w', sha256: 's' };
    await store.models.addVersion(model.id, version, { promoteIfFirst: true });
    await store.models.addVersion(model.id, version);
    await store.models.setAlias('waves-model', 'champion', 2, 'better');
    await until(10);
    expect(types().sort()).toEqual([
      'alert.raised',
      'alert.raised',
      'alias.moved',
      'alias.moved',
      'forecast.stored',
      'run.cancelled',
      'run.failed',
      'run.finished',
      'run.finished',
      'run.finished',
    ]);
    const data = got.map(({ body }) => (JSON.parse(body) as { data: object }).data);
    expect(data).toContainEqual({ model: 'waves-model', alias: 'champion', version: 2, previousVersion: 1, reason: 'better' });
    expect(data).toContainEqual(expect.objectContaining({ model: 'waves-model', ...alert }));
    expect(data).toContainEqual(expect.objectContaining({ kind: 'forecast', version: 3, series: 12, horizon: 24 }));
    expect(data).toContainEqual(expect.objectContaining({ status: 'failed', error: { code: 'SERIES_TOO_SHORT', detail: 'too short' } }));
  });

  it('tell people in words: as Slack takes it, and by e-mail, which is tried again as all else is', async () => {
    const { url, got, until } = await receiver(() => 200);
    await createWebhook(flow, { url: `slack+${url}/services/x`, events: ['run.failed'] });
    const { id } = await createWebhook(flow, { url: 'mailto:ops@example.org', events: ['run.failed'] });
    const runId = await runThat('fail');
    await until(1);
    const { text } = JSON.parse(got[0]!.body) as { text: string };
    expect(text).toMatch(/^\*The train run of waves-model failed\*\nSERIES_TOO_SHORT: too short\n/);
    expect(text).toContain(`runId: ${runId}`);
    expect(got[0]!.path).toBe('/services/x');
    expect(await ended(id, 1)).toMatchObject([{ status: 'delivered', attempts: 2, responseStatus: 250 }]);
    expect(mails).toMatchObject([{ to: ['ops@example.org'] }]);
    expect(mails[0]!.text).toMatch(/^Subject: \[Almanac\] The train run of waves-model failed\r$/m);
    expect(mails[0]!.text).toContain('SERIES_TOO_SHORT: too short');
    for (const wrong of ['mailto:nobody', 'slack+ftp://example.org', 'ftp://example.org', 'https://me:secret@example.org'])
      await expect(createWebhook(flow, { url: wrong })).rejects.toThrow(/must be an http or https address/);
  });

  it('tell of nothing that was rolled back', async () => {
    const { url } = await receiver();
    const { id } = await createWebhook(flow, { url });
    const undone = store.transaction(async (within) => {
      await runThat('succeed', 'train', {}, within);
      expect(await within.webhooks.deliveries(id, {})).toMatchObject({ items: [{ event: 'run.finished' }] });
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(await deliveriesOf(id)).toEqual([]);
  });

  it('give up after the last attempt, say why, and are sent again on request under the same id', async () => {
    let down = true;
    const { url, got } = await receiver((_, __, response) => {
      if (!down) return 200;
      response.writeHead(500).end('no room');
      return undefined;
    });
    const { id } = await createWebhook(flow, { url });
    await runThat('succeed');
    const [failed] = await ended(id, 1);
    expect(failed).toMatchObject({
      status: 'failed',
      attempts: 10,
      responseStatus: 500,
      error: 'The receiver answered 500: no room',
      nextAttemptAt: null,
    });
    expect(got).toHaveLength(10);
    down = false;
    const replayed = await replayDelivery(flow, id, failed!.id);
    expect(replayed).toMatchObject({ status: 'pending', messageId: failed!.messageId });
    expect(await ended(id, 2)).toMatchObject([
      { id: replayed.id, status: 'delivered', attempts: 1 },
      { id: failed!.id, status: 'failed' },
    ]);
    expect(got[10]!.headers['webhook-id']).toBe(got[0]!.headers['webhook-id']);
    expect(got[10]!.body).toBe(got[0]!.body);
    await expect(replayDelivery(flow, id, replayed.messageId)).rejects.toMatchObject({ code: 'WEBHOOK_DELIVERY_NOT_FOUND', status: 404 });
  });

  it('can be tried out, and signed anew', async () => {
    const { url, got, until } = await receiver();
    const { id, secret } = await createWebhook(flow, { url, events: ['alias.moved'] });
    const { messageId } = await pingWebhook(flow, id);
    await until(1);
    expect(verified(secret, got[0]!)).toMatchObject({ type: 'ping', data: { webhookId: id } });
    expect(got[0]!.headers['webhook-id']).toBe(messageId);
    const { secret: second, previousSecretUntil } = await rotateSecret(flow, id, { overlapHours: 24 });
    expect(Date.parse(previousSecretUntil!)).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    await pingWebhook(flow, id);
    await until(2);
    // Whichever of the two the receiver has.
    expect(verified(second, got[1]!)).toMatchObject({ type: 'ping' });
    expect(verified(secret, got[1]!)).toMatchObject({ type: 'ping' });
    const { secret: third } = await rotateSecret(flow, id, { overlapHours: 0 });
    await pingWebhook(flow, id);
    await until(3);
    expect(verified(third, got[2]!)).toMatchObject({ type: 'ping' });
    for (const old of [secret, second]) expect(() => verified(old, got[2]!)).toThrow();
  });

  it('keep their secrets sealed, those of older programs too', async () => {
    const { url, got, until } = await receiver();
    const { id } = await createWebhook({ store: asItIs }, { url });
    const inTheOpen = async (): Promise<string[]> =>
      (await query<{ text: string }>(database.url, 'SELECT w::text AS text FROM webhook w'))
        .filter(({ text }) => text.includes('whsec_'))
        .map(({ text }) => text);
    expect(await inTheOpen()).toHaveLength(1);
    expect(await store.webhooks.sealSecrets()).toBe(1);
    expect(await store.webhooks.sealSecrets()).toBe(0);
    expect(await inTheOpen()).toEqual([]);
    const { secret } = await rotateSecret(flow, id, { overlapHours: 1 });
    await createWebhook(flow, { url, events: ['run.failed'] });
    expect(await inTheOpen()).toEqual([]);
    await pingWebhook(flow, id);
    await until(1);
    expect(verified(secret, got[0]!)).toMatchObject({ type: 'ping' });
  });

  it('wait while they are disabled, and record nothing meanwhile', async () => {
    const { url, got, until } = await receiver();
    const { id } = await createWebhook(flow, { url });
    await updateWebhook(flow, id, { enabled: false });
    await runThat('succeed');
    await pingWebhook(flow, id);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(got).toHaveLength(0);
    await updateWebhook(flow, id, { enabled: true });
    await until(1);
    expect(await ended(id, 1)).toMatchObject([{ event: 'ping', status: 'delivered' }]);
  });

  it('are disabled by a receiver that is gone for good', async () => {
    const { url } = await receiver(() => 410);
    const { id } = await createWebhook(flow, { url });
    await runThat('succeed');
    expect(await ended(id, 1)).toMatchObject([{ status: 'failed', attempts: 1, responseStatus: 410 }]);
    expect(await store.webhooks.get(id)).toMatchObject({ enabled: false });
  });

  it('are attempted again where a worker began an attempt and was never heard of again', async () => {
    const { url, got } = await receiver();
    const { id } = await createWebhook(flow, { url, enabled: false });
    const { id: delivery } = await pingWebhook(flow, id);
    expect(await store.webhooks.begin(delivery, 1, 200)).toMatchObject({ attempts: 1 });
    expect(await store.webhooks.begin(delivery, 1, 200)).toBeNull();
    await updateWebhook(flow, id, { enabled: true });
    expect(await ended(id, 1)).toMatchObject([{ status: 'delivered', attempts: 2 }]);
    expect(got).toHaveLength(1);
    // The lost worker comes back: its word no longer counts.
    await store.webhooks.end(delivery, 1, { delivered: false, responseStatus: 500, error: 'late', retryAfterMs: null });
    expect(await ended(id, 1)).toMatchObject([{ status: 'delivered', error: null }]);
  });
});

describe('a request to an address of a user', () => {
  const to = (url: string, networks = LOOPBACK): ReturnType<typeof send> => send(url, {}, '{}', { networks, timeoutMs: 300 });

  it('reaches no private address, however it is written, unless the operator allows it', async () => {
    const { url, got } = await receiver();
    const { port } = new URL(url);
    for (const host of ['127.0.0.1', 'localhost', '2130706433', '0x7f.1', '[::1]', '[::ffff:127.0.0.1]', '169.254.169.254', '10.0.0.1'])
      expect(await to(`http://${host}:${port}/`, [])).toMatchObject({
        status: null,
        error: expect.stringContaining('private address') as string,
      });
    expect(got).toHaveLength(0);
    expect(await to(url)).toEqual({ status: 204, error: null });
    expect(isAllowed('8.8.8.8', [])).toBe(true);
    expect(isAllowed('fd00::1', ['10.0.0.0/8'])).toBe(false);
    expect(isAllowed('fd00::1', ['fd00::/8'])).toBe(true);
  });

  it('connects to the address that was checked: a name is looked up once', async () => {
    const { url } = await receiver();
    const named = url.replace('127.0.0.1', 'localhost');
    expect(named).not.toBe(url);
    expect(await lookupsOf(async () => expect(await to(named)).toEqual({ status: 204, error: null }))).toBe(1);
  });

  it('follows no redirect, waits no longer than it may, and reads no more than it needs', async () => {
    const other = await receiver();
    const { url } = await receiver(({ path }, _, response) => {
      if (path === '/moved') response.writeHead(302, { location: other.url }).end();
      if (path === '/endless') {
        response.writeHead(500);
        const more = setInterval(() => response.write(Buffer.alloc(32_768, 'x')), 1);
        response.once('close', () => clearInterval(more));
      }
      return undefined; // '/silent' is never answered
    });
    expect(await to(`${url}/moved`)).toMatchObject({ status: 302, error: expect.stringContaining('redirects are not followed') as string });
    expect(other.got).toHaveLength(0);
    expect(await to(`${url}/silent`)).toEqual({ status: null, error: 'No answer within 0.3 s.' });
    const endless = await to(`${url}/endless`);
    expect(endless.status).toBe(500);
    expect(endless.error!.length).toBeLessThan(400);
    expect(await to('http://127.0.0.1:1/')).toMatchObject({ status: null, error: expect.stringContaining('ECONNREFUSED') as string });
  });
});

it('is in the queue once for an attempt, however often it is due before somebody gets to it', async () => {
  clearInterval(carrying);
  const sent: string[] = [];
  const recording = {
    ...queue,
    enqueueAll: (_: JobName, jobs: readonly { id: string }[]) => Promise.resolve(void sent.push(...jobs.map(({ id }) => id))),
  };
  const { id } = await store.workspaces.create('slow');
  const slow = { store: store.forWorkspace(id), queue: recording, now: flow.now };
  const webhook = await createWebhook(slow, { url: 'http://127.0.0.1:9/', events: ['run.failed'] });
  const { id: deliveryId } = await pingWebhook(slow, webhook.id);
  await carryDeliveries(slow, { leaseMs: 0 });
  await carryDeliveries(slow, { leaseMs: 0 });
  expect(sent).toHaveLength(2);
  expect(new Set(sent).size).toBe(1);
  await slow.store.webhooks.begin(deliveryId, 1, 0);
  await carryDeliveries(slow, { leaseMs: 0 });
  expect(new Set(sent).size).toBe(2);
});
