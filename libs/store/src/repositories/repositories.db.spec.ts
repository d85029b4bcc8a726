import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, query, type TestDatabase } from '../../../../test/support/database.js';
import { asDeleted, type HeldKey, type Json, newId, openStore, type NewForecast, type NewRun, type RunKind, type Store } from '../index.js';

let database: TestDatabase;
let store: Store;

beforeAll(async () => {
  database = await createTestDatabase();
  store = await openStore({ databaseUrl: database.url });
});
afterAll(async () => {
  await store?.close();
  await database?.drop();
});

async function makeDataset(
  name: string,
  options: { frequency?: string; timeZone?: string; ids?: string[]; uploadId?: string; runId?: string } = {},
): Promise<string> {
  const { datasetId } = await store.series.writeVersion({
    dataset: { name, frequency: options.frequency ?? 'h', timeZone: options.timeZone ?? 'UTC' },
    mode: 'append',
    uploadId: options.uploadId ?? null,
    runId: options.runId ?? null,
    pieces: (options.ids ?? ['a', 'b']).map((id) => ({ id, firstStep: 0, values: Float64Array.of(1, 2, 3) })),
    summary: () => ({ rowsRead: 6, rowsRejected: 0, findings: { note: 'none' } }),
  });
  return datasetId;
}

async function makeModel(name: string, datasetId: string): Promise<{ versionId: string; modelId: string; runId: string }> {
  const run = await store.runs.create({ kind: 'train', config: {} });
  const model = await store.models.ensure(name, datasetId);
  const version = await store.models.addVersion(
    model.id,
    {
      runId: run.id,
      kind: 'segment',
      horizon: 2,
      config: { a: 1 },
      metrics: { wql: 0.1 },
      manifestKey: 'm',
      weightsKey: 'w',
      sha256: 'f00',
    },
    { promoteIfFirst: true },
  );
  return { versionId: version.id, modelId: model.id, runId: run.id };
}

describe('API keys', () => {
  const key = { name: 'ops', prefix: 'alm_1', hash: 'hash-1', scopes: ['read', 'write'] };

  it('are found by hash until they are revoked, and never give the hash away', async () => {
    const made = await store.apiKeys.create(key);
    const found = await store.apiKeys.findByHash('hash-1');
    expect(found).toMatchObject({ id: made.id, scopes: ['read', 'write'], workspaceId: store.workspaceId });
    expect(JSON.stringify([found, (await store.apiKeys.list({})).items])).not.toContain('hash-1');
    expect((await store.apiKeys.list({})).items[0]!.lastUsedAt).toBeInstanceOf(Date);
    await store.apiKeys.revoke(made.id);
    expect(await store.apiKeys.findByHash('hash-1')).toBeNull();
    await expect(store.apiKeys.revoke(made.id)).rejects.toMatchObject({ code: 'API_KEY_NOT_FOUND', status: 404 });
  });

  it('are made once, also by two at the same time', async () => {
    const made = await Promise.all([1, 2, 3].map(() => store.apiKeys.ensure({ ...key, hash: 'hash-2' })));
    expect(new Set(made.map((one) => one?.id)).size).toBe(1);
  });

  it('that were revoked stay so, and are no error where they are wanted again', async () => {
    const made = await store.apiKeys.create({ ...key, hash: 'hash-3' });
    await store.apiKeys.revoke(made.id);
    expect(await store.apiKeys.ensure({ ...key, hash: 'hash-3' })).toBeNull();
    expect(await store.apiKeys.findByHash('hash-3')).toBeNull();
  });

  it('of admins are never all revoked, also not by two at the same time', async () => {
    const admin = (hash: string): Promise<{ id: string }> => store.apiKeys.create({ ...key, hash, scopes: ['admin'] });
    const made = [await admin('admin-1'), await admin('admin-2')];
    const revoked = await Promise.allSettled(made.map(({ id }) => store.apiKeys.revoke(id)));
    expect(revoked.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(revoked.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'API_KEY_LAST_ADMIN', status: 409 } });
    expect(await store.apiKeys.admins()).toBe(1);
  });
});

it('what waits for a time waits by the database’s clock: a jump of the machine’s frees and blocks nothing', async () => {
  const DAY_MS = 86_400_000;
  const real = Date.now;
  const run = await store.runs.create({ kind: 'forecast', config: {} });
  const waiting = async (): Promise<boolean> => (await store.runs.listQueued(60_000)).some(({ id }) => id === run.id);
  try {
    expect((await store.rates.take('jumper', 3, 3)).taken).toBe(true);
    for (const jump of [0, 2 * DAY_MS, -2 * DAY_MS]) {
      Date.now = () => real() + jump;
      const { taken, msBeforeNext } = await store.rates.take('jumper', 1, 3);
      expect([jump, taken]).toEqual([jump, false]);
      expect(msBeforeNext).toBeGreaterThan(0);
      expect(msBeforeNext).toBeLessThanOrEqual(60_000);
      expect(await store.rates.taken(['jumper'])).toHaveProperty('size', 1);
      expect(await waiting()).toBe(false);
    }
    // Whose minute is over begins another, also where the database's clock was set back by days since.
    for (const minutes of [-1, 3_000]) {
      await query(database.url, `UPDATE rate_bucket SET expire = expire + ${minutes * 60_000} WHERE key = 'jumper'`);
      expect((await store.rates.take('jumper', 1, 3)).taken).toBe(true);
    }
    await store.runs.claim(run.id, 'somebody');
    Date.now = () => real() + 2 * DAY_MS;
    expect([await store.runs.isAlive(run.id, 60_000), await store.runs.isAlive(run.id, 0)]).toEqual([true, false]);
  } finally {
    Date.now = real;
  }
});

describe('runs', () => {
  it('are claimed by one worker of many, and end once', async () => {
    const { id } = await store.runs.create({ kind: 'train', dataset: 'flights', config: { steps: 3 }, seed: 7 });
    const claims = await Promise.all(['w1', 'w2', 'w3'].map((worker) => store.runs.claim(id, worker)));
    const won = claims.filter((claim) => claim !== null);
    expect(won).toMatchObject([{ status: 'running', attempts: 1, seed: 7, config: { steps: 3 } }]);
    await store.runs.setEngine(id, { name: 'wasm' });
    await store.runs.progress(id, { phase: 'training', fraction: 0.5 });
    expect(await store.runs.succeed(id, { wql: 0.2 })).toMatchObject({
      status: 'succeeded',
      result: { wql: 0.2 },
      progress: { fraction: 0.5 },
      engine: { name: 'wasm' },
    });
    await expect(store.runs.fail(id, {})).rejects.toMatchObject({ code: 'RUN_ALREADY_FINISHED', status: 409 });
    await store.runs.progress(id, { phase: 'late' });
    expect(await store.runs.requestCancel(id)).toMatchObject({
      status: 'succeeded',
      cancelRequested: false,
      progress: { phase: 'training' },
    });
  });

  it('cannot be changed after the end even by SQL', async () => {
    const { id } = await store.runs.create({ kind: 'train', config: {} });
    await store.runs.fail(id, { code: 'X' });
    await expect(query(database.url, `UPDATE run SET status = 'queued', finished_at = NULL WHERE id = '${id}'`)).rejects.toThrow(
      'never changes',
    );
  });

  it('are cancelled at once while queued, and asked to stop while running', async () => {
    const queued = await store.runs.create({ kind: 'train', config: {} });
    expect(await store.runs.requestCancel(queued.id)).toMatchObject({ status: 'cancelled', finishedAt: expect.any(Date) });
    expect(await store.runs.claim(queued.id, 'w')).toBeNull();
    const running = await store.runs.create({ kind: 'train', config: {} });
    await store.runs.claim(running.id, 'w');
    expect(await store.runs.heartbeat(running.id, 'w')).toEqual({ lost: false, cancel: false });
    expect(await store.runs.requestCancel(running.id)).toMatchObject({ status: 'running' });
    expect(await store.runs.heartbeat(running.id, 'w')).toEqual({ lost: false, cancel: true });
    expect(await store.runs.markCancelled(running.id)).toMatchObject({ status: 'cancelled' });
  });

  it('wait for the run before them, and where that was cancelled while it waited for the one before it', async () => {
    const first = await store.runs.create({ kind: 'ingest', config: {} });
    const second = await store.runs.create({ kind: 'ingest', config: {}, afterId: first.id });
    const third = await store.runs.create({ kind: 'ingest', config: {}, afterId: second.id });
    const queued = async (): Promise<string[]> => (await store.runs.listQueued(-1000)).map(({ id }) => id);
    await store.runs.claim(first.id, 'w');
    await store.runs.requestCancel(second.id);
    expect(await store.runs.claim(third.id, 'w')).toBeNull();
    expect(await queued()).not.toContain(third.id);
    await store.runs.succeed(first.id, {});
    expect(await queued()).toContain(third.id);
    expect(await store.runs.claim(third.id, 'w')).toMatchObject({ status: 'running' });
  });

  it('go back to the queue when their worker falls silent, and the old worker learns it', async () => {
    const { id } = await store.runs.create({ kind: 'train', config: {} });
    await store.runs.claim(id, 'dead');
    expect((await store.runs.requeueStale(60_000)).map((run) => run.id)).not.toContain(id);
    await query(database.url, `UPDATE run SET heartbeat_at = now() - interval '2 minutes' WHERE id = '${id}'`);
    expect((await store.runs.requeueStale(60_000)).map((run) => run.id)).toContain(id);
    expect(await store.runs.claim(id, 'new')).toMatchObject({ attempts: 2 });
    expect(await store.runs.heartbeat(id, 'dead')).toMatchObject({ lost: true });
    await store.runs.release(id, 'dead');
    expect(await store.runs.get(id)).toMatchObject({ status: 'running', workerId: 'new' });
    await store.runs.release(id, 'new');
    expect(await store.runs.get(id)).toMatchObject({ status: 'queued' });
    expect((await store.runs.listQueued(0)).map((run) => run.id)).toContain(id);
  });

  it('are announced to every process that listens, when the change is committed', async () => {
    const other = await openStore({ databaseUrl: database.url });
    const heard: string[] = [];
    const stop = await other.runs.onChange((id) => heard.push(id));
    const { id } = await store.runs.create({ kind: 'train', config: {} });
    await expect.poll(() => heard).toEqual([id]);
    await store.transaction(async (inside) => {
      await inside.runs.claim(id, 'w');
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(heard).toHaveLength(1);
    });
    await expect.poll(() => heard).toHaveLength(2);
    await query(database.url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'almanac-listener'`);
    await expect
      .poll(async () => (await store.runs.progress(id, { at: Date.now() }), heard.length), { interval: 200, timeout: 10_000 })
      .toBeGreaterThan(2);
    await stop();
    await other.close();
  });

  it('are listed newest first, by kind, status and dataset, page by page', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) ids.push((await store.runs.create({ kind: 'backtest', dataset: 'listed', config: {} })).id);
    const first = await store.runs.list({ kind: 'backtest', dataset: 'listed', limit: 3 });
    const second = await store.runs.list({ kind: 'backtest', dataset: 'listed', limit: 3, after: first.next! });
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids.reverse());
    expect(second.next).toBeNull();
    expect((await store.runs.list({ kind: 'backtest', status: 'running' })).items).toEqual([]);
  });

  it('keep the rows they rejected, in order', async () => {
    const { id } = await store.runs.create({ kind: 'ingest', config: {} });
    const rows = Array.from({ length: 6000 }, (_, i) => ({ line: i % 2 ? i : null, rule: 'VALUE_NOT_NUMBER', text: `row ${i}, "x"` }));
    await store.runs.addRejectedRows(id, rows);
    await store.runs.addRejectedRows(id, [{ line: 2 ** 40, rule: 'TIME_NOT_READ', text: 'null byte \0' }]);
    const read: unknown[] = [];
    for await (const row of store.runs.rejectedRows(id)) read.push(row);
    expect(read).toEqual([...rows, { line: 2 ** 40, rule: 'TIME_NOT_READ', text: 'null byte \uFFFD' }]);
  });

  it('name the uploads their dataset version rests on, from the last replacement on', async () => {
    const upload = (sha256: string): Promise<{ id: string }> =>
      store.uploads.create({ fileName: 'f.csv', size: 3, sha256, objectKey: sha256, mapping: { dataset: 'lineage', b: [1] } });
    const run = await store.runs.create({ kind: 'train', config: {} });
    let datasetId = '';
    for (const [i, mode] of (['append', 'append', 'replace', 'append'] as const).entries()) {
      const { id } = await upload(`sha-${i}`);
      ({ datasetId } = await store.series.writeVersion({
        dataset: { name: 'lineage', frequency: 'h', timeZone: 'UTC' },
        mode,
        uploadId: id,
        pieces: [{ id: 'a', firstStep: i, values: Float64Array.of(i) }],
        summary: () => ({ rowsRead: 1, rowsRejected: 0, findings: null }),
      }));
    }
    await store.runs.pinVersion(run.id, datasetId, 2);
    await store.runs.pinVersion(run.id, datasetId, 4);
    expect(await store.runs.inputs(run.id)).toEqual([
      { datasetId, dataset: 'lineage', version: 2, uploads: ['sha-0', 'sha-1'] },
      { datasetId, dataset: 'lineage', version: 4, uploads: ['sha-2', 'sha-3'] },
    ]);
    expect(await store.uploads.findCommitted('lineage', 'sha-1', { b: [1], dataset: 'lineage' })).toMatchObject({
      no: 2,
      fileName: 'f.csv',
    });
    expect(await store.uploads.findCommitted('lineage', 'sha-1', { dataset: 'lineage' })).toBeNull();
    expect((await store.datasets.versions(datasetId, {})).items.map(({ no, sha256 }) => [no, sha256])).toEqual([
      [4, 'sha-3'],
      [3, 'sha-2'],
      [2, 'sha-1'],
      [1, 'sha-0'],
    ]);
  });
});

describe('models', () => {
  it('number their versions without gaps or twins, and the first becomes champion', async () => {
    const datasetId = await makeDataset('registry');
    const { modelId, runId } = await makeModel('numbered', datasetId);
    const version = { runId, kind: 'segment', horizon: 2, config: {}, metrics: {}, manifestKey: 'm', weightsKey: 'w', sha256: 'x' };
    const made = await Promise.all(Array.from({ length: 5 }, () => store.models.addVersion(modelId, version, { promoteIfFirst: true })));
    expect(made.map(({ no }) => no).sort()).toEqual([2, 3, 4, 5, 6]);
    expect(await store.models.get('numbered')).toMatchObject({ latest: 6, champion: 1, dataset: 'registry' });
    expect(await store.models.version('numbered')).toMatchObject({ no: 1, aliases: ['champion'], config: { a: 1 } });
    expect((await store.models.versions('numbered', { limit: 2 })).items.map(({ no }) => no)).toEqual([6, 5]);
  });

  it('keep the history of their aliases, and roll back', async () => {
    const datasetId = await makeDataset('aliases');
    const { modelId, runId } = await makeModel('aliased', datasetId);
    await store.models.addVersion(modelId, {
      runId,
      kind: 'segment',
      horizon: 2,
      config: {},
      metrics: {},
      manifestKey: 'm',
      weightsKey: 'w',
      sha256: 'x',
    });
    expect(await store.models.setAlias('aliased', 'champion', 2, 'better')).toMatchObject({ no: 2, aliases: ['champion'] });
    await store.models.setAlias('aliased', 'champion', 2, 'again');
    await store.models.setAlias('aliased', 'champion', 1, 'roll back');
    const { items } = await store.models.aliasHistory('aliased', {});
    expect(items.map(({ version, reason, toAt }) => [version, reason, toAt === null])).toEqual([
      [1, 'roll back', true],
      [2, 'better', false],
      [1, 'first version', false],
    ]);
    await expect(store.models.setAlias('aliased', 'challenger', 9, '')).rejects.toMatchObject({
      code: 'MODEL_VERSION_NOT_FOUND',
      status: 404,
    });
    await expect(store.models.version('aliased', { alias: 'challenger' })).rejects.toMatchObject({
      message: expect.stringContaining('aliased@challenger'),
    });
  });

  it('belong to one dataset', async () => {
    await makeModel('owned', await makeDataset('owner'));
    await expect(store.models.ensure('owned', await makeDataset('thief'))).rejects.toMatchObject({ code: 'MODEL_OF_OTHER_DATASET' });
  });
});

describe('forecasts', () => {
  const rowOf = (seriesId: number, cutoffStep: number, base: number): NewForecast => ({
    seriesId,
    cutoffStep,
    cutoffTime: new Date(cutoffStep * 3_600_000),
    horizon: 2,
    levels: [0.1, 0.5, 0.9],
    quantiles: Float64Array.from([0, 1, 2, 3, 4, 5], (x) => x + base),
  });

  it('are the latest of each series once their run has succeeded, and a repeated shard changes nothing', async () => {
    const datasetId = await makeDataset('forecasted', { ids: ['a', 'b', 'c'] });
    const { versionId } = await makeModel('forecaster', datasetId);
    const series = (await store.series.list(datasetId)).items;
    const forecastRun = async (base: number, cutoff: number, ids: number[]): Promise<string> => {
      const run = await store.runs.create({ kind: 'forecast', config: {} });
      await store.runs.claim(run.id, 'w');
      await store.forecasts.insert(
        run.id,
        versionId,
        ids.map((id) => rowOf(id, cutoff, base)),
      );
      return run.id;
    };
    const ids = series.map(({ id }) => id);
    const first = await forecastRun(0, 2, ids);
    expect((await store.forecasts.list({ dataset: 'forecasted' })).items).toEqual([]);
    expect((await store.forecasts.list({ runId: first })).items).toHaveLength(3);
    await store.runs.succeed(first, {});
    const second = await forecastRun(100, 2, ids.slice(0, 2));
    await store.forecasts.insert(second, versionId, [rowOf(ids[0]!, 2, 500), rowOf(ids[2]!, 1, 300)]);
    await store.runs.succeed(second, {});

    const page = await store.forecasts.list({ dataset: 'forecasted', limit: 2 });
    expect(page.items).toMatchObject([
      {
        uniqueId: 'a',
        runId: second,
        model: 'forecaster',
        version: 1,
        cutoffStep: 2,
        cutoffTime: new Date(7_200_000),
        frequency: 'h',
        levels: [0.1, 0.5, 0.9],
      },
      { uniqueId: 'b', runId: second },
    ]);
    expect([...page.items[0]!.quantiles]).toEqual([100, 101, 102, 103, 104, 105]);
    const rest = await store.forecasts.list({ dataset: 'forecasted', limit: 2, after: page.next! });
    expect(rest.items).toMatchObject([{ uniqueId: 'c', runId: first }]);
    expect((await store.forecasts.list({ uniqueId: 'b', model: 'forecaster' })).items).toHaveLength(1);
    expect((await store.forecasts.list({ model: 'nothing' })).items).toEqual([]);
    const streamed: string[] = [];
    for await (const { uniqueId } of store.forecasts.stream({ dataset: 'forecasted' })) streamed.push(uniqueId);
    expect(streamed).toEqual(['a', 'b', 'c']);
    expect(
      await query(
        database.url,
        `SELECT ds, level, value FROM forecast_value WHERE run_id = '${second}' AND unique_id = 'b' ORDER BY level, ds`,
      ),
    ).toEqual(
      [0.1, 0.5, 0.9].flatMap((level, i) => [0, 1].map((h) => ({ ds: new Date((3 + h) * 3_600_000), level, value: 100 + 2 * i + h }))),
    );
  });

  it('show the calendar of their zone in SQL, beyond the last observation', async () => {
    const datasetId = await makeDataset('monthly', { frequency: 'MS', timeZone: 'Europe/Berlin', ids: ['a'] });
    const { versionId, runId } = await makeModel('monthly', datasetId);
    const { id } = await store.series.get(datasetId, 'a');
    await store.forecasts.insert(runId, versionId, [rowOf(id, 2, 0)]);
    expect(await query(database.url, `SELECT ds FROM forecast_value WHERE run_id = '${runId}' AND level = 0.5 ORDER BY ds`)).toEqual([
      { ds: new Date('1970-03-31T23:00:00Z') },
      { ds: new Date('1970-04-30T23:00:00Z') },
    ]);
  });

  it('carry attention maps where they were asked for', async () => {
    const datasetId = await makeDataset('attentive', { ids: ['a', 'b'] });
    const { versionId, runId } = await makeModel('attentive', datasetId);
    const { id } = await store.series.get(datasetId, 'a');
    await store.forecasts.insert(runId, versionId, [rowOf(id, 2, 0)]);
    const map = {
      runId,
      seriesId: id,
      cutoffStep: 2,
      horizon: 2,
      contextLength: 3,
      columnSteps: 1,
      branches: ['x', 'y'],
      gate: Float32Array.of(0.25, 0.75, 1, 0),
    };
    const maps = { contextual: Float32Array.of(1, 0, 0, 0, 1, 0), temporal: Float32Array.of(0, 0, 1, 0.5, 0.5, 0) };
    await store.forecasts.saveAttention([{ ...map, maps }]);
    expect(await store.forecasts.attention(runId, 'a')).toEqual({ ...map, maps });
    await expect(store.forecasts.attention(runId, 'b')).rejects.toMatchObject({ code: 'ATTENTION_NOT_FOUND', status: 404 });
  });
});

describe('datasets', () => {
  it('go with their series, models and forecasts, and leave the runs', async () => {
    const run = await store.runs.create({ kind: 'ingest', config: {} });
    const datasetId = await makeDataset('doomed', { runId: run.id });
    await makeModel('doomed-model', datasetId);
    await store.erasures.dataset('doomed');
    await expect(store.datasets.get('doomed')).rejects.toMatchObject({ code: 'DATASET_NOT_FOUND', status: 404 });
    await expect(store.models.get('doomed-model')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    expect(await store.runs.get(run.id)).toMatchObject({ id: run.id });
    expect(await query(database.url, `SELECT count(*)::int AS n FROM series WHERE dataset_id = '${datasetId}'`)).toEqual([{ n: 0 }]);
    await expect(store.erasures.dataset('doomed')).rejects.toMatchObject({ code: 'DATASET_NOT_FOUND' });
  });

  it('of another workspace are not seen', async () => {
    await makeDataset('mine');
    const [row] = await query<{ id: string }>(database.url, `INSERT INTO workspace (name) VALUES ('other') RETURNING id`);
    const other = store.forWorkspace(row!.id);
    expect(await other.datasets.find('mine')).toBeNull();
    expect((await other.datasets.list({})).items).toEqual([]);
    expect(await other.workspaces.get()).toMatchObject({ name: 'other' });
    const [own, theirs] = [await store.runs.create({ kind: 'train', config: {} }), await other.runs.create({ kind: 'train', config: {} })];
    expect(await store.runs.known([theirs.id, own.id])).toEqual([own.id]);
    expect(await other.runs.known([theirs.id, own.id])).toEqual([theirs.id]);
    expect(await store.runs.known([])).toEqual([]);
  });
});

describe('schedules', () => {
  const schedule = {
    name: 'nightly',
    cron: '0 6 * * *',
    timeZone: 'Europe/Berlin',
    action: { kind: 'forecast' },
    paused: false,
    nextDueAt: new Date('2024-01-01T05:00Z'),
  };

  it('fire each due time exactly once, among many processes', async () => {
    const { id } = await store.schedules.create(schedule);
    const due = (await store.schedules.due(new Date('2024-01-01T05:00Z'))).map(({ name }) => name);
    expect(due).toEqual(['nightly']);
    expect(await store.schedules.due(new Date('2024-01-01T04:59Z'))).toEqual([]);
    const next = new Date('2024-01-02T05:00Z');
    const fired = await Promise.all(Array.from({ length: 5 }, () => store.schedules.fire(id, schedule.nextDueAt, next)));
    expect(fired.filter(Boolean)).toHaveLength(1);
    const run = await store.runs.create({ kind: 'forecast', config: {} });
    await store.schedules.attachRun(id, schedule.nextDueAt, run.id);
    expect(await store.schedules.get('nightly')).toMatchObject({ nextDueAt: next, lastRunId: run.id, lastFiredAt: expect.any(Date) });
    await store.schedules.fire(id, new Date('2023-12-31T05:00Z'), next, 'downtime');
    expect((await store.schedules.firings('nightly', {})).items).toMatchObject([
      { outcome: 'fired', runId: run.id, dueAt: schedule.nextDueAt },
      { outcome: 'skipped', runId: null },
    ]);
  });

  it('are changed, paused and deleted by name', async () => {
    await store.schedules.create({ ...schedule, name: 'weekly' });
    await expect(store.schedules.create({ ...schedule, name: 'weekly' })).rejects.toMatchObject({ code: 'SCHEDULE_EXISTS', status: 409 });
    expect(await store.schedules.update('weekly', { paused: true })).toMatchObject({ paused: true, cron: schedule.cron });
    expect((await store.schedules.due(new Date())).map(({ name }) => name)).not.toContain('weekly');
    await store.schedules.delete('weekly');
    await expect(store.schedules.get('weekly')).rejects.toMatchObject({ code: 'SCHEDULE_NOT_FOUND' });
  });
});

describe('idempotency keys', () => {
  const begun = { state: 'new', held: { key: expect.any(String), holder: expect.any(String) } };
  const begin = async (key: string, within = store): Promise<HeldKey> => {
    const state = await within.idempotency.begin(key, 'h');
    expect(state).toEqual(begun);
    return (state as { held: HeldKey }).held;
  };

  it('answer a repeated request with what was answered, and refuse another one', async () => {
    const { idempotency } = store;
    const held = await begin('k');
    expect(await idempotency.begin('k', 'h')).toEqual({ state: 'running' });
    await idempotency.finish(held, 202, { runId: 'r' });
    expect(await idempotency.begin('k', 'h')).toEqual({ state: 'done', status: 202, body: { runId: 'r' } });
    expect(await idempotency.begin('k', 'other')).toEqual({ state: 'conflict' });
    await idempotency.release(await begin('failed'));
    await begin('failed');
    await query(database.url, `UPDATE idempotency_key SET created_at = now() - interval '2 days' WHERE key = 'failed'`);
    expect(await idempotency.begin('failed', 'new request')).toEqual(begun);
    const { id } = await store.workspaces.create('idempotent');
    await begin('k', store.forWorkspace(id));
    await query(database.url, `UPDATE idempotency_key SET created_at = now() - interval '2 days' WHERE key = 'k'`);
    expect(await idempotency.expire(86_400_000)).toBe(2);
    await begin('k');
  });

  it('lead to the run that was made, though whoever made it died, and whoever comes back late makes no second one', async () => {
    const run = { kind: 'train' as const, dataset: 'made-once', config: {} };
    const [slow, dead] = [await begin('slow'), await begin('dead')];
    const giveUp = (): Promise<unknown> =>
      query(database.url, `UPDATE idempotency_key SET created_at = now() - interval '11 seconds' WHERE key IN ('slow', 'dead')`);
    const { id } = await store.under(dead).runs.create(run);
    expect(await store.idempotency.begin('dead', 'h')).toEqual({ state: 'running' });
    await giveUp();
    expect(await store.idempotency.begin('dead', 'h')).toEqual({ state: 'made', runId: id });
    await begin('slow');
    await expect(store.under(slow).runs.create(run)).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_IN_USE' });
    await store.idempotency.release(slow);
    expect(await store.idempotency.begin('slow', 'h')).toEqual({ state: 'running' });
    expect((await store.runs.list({ dataset: 'made-once' })).items).toHaveLength(1);
  });
});

describe('workers', () => {
  it('are known by their heartbeats', async () => {
    await store.workers.beat({ id: 'w1', engine: { name: 'wasm' }, busyWith: [] });
    await store.workers.beat({ id: 'w1', engine: { name: 'wasm' }, busyWith: ['run-1'] });
    await store.workers.beat({ id: 'w2', engine: null, busyWith: [] });
    await query(database.url, `UPDATE worker SET seen_at = now() - interval '1 hour' WHERE id = 'w2'`);
    expect(await store.workers.list(60_000)).toMatchObject([{ id: 'w1', busyWith: ['run-1'], engine: { name: 'wasm' } }]);
    await store.workers.remove('w1');
    expect(await store.workers.list(60_000)).toEqual([]);
  });
});

describe('retention', () => {
  const about = { dataset: 'aging', model: 'aging-model', config: {} };
  const done = async (kind: RunKind, given: Partial<NewRun> = {}, result: Json = {}): Promise<string> => {
    const { id } = await store.runs.create({ kind, ...about, ...given });
    await store.runs.claim(id, 'w');
    await store.runs.succeed(id, result);
    return id;
  };
  const broken = async (kind: RunKind, progress: Json): Promise<string> => {
    const { id } = await store.runs.create({ kind, ...about });
    await store.runs.claim(id, 'w');
    await store.runs.progress(id, progress);
    await store.runs.fail(id, { code: 'X' });
    return id;
  };
  const age = (): Promise<unknown> =>
    query(
      database.url,
      `ALTER TABLE run DISABLE TRIGGER finished_run_is_immutable;
       UPDATE run SET finished_at = now() - interval '40 days' WHERE dataset = 'aging' AND finished_at IS NOT NULL;
       ALTER TABLE run ENABLE TRIGGER finished_run_is_immutable`,
    );
  const removed: string[] = [];
  const remove = async (key: string): Promise<void> => void removed.push(key);
  const state = (id: string): Promise<string> =>
    store.runs.get(id).then(
      ({ status }) => status,
      ({ code }: { code: string }) => code,
    );

  it('removes old runs whole, and keeps what is the latest, what something came from, and what is waited for', async () => {
    const ingest = await done('ingest');
    const datasetId = await makeDataset('aging', { ids: ['a'], runId: ingest });
    const { versionId } = await makeModel('aging-model', datasetId);
    const { id: seriesId } = await store.series.get(datasetId, 'a');
    const forecasts = [await done('forecast')];
    forecasts.push(await done('forecast', { afterId: forecasts[0] }));
    for (const run of forecasts)
      await store.forecasts.insert(run, versionId, [
        { seriesId, cutoffStep: 2, cutoffTime: new Date(7_200_000), horizon: 1, levels: [0.5], quantiles: Float64Array.of(1) },
      ]);
    const [backtest, newestBacktest] = [await done('backtest'), await done('backtest')];
    const failed = await broken('backtest', {});
    const [waitedFor, newestMonitor] = [await done('monitor'), await done('monitor')];
    const open = await store.runs.create({ kind: 'monitor', dataset: 'aging', config: {}, afterId: waitedFor });
    await age();
    await query(
      database.url,
      `INSERT INTO run_point (workspace_id, run_id, step, loss) SELECT workspace_id, id, 1, 0.5 FROM run WHERE id IN ('${newestBacktest}', '${open.id}')`,
    );

    expect(await store.retention.drop('forecasts', 50, remove)).toBe(0);
    expect(await store.retention.drop('forecasts', 30, remove)).toBe(1);
    expect(await store.retention.drop('forecasts', 30, remove)).toBe(0);
    expect(await Promise.all(forecasts.map(state))).toEqual(['RUN_NOT_FOUND', 'succeeded']);
    expect((await store.forecasts.list({ dataset: 'aging' })).items.map(({ runId }) => runId)).toEqual([forecasts[1]]);
    expect(await query(database.url, `SELECT 1 FROM forecast WHERE run_id = '${forecasts[0]}'`)).toEqual([]);
    expect(await store.runs.get(forecasts[1]!)).toMatchObject({ afterId: null });

    expect(await store.retention.drop('runs', 30, remove)).toBe(2);
    expect(await Promise.all([backtest, failed, newestBacktest, waitedFor, newestMonitor, ingest].map(state))).toEqual([
      ...['RUN_NOT_FOUND', 'RUN_NOT_FOUND'],
      ...['succeeded', 'succeeded', 'succeeded', 'succeeded'],
    ]);
    expect(await store.retention.drop('logs', 30, remove)).toBeGreaterThan(0);
    expect(await query(database.url, `SELECT 1 FROM schedule_firing WHERE due_at < now() - interval '30 days'`)).toEqual([]);
    expect(await query(database.url, `SELECT run_id FROM run_point WHERE run_id IN ('${newestBacktest}', '${open.id}')`)).toEqual([
      { run_id: open.id },
    ]);
  });

  it('keeps forecasts of everything beside later ones of some series and replays, and what an open run goes on from', async () => {
    const whole = await done('forecast');
    const early = [
      await done('forecast', { config: { cutoff: '2024-01-01' } }),
      await done('forecast', { config: { cutoff: '2024-01-02' } }),
    ];
    const some = await done('forecast', { config: { uniqueIds: ['a'] } });
    const replay = await done('forecast', { config: { replayOf: early[0]! } });
    const open = await store.runs.create({ kind: 'forecast', ...about, config: { replayOf: early[0]! } });
    await age();
    await store.retention.drop('forecasts', 30, remove);
    const all = [whole, ...early, some, replay];
    expect(await Promise.all(all.map(state))).toEqual(all.map(() => 'succeeded'));
    await store.runs.requestCancel(open.id);
    expect(await store.retention.drop('forecasts', 30, remove)).toBe(1);
    expect(await Promise.all(early.map(state))).toEqual(['RUN_NOT_FOUND', 'succeeded']);
  });

  it('takes the files of a run along, but not the state that an online model goes on from', async () => {
    const kept = { state: { manifestKey: 'kept-state', weightsKey: 'kept-state' } };
    const training = await broken('train', kept);
    const goesOn = await store.runs.create({ kind: 'train', ...about, config: { resumes: training } });
    const learned = (datasetVersion: number, key: string | null): Promise<string> =>
      done('learn', {}, { from: 1, version: null, datasetVersion, state: key });
    const shadows = [await learned(1, 'first'), await learned(3, 'furthest'), await learned(2, 'behind'), await learned(4, null)];
    await age();
    await store.retention.drop('runs', 30, remove);
    expect(await state(training)).toBe('failed');
    expect(await Promise.all(shadows.map(state))).toEqual(['RUN_NOT_FOUND', 'succeeded', 'RUN_NOT_FOUND', 'succeeded']);
    expect(removed.sort()).toEqual(['behind', 'first']);
    await store.runs.requestCancel(goesOn.id);
    const unreachable = (): Promise<void> => Promise.reject(new Error('the bucket is away'));
    await expect(store.retention.drop('runs', 30, unreachable)).rejects.toThrow('the bucket is away');
    expect(await state(training)).toBe('failed');
    expect(await store.retention.drop('runs', 30, remove)).toBe(1);
    expect(removed.sort()).toEqual(['behind', 'first', 'kept-state']);
  });

  it('is of a workspace, which is served where it has set some days', async () => {
    const other = store.forWorkspace((await store.workspaces.create('forgetful')).id);
    await other.retention.keep('forecasts', 30);
    await other.retention.keep('runs', 90);
    await other.retention.keep('forecasts', 60);
    await other.retention.keep('runs', null);
    expect(await other.retention.days()).toEqual({ forecasts: 60 });
    expect(await store.retention.days()).toEqual({});
    expect(await store.workspaces.having('kept', new Date())).toEqual([other.workspaceId]);
  });
});

it('what refers to something that was deleted meanwhile says so', async () => {
  const error: unknown = await store.models.ensure('of-nothing', newId()).catch((thrown: unknown) => thrown);
  expect(asDeleted(error)).toMatchObject({ code: 'DELETED_MEANWHILE', status: 409 });
});

describe('a transaction', () => {
  it('takes everything back when it fails, across repositories', async () => {
    const failing = store.transaction(async (inside) => {
      await inside.runs.create({ kind: 'ingest', dataset: 'rolled-back', config: {} });
      await inside.transaction((nested) => nested.idempotency.begin('rolled-back', 'h'));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect((await store.runs.list({ dataset: 'rolled-back' })).items).toEqual([]);
    expect(await store.idempotency.begin('rolled-back', 'h')).toMatchObject({ state: 'new' });
  });
});
