/** What a run will take is known before it is queued; what wants a GPU goes where there is one. On a real Postgres, and Redis. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobName, TrainRequestInput } from '@almanac/contracts';
import { estimateAction } from '@almanac/flow/schedule';
import { requestBacktest } from '@almanac/flow/backtest';
import { type Compute, startCompute } from '@almanac/flow/compute';
import { type FlowContext, JOBS } from '@almanac/flow/runs';
import { newWorkerId } from '@almanac/flow/runs/execute';
import { requestTraining } from '@almanac/flow/train';
import { runHandlers } from '@almanac/flow/handlers';
import { folderObjectStore, openQueue, type Queue, type RunLimits, silentLogger } from '@almanac/platform';
import { openStore, type RunRecord, type Store } from '@almanac/store';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, query, type TestDatabase } from '../../../../test/support/database.js';
import { redisIsInstalled, startRedis, type TestRedis } from '../../../../test/support/redis.js';
import { planTrainingRun } from '../train/request.js';
import { admit, estimateRun } from './admit.js';

const GIGABYTE = 2 ** 30;
const free: RunLimits = { memoryBytes: undefined, seconds: undefined, cost: undefined, pricePerHour: { cpu: undefined, gpu: undefined } };
const small: TrainRequestInput = { dataset: 'waves', kind: 'segment', horizon: 24, contextLength: 48, steps: 4, config: { hidden: 8 } };

let database: TestDatabase;
let folder: string;
let store: Store;
let flow: FlowContext;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'almanac-admit-'));
  store = await openStore({ databaseUrl: database.url });
  const queue = await openQueue<JobName>({ databaseUrl: database.url, redisUrl: undefined }, JOBS, silentLogger);
  flow = { store, queue, objects: folderObjectStore(folder), logger: silentLogger, now: () => new Date(), codeVersion: 'test' };
  await store.series.writeVersion({
    dataset: { name: 'waves', frequency: 'h', timeZone: 'UTC' },
    mode: 'replace',
    pieces: [0, 1].map((series) => ({
      id: `s${series}`,
      firstStep: 0,
      values: Float64Array.from({ length: 400 }, (_, t) => 10 + series + Math.sin((2 * Math.PI * t) / 24)),
    })),
    summary: () => ({ rowsRead: 0, rowsRejected: 0, findings: null }),
  });
});
afterEach(async () => {
  for (const { id } of await store.workers.list(60_000)) await store.workers.remove(id);
});
afterAll(async () => {
  await flow?.queue.close();
  await store?.close();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

const offers = (id: string, memoryBytes: number, devices: string[] = []): Promise<void> =>
  store.workers.beat({ id, engine: null, busyWith: [], resources: { threads: 1, memoryBytes, devices } });
const codeOf = (asked: Promise<unknown>): Promise<unknown> => asked.catch((error: { code: string }) => error.code);
const training = (request: TrainRequestInput): Promise<unknown> => codeOf(requestTraining(flow, request));

describe('a run', () => {
  it('is refused before it is queued when it does not fit the memory of any worker', async () => {
    await offers('tiny', GIGABYTE / 16);
    const before = (await store.runs.list()).items.length;
    expect(await training(small)).toBe('RUN_TOO_LARGE');
    expect((await store.runs.list()).items).toHaveLength(before);
    await offers('roomy', 8 * GIGABYTE);
    const run = await requestTraining(flow, small);
    expect(run.status).toBe('queued');
    await store.runs.requestCancel(run.id);
    expect(await training({ ...small, config: { hidden: 20_000 } })).toBe('RUN_TOO_LARGE');
  });

  it('is refused for its time and its cost', async () => {
    const limited = (limits: Partial<RunLimits>): FlowContext => ({ ...flow, limits: { ...free, ...limits } });
    const long: TrainRequestInput = { dataset: 'waves', steps: 900_000 };
    expect(await codeOf(requestTraining(limited({ seconds: 600 }), long))).toBe('RUN_TOO_LONG');
    const priced = limited({ cost: 1, pricePerHour: { cpu: 0.5, gpu: 2 } });
    expect(await codeOf(requestTraining(priced, long))).toBe('RUN_TOO_COSTLY');
    expect(await codeOf(requestBacktest(priced, { dataset: 'waves', windows: 10, stepSize: 24, horizon: 24, steps: 500_000 }))).toBe(
      'RUN_TOO_COSTLY',
    );
    // Ordinary runs pass the same limits.
    await store.runs.requestCancel((await requestTraining(priced, small)).id);
  });

  it('of any kind is refused for its time, by what runs like it took, where there is a limit', async () => {
    const limited: FlowContext = { ...flow, limits: { ...free, seconds: 60 } };
    const plan = forecastBy('slow');
    const admitted = (context: FlowContext): Promise<unknown> => codeOf(admit(context, plan).then(() => 'admitted'));
    expect(await admitted(limited)).toBe('admitted');
    const { id } = await store.runs.create(plan);
    await store.runs.claim(id, 'worker');
    await query(database.url, `UPDATE run SET started_at = now() - interval '2 minutes' WHERE id = '${id}'`);
    await store.runs.succeed(id, {});
    expect([await admitted(limited), await admitted(flow)]).toEqual(['RUN_TOO_LONG', 'admitted']);
  });

  it('is carried to a GPU itself where no parts of it are', async () => {
    await offers('gpu', GIGABYTE, ['0']);
    const queueOf = async (members: number): Promise<string | null> => {
      const run = await planTrainingRun(flow, { ...small, kind: 'ensemble', config: { members }, device: 'auto' });
      return (await admit(flow, run)).queue ?? null;
    };
    expect([await queueOf(1), await queueOf(2)]).toEqual(['gpu', null]);
  });

  it('that is no training is not said to take what a training took', async () => {
    const { id } = await store.models.ensure('measured', (await store.datasets.get('waves')).id);
    const [trained] = (await store.runs.list({ kind: 'train' })).items;
    const pace = { kind: 'segment', operations: 1e13, seconds: 100, otherSeconds: 3, device: 'cpu' };
    const stored = { manifestKey: 'none', weightsKey: 'none', sha256: 'none' };
    await store.models.addVersion(id, { runId: trained!.id, kind: 'segment', horizon: 24, config: {}, metrics: { pace }, ...stored });
    try {
      expect(await estimateRun(flow, forecastBy('never-forecast'))).toMatchObject({ basis: 'assumed', likeRun: null, seconds: null });
      expect(await estimateAction(flow, { kind: 'train', request: small as never })).toMatchObject({
        basis: 'history',
        likeRun: trained!.id,
      });
    } finally {
      await query(database.url, `DELETE FROM model_version WHERE model_id = '${id}'`);
    }
  });

  it('must fit in what is free of a worker, not in all that it has', async () => {
    const resources = { threads: 1, memoryBytes: 8 * GIGABYTE, freeBytes: GIGABYTE / 16, devices: [] };
    await store.workers.beat({ id: 'crowded', engine: null, busyWith: [], resources });
    expect(await training(small)).toBe('RUN_TOO_LARGE');
    await store.workers.beat({ id: 'crowded', engine: null, busyWith: [], resources: { ...resources, freeBytes: 4 * GIGABYTE } });
    const run = await requestTraining(flow, small);
    await store.runs.requestCancel(run.id);
  });

  it('can be asked about without being queued', async () => {
    const ask = (request: object): ReturnType<typeof estimateAction> =>
      estimateAction(flow, { kind: 'train', request: { ...small, ...request } as never });
    const before = (await store.runs.list()).items.length;
    const [one, wide, twice] = [await ask({}), await ask({ config: { hidden: 256 } }), await ask({ steps: 8 })];
    expect(one).toMatchObject({ fits: true, problem: null, steps: 4, device: 'cpu', basis: 'assumed', limits: { memoryBytes: null } });
    expect(wide.memoryBytes!).toBeGreaterThan(one.memoryBytes!);
    expect(twice.seconds!).toBeGreaterThanOrEqual(one.seconds!);
    // What it adds to its member is small.
    const covariates = { static: ['size'], past: [], future: [] };
    expect((await ask({ kind: 'coldStart', config: { covariates } })).steps).toBe(one.steps);
    // Nothing is known of these series but their history; nor is there such a setting: both are said before anything is queued.
    await expect(ask({ kind: 'coldStart', config: {} })).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      subject: { setting: 'covariates' },
    });
    await expect(ask({ kind: 'recurrent', config: { encodr: 'grid' } })).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      hint: 'Did you mean "encoder"?',
    });
    expect(await training({ ...small, config: { hiden: 8 } })).toBe('INVALID_CONFIG');
    expect(
      await codeOf(
        requestBacktest(flow, { dataset: 'waves', horizon: 24, models: [{ kind: 'linear', config: { contextLength: 'long' } }] }),
      ),
    ).toBe('INVALID_CONFIG');
    await offers('tiny', GIGABYTE / 16);
    expect(await ask({})).toMatchObject({ fits: false, problem: { code: 'RUN_TOO_LARGE' } });
    expect(await ask({ device: 'gpu' })).toMatchObject({ fits: false, problem: { code: 'GPU_UNAVAILABLE' } });
    await expect(ask({ dataset: 'nowhere' })).rejects.toMatchObject({ code: 'DATASET_NOT_FOUND' });
    expect((await store.runs.list()).items).toHaveLength(before);
  });
});

describe.each(['pg-boss', 'bull'] as const)('a run that wants a GPU, on %s', (driver) => {
  let redis: TestRedis | undefined;
  const stops: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    if (driver === 'bull' && redisIsInstalled()) redis = await startRedis();
  });
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });
  afterAll(() => redis?.stop());

  async function over(): Promise<FlowContext> {
    const queue: Queue<JobName> = await openQueue({ databaseUrl: database.url, redisUrl: redis?.url }, JOBS, silentLogger);
    stops.push(() => queue.close());
    return { ...flow, queue };
  }
  /** @param devices declared, as a configuration would; they compute on the CPU here */
  async function worker(devices: string[], onDevice: (device: string, work: Promise<unknown>) => void = () => undefined): Promise<string> {
    const context = await over();
    const cpu = startCompute({ threads: 1 });
    const each = devices.map((device): Compute => {
      const run: Compute['run'] = (task, options) => {
        const work = cpu.run(task, options);
        onDevice(device, work);
        return work;
      };
      return { ...cpu, run };
    });
    const holder = { workerId: newWorkerId(), holds: () => undefined, letsGo: () => undefined };
    await offers(holder.workerId, 8 * GIGABYTE, devices);
    await context.queue.work(
      [...runHandlers(context, { cpu, devices: each }, holder), { name: 'deliver', handle: () => Promise.resolve() }],
      {
        train: 1,
        part: 1,
        gather: 1,
        gpu: devices.length,
      },
    );
    stops.push(() => cpu.close());
    return holder.workerId;
  }
  async function ended(id: string): Promise<RunRecord> {
    for (;;) {
      const run = await store.runs.get(id);
      if (run.finishedAt !== null) return run;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  it.skipIf(driver === 'bull' && !redisIsInstalled())('goes to the worker that has one, and one at a time to each device', async () => {
    const asking = await over();
    await worker([]);
    expect(await codeOf(requestTraining(asking, { ...small, device: 'gpu' }))).toBe('GPU_UNAVAILABLE');
    const busy = new Map<string, number>();
    const used: string[] = [];
    const able = await worker(['0', '1'], (device, work) => {
      busy.set(device, (busy.get(device) ?? 0) + 1);
      expect(busy.get(device)).toBe(1);
      used.push(device);
      void work.catch(() => undefined).finally(() => busy.set(device, busy.get(device)! - 1));
    });
    const ids: string[] = [];
    for (let seed = 1; seed <= 4; seed++) ids.push((await requestTraining(asking, { ...small, model: `gpu-${driver}`, seed })).id);
    for (const id of ids) expect(await ended(id)).toMatchObject({ error: null, workerId: able, queue: 'gpu', config: { device: 'gpu' } });
    expect(new Set(used)).toEqual(new Set(['0', '1']));
    // A baseline has no use for it.
    const plain = await ended(
      (await requestTraining(asking, { dataset: 'waves', kind: 'naive', horizon: 24, model: `naive-${driver}` })).id,
    );
    expect(plain).toMatchObject({ error: null, queue: null, config: { device: 'cpu' } });
    // What was measured long enough tells the next.
    const { id } = await store.models.ensure(`gpu-${driver}`, (await store.datasets.get('waves')).id);
    const pace = { operations: 1e13, seconds: 100, otherSeconds: 3, device: 'gpu' };
    const stored = { manifestKey: 'none', weightsKey: 'none', sha256: 'none' };
    await store.models.addVersion(id, { runId: ids[0]!, kind: 'segment', horizon: 24, config: {}, metrics: { pace }, ...stored });
    expect(await estimateAction(flow, { kind: 'train', request: { ...small, device: 'gpu' } as never })).toMatchObject({
      basis: 'history',
      device: 'gpu',
    });
  });
});

function forecastBy(model: string): Parameters<typeof estimateRun>[1] {
  const resolved = { modelName: model, modelVersion: 1, modelVersionId: store.workspaceId, datasetVersion: 1, horizon: 24 };
  return {
    kind: 'forecast',
    dataset: 'waves',
    model,
    config: { model, dataset: 'waves', covariateFill: 'none', attention: false, calibrate: false, contributions: false, ...resolved },
  };
}
