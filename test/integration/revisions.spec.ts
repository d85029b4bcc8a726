/** What was read is what is changed: ETag, If-Match and 412 on schedules, webhooks, datasets and aliases. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiOnly, startApi } from '../support/api.js';

let api: ApiOnly;

beforeAll(async () => {
  api = await startApi();
  const { store } = api.flow;
  const { datasetId } = await store.series.writeVersion({
    dataset: { name: 'load', frequency: 'D', timeZone: 'UTC' },
    mode: 'append',
    pieces: [{ id: 'a', firstStep: 19_000, values: Float64Array.from({ length: 90 }, (_, t) => t % 7) }],
    summary: () => ({ rowsRead: 3, rowsRejected: 0, findings: null }),
  });
  const { id: runId } = await api.client.call('train', { body: { dataset: 'load', kind: 'seasonalNaive', model: 'm', horizon: 2 } });
  const { id } = await store.models.ensure('m', datasetId);
  const version = { runId, kind: 'seasonalNaive', horizon: 2, config: {}, metrics: {}, manifestKey: 'm', weightsKey: 'w', sha256: 'f' };
  for (let no = 1; no <= 3; no += 1) await store.models.addVersion(id, version, { promoteIfFirst: true });
  await api.client.call('createSchedule', {
    body: { name: 'nightly', cron: '0 3 * * *', timeZone: 'UTC', action: { kind: 'forecast', request: { model: 'm' } } },
  });
});
afterAll(() => api?.stop());

async function send(
  method: string,
  path: string,
  body?: object,
  ifMatch?: string,
): Promise<{ status: number; etag: string; body: Record<string, unknown> }> {
  const answer = await fetch(`${api.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${api.key}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    etag: answer.headers.get('etag')!,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  };
}

describe('a change of what was read', () => {
  it.each([
    ['a schedule', '/v1/schedules/nightly', [{ paused: true }, { paused: false }], 'PATCH', '/v1/schedules/nightly'],
    ['a dataset', '/v1/datasets/load', [{ keepDays: 4000 }, { keepDays: 5000 }], 'PATCH', '/v1/datasets/load'],
    [
      'an alias',
      '/v1/models/m/versions/champion',
      [
        { version: 2, reason: 'b' },
        { version: 3, reason: 'c' },
      ],
      'PUT',
      '/v1/models/m/aliases/champion',
    ],
  ] as const)('of %s is made once, and refused with what it is now', async (_, read, [first, second], method, change) => {
    const got = await send('GET', read);
    expect(got).toMatchObject({ status: 200 });
    const { etag } = got;
    expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
    const changed = await send(method, change, first, etag);
    expect([changed.status, changed.etag]).toEqual([200, (await send('GET', read)).etag]);
    expect(changed.etag).not.toBe(etag);
    const late = await send(method, change, second, etag);
    expect(late).toMatchObject({ status: 412, etag: changed.etag, body: { code: 'CHANGED_MEANWHILE', subject: { etag: changed.etag } } });
    expect((await send('GET', read)).etag).toBe(changed.etag);
    expect((await send(method, change, second, `"other", ${changed.etag}`)).status).toBe(200);
    // Without a condition, and with any, it is made.
    expect((await send(method, change, first)).status).toBe(200);
    expect((await send(method, change, second, '*')).status).toBe(200);
  });

  it('of a webhook is made by one of many who have read the same', async () => {
    const { id } = await api.client.call('createWebhook', { body: { url: 'https://example.org' } });
    const { etag } = await send('GET', `/v1/webhooks/${id}`);
    const sent = await Promise.all(
      Array.from({ length: 6 }, (_, i) => send('PATCH', `/v1/webhooks/${id}`, { description: `of ${i}` }, etag)),
    );
    expect(sent.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412, 412]);
    expect((await send('DELETE', `/v1/webhooks/${id}`, undefined, etag)).status).toBe(412);
    expect((await send('DELETE', `/v1/webhooks/${id}`, undefined, (await send('GET', `/v1/webhooks/${id}`)).etag)).status).toBe(204);
  });

  it('of what is not there is refused, and tells of nothing in the audit log', async () => {
    expect((await send('PUT', '/v1/models/m/aliases/challenger', { version: 1 }, '"x"')).body).toMatchObject({
      subject: { current: null },
    });
    const { items } = await api.client.call('listAudit', { query: { objectKind: 'alias', limit: 1 } });
    expect(items[0]!.after).toMatchObject({ alias: 'champion' });
  });
});
