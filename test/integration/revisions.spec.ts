/** What was read is what is changed: ETag, If-Match and 412 on whatever two people may change. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createClient, type Member, type Role } from '@almanac/contracts';
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
    ['how long runs are kept', '/v1/retention', [{ runs: 30 }, { runs: 60 }], 'PATCH', '/v1/retention'],
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

  it('of quotas, of the name of a workspace and of a member is refused as well, and only the operator sees what it is', async () => {
    const made = await api.client.call('createWorkspace', { body: { name: 'tenant' } });
    const [set, path] = [(n: number) => ({ webhooks: n }), '/v1/workspaces/tenant/quotas'];
    const { etag } = await send('GET', path);
    expect((await send('PATCH', path, set(3), etag)).status).toBe(200);
    expect((await send('PATCH', path, set(4), etag)).body).toMatchObject({
      code: 'CHANGED_MEANWHILE',
      subject: { current: { webhooks: 3 } },
    });
    const theirs = createClient({ baseUrl: api.url, apiKey: made.adminKey.key });
    const change = theirs.call('setQuotas', { params: { workspace: 'default' }, body: set(1), ifMatch: '"x"' });
    await expect(change).rejects.toMatchObject({ code: 'OPERATOR_ONLY' });

    const { items } = await api.client.call('listWorkspaces', {});
    const tag = items.find(({ name }) => name === 'tenant')!.etag;
    await api.client.call('deleteWorkspace', { params: { workspace: 'tenant' } });
    await api.client.call('createWorkspace', { body: { name: 'tenant' } });
    const late = api.client.call('deleteWorkspace', { params: { workspace: 'tenant' }, ifMatch: tag });
    await expect(late).rejects.toMatchObject({ code: 'CHANGED_MEANWHILE' });

    const { id: userId } = await api.flow.store.users.create({ email: 'a@example.org', name: 'a', passwordHash: null });
    await api.flow.store.members.put(userId, 'viewer');
    const [read] = (await api.client.call('listMembers', {})).items;
    const as = (role: Role): Promise<Member> =>
      api.client.call('changeMember', { params: { userId }, body: { role }, ifMatch: read!.etag });
    expect(await as('editor')).toMatchObject({ role: 'editor' });
    await expect(as('viewer')).rejects.toMatchObject({ code: 'CHANGED_MEANWHILE' });
  });

  it('deletes a dataset only as it was read, and its files go after that', async () => {
    const upload = await api.flow.objects.put(Buffer.from('raw'));
    await api.flow.store.series.writeVersion({
      dataset: { name: 'gone', frequency: 'D', timeZone: 'UTC' },
      mode: 'append',
      pieces: [{ id: 'a', firstStep: 19_000, values: Float64Array.of(1, 2) }],
      summary: () => ({ rowsRead: 2, rowsRejected: 0, findings: null }),
    });
    await api.flow.store.uploads.create({
      ...{ fileName: 'a.csv', size: 3, sha256: upload.sha256, objectKey: upload.sha256 },
      mapping: { dataset: 'gone' },
    });
    const { etag } = await api.client.call('getDataset', { params: { dataset: 'gone' } });
    const { items } = await api.client.call('listDatasets', {});
    expect(items.find(({ name }) => name === 'gone')).toMatchObject({ etag });
    const kept = await api.client.call('updateDataset', { params: { dataset: 'gone' }, body: { keepDays: 9 } });
    const remove = (ifMatch: string | undefined): Promise<unknown> =>
      api.client.call('deleteDataset', { params: { dataset: 'gone' }, ifMatch });
    await expect(remove(etag)).rejects.toMatchObject({ code: 'CHANGED_MEANWHILE' });
    expect(await api.flow.objects.has(upload.sha256)).toBe(true);
    expect(await remove(kept.etag)).toMatchObject({ kind: 'dataset', name: 'gone' });
    expect(await api.flow.objects.has(upload.sha256)).toBe(false);
  });

  it('deletes a model and a series only as they were read, and reads no condition in vain', async () => {
    const { store } = api.flow;
    const { datasetId } = await store.series.writeVersion({
      dataset: { name: 'small', frequency: 'D', timeZone: 'UTC' },
      mode: 'append',
      pieces: ['a', 'b'].map((id) => ({ id, firstStep: 19_000, values: Float64Array.of(1, 2) })),
      summary: () => ({ rowsRead: 4, rowsRejected: 0, findings: null }),
    });
    const { etag: read } = await send('GET', '/v1/datasets/small');
    await send('PATCH', '/v1/datasets/small', { keepDays: 9 });
    const series = '/v1/datasets/small/series/a';
    expect(await send('DELETE', series, undefined, read)).toMatchObject({ status: 412, body: { code: 'CHANGED_MEANWHILE' } });
    const now = await send('GET', '/v1/datasets/small');
    expect((await send('GET', '/v1/datasets/small/series')).body).toMatchObject({ items: [{}, {}] });
    expect((await send('DELETE', series, undefined, now.etag)).body).toMatchObject({ kind: 'series' });

    const runId = (await api.client.call('train', { body: { dataset: 'load', kind: 'seasonalNaive', model: 'left', horizon: 2 } })).id;
    const { id } = await store.models.ensure('left', datasetId);
    const keys = { manifestKey: 'a'.repeat(64), weightsKey: 'b'.repeat(64), sha256: 'c'.repeat(64) };
    const version = { runId, kind: 'seasonalNaive', horizon: 2, config: {}, metrics: {}, ...keys };
    const tag = async (): Promise<string> => (await api.client.listAll('listModels', {})).find(({ name }) => name === 'left')!.etag!;
    await store.models.addVersion(id, version, { promoteIfFirst: true });
    const before = await tag();
    await store.models.addVersion(id, version, { promoteIfFirst: true });
    expect((await send('DELETE', '/v1/models/left', undefined, before)).body).toMatchObject({
      code: 'CHANGED_MEANWHILE',
      subject: { current: { latest: 2, champion: 1 } },
    });
    await store.runs.requestCancel(runId);
    expect(await send('DELETE', '/v1/models/left', undefined, await tag())).toMatchObject({ status: 204, body: {} });

    const refused = await send('POST', '/v1/webhooks', { url: 'https://example.org/other' }, '"x"');
    expect(refused).toMatchObject({ status: 400, body: { code: 'IF_MATCH_NOT_TAKEN' } });
    expect((await api.client.call('listWebhooks', {})).items.map(({ url }) => url)).not.toContain('https://example.org/other');
  });

  it('of what is not there is refused, and tells of nothing in the audit log', async () => {
    expect((await send('PUT', '/v1/models/m/aliases/challenger', { version: 1 }, '"x"')).body).toMatchObject({
      subject: { current: null },
    });
    const { items } = await api.client.call('listAudit', { query: { objectKind: 'alias', limit: 1 } });
    expect(items[0]!.after).toMatchObject({ alias: 'champion' });
  });
});

describe('the command line', () => {
  const program = fileURLToPath(new URL('../../apps/cli/bin/almanac.js', import.meta.url));
  const almanac = (args: readonly string[]): Promise<string> =>
    new Promise((resolve) => {
      const env = { ...process.env, ALMANAC_URL: api.url, ALMANAC_API_KEY: api.key };
      execFile(process.execPath, [program, ...args], { env }, (_, stdout, stderr) => resolve(stdout + stderr));
    });

  it('makes no change that the API compares but as it was read', async () => {
    const { id: webhook } = await api.client.call('createWebhook', { body: { url: 'https://example.org' } });
    const email = 'b@example.org';
    const { id: userId } = await api.flow.store.users.create({ email, name: 'b', passwordHash: null });
    await api.flow.store.members.put(userId, 'viewer');
    const commands: Record<string, readonly string[]> = {
      updateSchedule: ['schedule', 'pause', 'nightly'],
      deleteSchedule: ['schedule', 'delete', 'nightly'],
      // Of a source that is gone: it is not what was read, either.
      updateSource: ['sources', 'secret', 'gone', '--secret-file', fileURLToPath(import.meta.url)],
      deleteSource: ['sources', 'remove', 'gone'],
      updateWebhook: ['webhooks', 'disable', webhook],
      deleteWebhook: ['webhooks', 'delete', webhook],
      updateDataset: ['retention', 'load', '3000'],
      deleteDataset: ['delete-dataset', 'load'],
      deleteSeries: ['delete-dataset', 'load', '--series', 'a'],
      setModelAlias: ['promote', 'm', '1'],
      tagModelVersion: ['tag', 'm/1', 'a=b'],
      deleteModelVersion: ['delete-model', 'm', '1', '--yes'],
      deleteModel: ['delete-model', 'm', '--yes'],
      changeMember: ['members', 'role', email, 'editor'],
      removeMember: ['members', 'remove', email],
      setQuotas: ['quotas', 'set', 'webhooks=9'],
      setRetention: ['keep', '--runs', '30'],
      renameWorkspace: ['workspaces', 'rename', 'default', 'other'],
      deleteWorkspace: ['workspaces', 'delete', 'default', '--yes'],
    };
    const document = (await send('GET', '/v1/openapi.json')).body as unknown as {
      paths: Record<string, Record<string, { operationId: string; parameters?: { name: string }[] }>>;
    };
    const compared = Object.values(document.paths)
      .flatMap((path) => Object.values(path))
      .filter(({ parameters }) => parameters?.some(({ name }) => name.toLowerCase() === 'if-match'))
      .map(({ operationId }) => operationId);
    expect(Object.keys(commands).sort()).toEqual(compared.sort());
    for (const args of Object.values(commands))
      expect([args, await almanac([...args, '--if-match', '"stale"'])]).toEqual([args, expect.stringContaining('CHANGED_MEANWHILE')]);
    const { etag } = JSON.parse(await almanac(['quotas', '--json'])) as { etag: string };
    expect(await almanac(['quotas', 'set', 'webhooks=9', '--if-match', etag])).toMatch(/webhooks +\d+ +9 /);
  }, 120_000);
});
