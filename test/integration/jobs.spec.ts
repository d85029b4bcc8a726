/** Runs and their jobs: Postgres holds the truth, so a queue that is lost loses no run, and a poison run ends with its reason. */
import { type JobName, runJob } from '@almanac/contracts';
import { carry, type FlowContext, JOBS } from '@almanac/flow/runs';
import { executeRun, newWorkerId, reconcile } from '@almanac/flow/runs/execute';
import { folderObjectStore, openQueue, type Queue, silentLogger } from '@almanac/platform';
import { AlmanacError } from '@almanac/series';
import { type NewRun, openStore, type RunRecord, type Store } from '@almanac/store';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, query, type TestDatabase } from '../support/database.js';
import { redisIsInstalled, startRedis, type TestRedis } from '../support/redis.js';

let database: TestDatabase;
let store: Store;
const open: Queue<JobName>[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  store = await openStore({ databaseUrl: database.url });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((queue) => queue.close()));
});
afterAll(async () => {
  await store?.close();
  await database?.drop();
});

async function flowOver(redisUrl?: string): Promise<FlowContext> {
  const queue = await openQueue({ redisUrl, databaseUrl: database.url }, JOBS, silentLogger);
  open.push(queue);
  return { store, queue, objects: folderObjectStore('/nonexistent'), logger: silentLogger, now: () => new Date(), codeVersion: 'test' };
}

/** Nothing is planned: what these runs do, they do here. */
async function startRun(flow: FlowContext, run: NewRun): Promise<RunRecord> {
  const record = await flow.store.runs.create(run);
  await carry(flow, record);
  return record;
}

async function work(flow: FlowContext, forecast: Parameters<typeof executeRun>[4]): Promise<void> {
  const holder = { workerId: newWorkerId(), holds: () => undefined, letsGo: () => undefined };
  const handlers = JOBS.map(({ name }) => ({
    name,
    handle: (payload: unknown, delivery: Parameters<typeof executeRun>[2]) =>
      executeRun(flow, runJob.parse(payload), delivery, holder, forecast),
  }));
  await flow.queue.work(handlers, { ingest: 0, train: 0, forecast: 2, backtest: 0, monitor: 0 });
}

async function ended(id: string): Promise<Awaited<ReturnType<Store['runs']['get']>>> {
  for (;;) {
    const run = await store.runs.get(id);
    if (run.finishedAt !== null) return run;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

describe('runs', () => {
  it.skipIf(!redisIsInstalled())('are put back after Redis was flushed, each once', async () => {
    const redis: TestRedis = await startRedis();
    try {
      const flow = await flowOver(redis.url);
      const runs = await Promise.all(Array.from({ length: 20 }, () => startRun(flow, { kind: 'forecast', config: {} })));
      expect((await flow.queue.depth()).forecast).toBe(20);
      await redis.flush();
      expect((await flow.queue.depth()).forecast).toBe(0);
      expect(await reconcile(flow, 0)).toEqual({ requeued: 20, parked: 0 });
      expect(await reconcile(flow, 0)).toEqual({ requeued: 0, parked: 0 });
      const done: string[] = [];
      await work(flow, ({ run }) => Promise.resolve({ no: done.push(run.id) }));
      await Promise.all(runs.map(({ id }) => ended(id)));
      expect([...done].sort()).toEqual(runs.map(({ id }) => id).sort());
      await flow.queue.close();
      open.splice(0);
    } finally {
      await redis.stop();
    }
  });

  it('are accepted while the queue does not answer', async () => {
    const flow = await flowOver();
    const deaf: FlowContext = { ...flow, queue: { ...flow.queue, enqueue: () => new Promise(() => undefined) } };
    const run = await startRun(deaf, { kind: 'forecast', config: {} });
    expect(run.status).toBe('queued');
    expect(await reconcile(flow, 0)).toEqual({ requeued: 1, parked: 0 });
    await work(flow, () => Promise.resolve({}));
    expect((await ended(run.id)).status).toBe('succeeded');
  });

  it('fail with what is wrong about them, and are not tried again', async () => {
    const flow = await flowOver();
    let tries = 0;
    await work(flow, () => {
      tries++;
      throw new AlmanacError('SERIES_TOO_SHORT', 'The series "a" is too short.', { hint: 'Upload more.', subject: { series: 'a' } });
    });
    const { id } = await startRun(flow, { kind: 'forecast', config: {} });
    expect((await ended(id)).error).toMatchObject({ code: 'SERIES_TOO_SHORT', hint: 'Upload more.', subject: { series: 'a' } });
    expect(tries).toBe(1);
  });

  it('that their queue has parked end with the reason', async () => {
    const flow = await flowOver();
    const run = await startRun({ ...flow, queue: { ...flow.queue, enqueue: () => Promise.resolve() } }, { kind: 'forecast', config: {} });
    const payload = { runId: run.id, kind: 'forecast', workspaceId: store.workspaceId };
    const parking: Queue<JobName> = {
      ...flow.queue,
      parked: (name) => Promise.resolve(name === 'forecast' ? [{ id: run.id, payload, reason: 'job heartbeat timeout' }] : []),
    };
    expect(await reconcile({ ...flow, queue: parking }, 60_000)).toMatchObject({ parked: 1 });
    expect(await store.runs.get(run.id)).toMatchObject({
      status: 'failed',
      error: { code: 'RUN_POISONED', detail: expect.stringContaining('heartbeat') as string },
    });
  });

  it('that a full disk or a lost database has parked wait until there is room again', async () => {
    const flow = await flowOver();
    const { id } = await startRun(flow, { kind: 'forecast', config: {} });
    const payload = { runId: id, kind: 'forecast', workspaceId: store.workspaceId };
    await flow.queue.remove('forecast', id);
    const reason = 'could not extend file "base/16384/t65_32916": No space left on device';
    const parked: Queue<JobName>['parked'] = (name) => Promise.resolve(name === 'forecast' ? [{ id, payload, reason }] : []);
    expect(await reconcile({ ...flow, queue: { ...flow.queue, parked } }, 0)).toMatchObject({ requeued: 1, parked: 0 });
    await work(flow, () => Promise.resolve({}));
    expect((await ended(id)).status).toBe('succeeded');
  });

  it('go on after they were parked as long as they come further each time, and end once they do not', async () => {
    const flow = await flowOver();
    const { id } = await startRun(flow, { kind: 'forecast', config: {} });
    const payload = { runId: id, kind: 'forecast', workspaceId: store.workspaceId };
    const lost = async (weightsKey: string): Promise<{ requeued: number; parked: number }> => {
      // Its worker kept a state, and died; the queue has had enough of it.
      await store.runs.claim(id, 'dying');
      await store.runs.progress(id, { phase: 'training', message: '', fraction: null, state: { weightsKey } });
      await flow.queue.remove('forecast', id);
      await query(database.url, `UPDATE run SET heartbeat_at = now() - interval '1 minute' WHERE id = '${id}'`);
      const parked: Queue<JobName>['parked'] = (name) =>
        Promise.resolve(name === 'forecast' ? [{ id, payload, reason: 'job stalled more than allowable limit' }] : []);
      return reconcile({ ...flow, queue: { ...flow.queue, parked } }, 0);
    };
    for (const state of ['first', 'second', 'third']) {
      expect(await lost(state)).toMatchObject({ requeued: 1, parked: 0 });
      expect(await flow.queue.state('forecast', id)).toBe('waiting');
    }
    expect(await lost('third')).toMatchObject({ parked: 1 });
    expect(await store.runs.get(id)).toMatchObject({ status: 'failed', error: { code: 'RUN_POISONED' } });
  });

  it('change hands when their worker falls silent, and the silent one can no longer end them', async () => {
    const flow = await flowOver();
    const { id } = await startRun(flow, { kind: 'forecast', config: {} });
    expect(await store.runs.claim(id, 'silent')).not.toBeNull();
    expect(await store.runs.claim(id, 'other')).toBeNull();
    await store.runs.requeueStale(0);
    expect(await store.runs.heartbeat(id, 'silent')).toMatchObject({ lost: true });
    await work(flow, ({ workerId }) => Promise.resolve({ workerId }));
    expect((await ended(id)).attempts).toBe(2);
  });
});
