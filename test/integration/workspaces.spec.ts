/** Two workspaces on one Almanac: the same worker serves both, and neither sees the other. */
import { type AlmanacClient, ApiError, createClient, type EndpointName } from '@almanac/contracts';
import { openStore } from '@almanac/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningAlmanac, startAlmanac } from '../support/almanac.js';
import { query } from '../support/database.js';
import { type Receiver, startReceiver, verified } from '../support/receiver.js';

let almanac: RunningAlmanac;
let receiver: Receiver;
/** The operator's client, and that of a tenant. */
let operator: AlmanacClient;
let tenant: AlmanacClient;
let tenantId: string;

beforeAll(async () => {
  almanac = await startAlmanac({ ALMANAC_WEBHOOK_NETWORKS: '127.0.0.0/8' });
  receiver = await startReceiver();
  operator = almanac.client;
  const made = await operator.call('createWorkspace', { body: { name: 'tenant' } });
  expect(made).toMatchObject({ name: 'tenant', adminKey: { scopes: ['admin'], key: expect.stringMatching(/^alm_/) as string } });
  tenant = createClient({ baseUrl: almanac.url, apiKey: made.adminKey.key });
  const [row] = await query<{ id: string }>(almanac.databaseUrl, `SELECT id FROM workspace WHERE name = 'tenant'`);
  tenantId = row!.id;
});
afterAll(async () => {
  await receiver?.close();
  await almanac?.stop();
});

async function refusal(call: Promise<unknown>): Promise<ApiError['problem']> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApiError)) throw new Error(`Expected a refusal, got ${String(error)}`);
  return error.problem;
}

const csv = (scale: number): Blob =>
  new Blob([
    `unique_id,ds,y,region\n${['a', 'b', 'ab']
      .flatMap((id) =>
        Array.from(
          { length: 60 },
          (_, t) =>
            `${id},${new Date(Date.UTC(2024, 0, 1 + t)).toISOString().slice(0, 10)},${scale * (t % 7)},${id === 'b' ? 'south' : 'north'}`,
        ),
      )
      .join('\n')}\n`,
  ]);

/** Waits for the end of a run, and for its success. */
async function done(client: AlmanacClient, id: string): Promise<Record<string, unknown>> {
  const run = await client.waitForRun(id);
  expect(run.error).toBeNull();
  return run.result!;
}

async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 50));
}

describe('a second workspace', () => {
  it('is served by the worker of the first, under the same names, and gets its own events only', async () => {
    const hook = await tenant.call('createWebhook', {
      body: { url: receiver.url, events: ['run.finished', 'forecast.stored', 'alias.moved'] },
    });
    for (const [client, scale] of [
      [operator, 1],
      [tenant, 100],
    ] as const) {
      await done(client, (await client.upload(csv(scale), 'shops.csv', { dataset: 'shops', staticCovariates: ['region'] })).runId);
      await done(client, (await client.call('train', { body: { dataset: 'shops', kind: 'seasonalNaive', model: 'weekly' } })).id);
      await done(client, (await client.call('forecast', { body: { model: 'weekly', horizon: 7 } })).id);
    }
    const sum = async (client: AlmanacClient): Promise<number> => {
      const { items } = await client.call('latestForecasts', { query: { model: 'weekly' } });
      expect(items.map(({ uniqueId }) => uniqueId)).toEqual(['a', 'ab', 'b']);
      return items[0]!.quantiles[7]!.reduce<number>((total, value) => total + value!, 0);
    };
    expect(await sum(operator)).toBeCloseTo(21);
    expect(await sum(tenant)).toBeCloseTo(2100);
    await receiver.until(5);
    expect(receiver.types().sort()).toEqual(['alias.moved', 'forecast.stored', 'run.finished', 'run.finished', 'run.finished']);
    const runs = (await tenant.call('listRuns', {})).items.map(({ id }) => id);
    for (const request of receiver.got) {
      const { type, data } = verified(hook.secret, request) as { type: string; data: { runId?: string } };
      if (type !== 'alias.moved') expect(runs).toContain(data.runId);
    }
  });

  it('forecasts the series that a filter means', async () => {
    const of = async (body: object): Promise<string[]> => {
      const run = await tenant.call('forecast', { body: { model: 'weekly', ...body } });
      await done(tenant, run.id);
      return (await tenant.call('latestForecasts', { query: { runId: run.id } })).items.map(({ uniqueId }) => uniqueId);
    };
    expect(await of({ search: 'A' })).toEqual(['a', 'ab']);
    expect(await of({ where: { region: 'south' } })).toEqual(['b']);
    expect(await of({ uniqueIds: ['a', 'b'], where: { region: 'north' } })).toEqual(['a']);
    expect(await refusal(tenant.call('forecast', { body: { model: 'weekly', where: { region: 'west' } } }))).toMatchObject({
      code: 'NOTHING_TO_FORECAST',
    });
  });

  it('has its schedules fired and its lost runs put back', async () => {
    await tenant.call('createSchedule', {
      body: { name: 'often', cron: '* * * * *', action: { kind: 'forecast', request: { model: 'weekly', horizon: 7 } } },
    });
    await query(almanac.databaseUrl, `UPDATE schedule SET next_due_at = date_trunc('minute', now()) WHERE workspace_id = $1`, [tenantId]);
    await until(async () => (await tenant.call('listFirings', { params: { schedule: 'often' } })).items.length > 0);
    await tenant.call('updateSchedule', { params: { schedule: 'often' }, body: { paused: true } });
    const [firing] = (await tenant.call('listFirings', { params: { schedule: 'often' } })).items;
    await done(tenant, firing!.runId!);
    expect((await operator.call('listSchedules', {})).items).toEqual([]);

    const store = await openStore({ databaseUrl: almanac.databaseUrl, workspace: 'tenant' });
    try {
      const { config, dataset, model } = await store.runs.get(firing!.runId!);
      const lost = await store.runs.create({ kind: 'forecast', config, dataset, model });
      await done(tenant, lost.id);
    } finally {
      await store.close();
    }
  });

  it('sees nothing of the first, and the first nothing of it', async () => {
    const hook = (await tenant.call('listWebhooks', {})).items[0]!;
    const [delivery] = (await tenant.call('listWebhookDeliveries', { params: { webhookId: hook.id } })).items;
    await tenant.call('createApiKey', { body: { name: 'reader', scopes: ['read'] } });
    const mine = async (client: AlmanacClient): Promise<Record<string, string[]>> => ({
      runs: (await client.call('listRuns', {})).items.map(({ id }) => id),
      keys: (await client.call('listApiKeys', {})).items.map(({ id }) => id),
      webhooks: (await client.call('listWebhooks', {})).items.map(({ id }) => id),
      datasets: (await client.call('listDatasets', {})).items.map(({ id }) => id),
    });
    const [first, second] = [await mine(operator), await mine(tenant)];
    expect(
      Object.values(first)
        .flat()
        .filter((id) => Object.values(second).flat().includes(id)),
    ).toEqual([]);
    expect(first['webhooks']).toEqual([]);

    const run = second['runs']![0]!;
    const missing: [EndpointName, object, string][] = [
      ['getRun', { params: { runId: run } }, 'RUN_NOT_FOUND'],
      ['cancelRun', { params: { runId: run } }, 'RUN_NOT_FOUND'],
      ['followRun', { params: { runId: run } }, 'RUN_NOT_FOUND'],
      ['downloadRejects', { params: { runId: run } }, 'RUN_NOT_FOUND'],
      ['replayForecast', { params: { runId: run } }, 'RUN_NOT_FOUND'],
      ['getAttention', { params: { runId: run }, query: { uniqueId: 'a' } }, 'RUN_NOT_FOUND'],
      ['getPrediction', { params: { runId: run } }, 'RUN_NOT_FOUND'],
      ['latestForecasts', { query: { runId: run } }, 'RUN_NOT_FOUND'],
      ['listFirings', { params: { schedule: 'often' } }, 'SCHEDULE_NOT_FOUND'],
      ['deleteSchedule', { params: { schedule: 'often' } }, 'SCHEDULE_NOT_FOUND'],
      ['getWebhook', { params: { webhookId: hook.id } }, 'WEBHOOK_NOT_FOUND'],
      ['deleteWebhook', { params: { webhookId: hook.id } }, 'WEBHOOK_NOT_FOUND'],
      ['pingWebhook', { params: { webhookId: hook.id } }, 'WEBHOOK_NOT_FOUND'],
      ['rotateWebhookSecret', { params: { webhookId: hook.id } }, 'WEBHOOK_NOT_FOUND'],
      ['listWebhookDeliveries', { params: { webhookId: hook.id } }, 'WEBHOOK_NOT_FOUND'],
      ['replayWebhookDelivery', { params: { webhookId: hook.id, deliveryId: delivery!.id } }, 'WEBHOOK_DELIVERY_NOT_FOUND'],
      ['deleteApiKey', { params: { id: second['keys']![0]! } }, 'API_KEY_NOT_FOUND'],
    ];
    for (const [name, input, code] of missing) {
      expect({ name, ...(await refusal(operator.stream(name, input as never))) }).toMatchObject({ name, code, status: 404 });
    }
  });

  it('is managed by the operator alone', async () => {
    expect(await refusal(tenant.call('listWorkspaces', {}))).toMatchObject({ code: 'OPERATOR_ONLY', status: 403 });
    expect(await refusal(tenant.call('createWorkspace', { body: { name: 'mine' } }))).toMatchObject({ code: 'OPERATOR_ONLY' });
    expect(await refusal(tenant.call('deleteWorkspace', { params: { workspace: 'default' } }))).toMatchObject({ code: 'OPERATOR_ONLY' });
    expect(await refusal(operator.call('createWorkspace', { body: { name: 'tenant' } }))).toMatchObject({
      code: 'WORKSPACE_EXISTS',
      status: 409,
    });
    expect(await refusal(operator.call('deleteWorkspace', { params: { workspace: 'default' } }))).toMatchObject({
      code: 'WORKSPACE_IN_USE',
      status: 409,
    });
    expect(await refusal(operator.call('deleteWorkspace', { params: { workspace: 'other' } }))).toMatchObject({
      code: 'WORKSPACE_NOT_FOUND',
      status: 404,
    });
    await operator.call('renameWorkspace', { params: { workspace: 'tenant' }, body: { name: 'renamed' } });
    expect((await operator.call('listWorkspaces', {})).items.map(({ name }) => name)).toEqual(['default', 'renamed']);
    expect((await tenant.call('systemStatus', {})).workspace).toBe('renamed');
  });

  it('is deleted with all that is in it, and takes nothing of the first with it', async () => {
    const store = await openStore({ databaseUrl: almanac.databaseUrl, workspace: 'renamed' });
    const open = await store.runs.create({ kind: 'forecast', config: {} });
    expect(await refusal(operator.call('deleteWorkspace', { params: { workspace: 'renamed' } }))).toMatchObject({
      code: 'WORKSPACE_BUSY',
      status: 409,
    });
    await store.runs.requestCancel(open.id);
    await store.close();
    await until(async () => (await tenant.call('listRuns', { query: { status: 'running' } })).items.length === 0);
    const before = (await operator.call('latestForecasts', {})).items;
    await operator.call('deleteWorkspace', { params: { workspace: 'renamed' } });
    const tables = await query<{ name: string }>(
      almanac.databaseUrl,
      `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'workspace_id'
       WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace`,
    );
    expect(tables.length).toBeGreaterThan(15);
    for (const { name } of tables) {
      expect({ name, rows: await query(almanac.databaseUrl, `SELECT 1 FROM ${name} WHERE workspace_id = $1`, [tenantId]) }).toEqual({
        name,
        rows: [],
      });
    }
    expect((await operator.call('latestForecasts', {})).items).toEqual(before);
    await until(async () => (await refusal(tenant.call('listRuns', {})).catch(() => undefined))?.code === 'API_KEY_UNKNOWN');
  });
});
