/** Runs whose parts several workers share, on a real Postgres. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backtestResult, type JobName, trainResult } from '@almanac/contracts';
import { requestBacktest } from '@almanac/flow/backtest';
import { type Compute, startCompute } from '@almanac/flow/compute';
import { requestForecast } from '@almanac/flow/forecast';
import { ask } from '@almanac/flow/ask';
import { cancelRun, carry, type FlowContext, JOBS, readRun } from '@almanac/flow/runs';
import { newWorkerId } from '@almanac/flow/runs/execute';
import { requestTraining } from '@almanac/flow/train';
import { runHandlers } from '@almanac/flow/handlers';
import { backtest, createForecaster, type Panel } from '@almanac/forecasting';
import { folderObjectStore, openQueue, type Queue, silentLogger } from '@almanac/platform';
import { openStore, type RunRecord, type Store } from '@almanac/store';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';

const MANY = 1_300;
const HOURS = 24 * 12;
let database: TestDatabase;
let folder: string;
let store: Store;
let flow: FlowContext;

interface TestWorker {
  id: string;
  compute: Compute;
  stop(): Promise<void>;
}
const workers: TestWorker[] = [];

/** @param before is awaited before each computation */
async function worker(
  before: (task: string, signal: AbortSignal) => Promise<void> = () => Promise.resolve(),
  jobs: Partial<Record<JobName, number>> = {},
): Promise<TestWorker> {
  const queue: Queue<JobName> = await openQueue({ databaseUrl: database.url, redisUrl: undefined }, JOBS, silentLogger);
  const compute = startCompute({ threads: 1 });
  const cpu: Compute = {
    ...compute,
    run: async (task, options) => {
      await before(task.task, options.signal);
      return compute.run(task, options);
    },
  };
  const holder = { workerId: newWorkerId(), holds: () => undefined, letsGo: () => undefined };
  await queue.work([...runHandlers({ ...flow, queue }, { cpu }, holder), { name: 'deliver', handle: () => Promise.resolve() }], {
    train: 1,
    forecast: 1,
    backtest: 1,
    part: 1,
    gather: 1,
    ...jobs,
  });
  const made: TestWorker = {
    id: holder.workerId,
    compute,
    async stop() {
      workers.splice(workers.indexOf(made), 1);
      await queue.close();
      await compute.close();
    },
  };
  workers.push(made);
  return made;
}

/** A computation that never ends by itself. */
const untilStopped = (signal: AbortSignal): Promise<void> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

const value = (series: number, t: number): number => 20 + (series % 7) + 10 * Math.sin((2 * Math.PI * (t + series)) / 24) + (t % 5);

function seriesOf(count: number): { id: string; firstStep: number; values: Float64Array }[] {
  return Array.from({ length: count }, (_, series) => ({
    id: `s${String(series).padStart(4, '0')}`,
    firstStep: 0,
    values: Float64Array.from({ length: HOURS }, (_, t) => value(series, t)),
  }));
}

async function ended(id: string): Promise<RunRecord> {
  for (;;) {
    const run = await store.runs.get(id);
    if (run.finishedAt !== null) return run;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'almanac-parts-'));
  store = await openStore({ databaseUrl: database.url });
  const queue = await openQueue<JobName>({ databaseUrl: database.url, redisUrl: undefined }, JOBS, silentLogger);
  flow = { store, queue, objects: folderObjectStore(folder), logger: silentLogger, now: () => new Date(), codeVersion: 'test' };
  for (const [name, count] of [
    ['many', MANY],
    ['few', 4],
  ] as const)
    await store.series.writeVersion({
      dataset: { name, frequency: 'h', timeZone: 'UTC' },
      mode: 'replace',
      pieces: seriesOf(count),
      summary: () => ({ rowsRead: 0, rowsRejected: 0, findings: null }),
    });
});
afterEach(async () => {
  for (const one of [...workers]) await one.stop();
});
afterAll(async () => {
  await flow?.queue.close();
  await store?.close();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

describe('a forecast of many series', () => {
  it('is shared by two workers, each series stored once, and survives the worker that leaves', async () => {
    const first = await worker();
    expect((await ended((await requestTraining(flow, { dataset: 'many', kind: 'seasonalNaive', horizon: 24 })).id)).error).toBeNull();
    await first.stop();

    // The one that computes for ever leaves as soon as the other has done a part.
    let arrived = (): void => undefined;
    const stuckOn = new Promise<void>((resolve) => (arrived = resolve));
    const stuck = await worker((_, signal) => {
      arrived();
      return untilStopped(signal);
    });
    const { id } = await requestForecast(flow, { model: 'many-seasonalNaive' });
    await stuckOn;
    const helper = await worker();
    while (!(await store.runs.partStates(id)).some(({ status }) => status === 'succeeded'))
      await new Promise((resolve) => setTimeout(resolve, 25));
    await stuck.stop();

    const run = await ended(id);
    expect(run.error).toBeNull();
    expect(run.result).toMatchObject({ series: MANY });
    expect(run.engine).toMatchObject({ name: 'wasm' });
    const parts = await store.runs.parts(id);
    expect(parts.length).toBe(3);
    expect(parts.every(({ status, workerId }) => status === 'succeeded' && workerId === helper.id)).toBe(true);
    const seen = new Set<string>();
    for await (const { uniqueId } of store.forecasts.stream({ runId: id })) {
      expect(seen.has(uniqueId)).toBe(false);
      seen.add(uniqueId);
    }
    expect(seen.size).toBe(MANY);
    // Parts are no runs of their own to whoever lists runs.
    expect((await store.runs.list({ limit: 1000 })).items.some(({ parentId }) => parentId !== null)).toBe(false);
    expect((await store.runs.list({ parentId: id })).items).toHaveLength(3);
  });

  it('ends with the reason of a part that fails, and stops the others', async () => {
    await worker((task) => (task === 'predict' ? Promise.reject(new Error('no such luck')) : Promise.resolve()));
    const run = await ended((await requestForecast(flow, { model: 'many-seasonalNaive' })).id);
    expect(run).toMatchObject({ status: 'failed', error: { detail: expect.stringContaining('no such luck') as string } });
    for (const { id } of await store.runs.parts(run.id)) expect(['failed', 'cancelled']).toContain((await ended(id)).status);
  });

  it('stops with all its parts when it is cancelled', async () => {
    await worker(undefined, { part: 0 });
    const { id } = await requestForecast(flow, { model: 'many-seasonalNaive' });
    while ((await store.runs.partStates(id)).length === 0) await new Promise((resolve) => setTimeout(resolve, 25));
    await cancelRun(flow, id);
    expect((await ended(id)).status).toBe('cancelled');
    expect((await store.runs.parts(id)).map(({ status }) => status)).toEqual(['cancelled', 'cancelled', 'cancelled']);
  });
});

describe('an ensemble', () => {
  it('has the weights of one trained in one go, whoever trained its members', async () => {
    const [one, two] = [await worker(), await worker()];
    const request = { dataset: 'few', kind: 'ensemble', horizon: 24, contextLength: 48, steps: 12, seed: 5, config: { members: 3 } };
    const run = await ended((await requestTraining(flow, request)).id);
    expect(run.error).toBeNull();
    expect(trainResult.parse(run.result)).toMatchObject({ version: 1, steps: 36 });
    const parts = await store.runs.parts(run.id);
    expect(parts.map(({ status }) => status)).toEqual(['succeeded', 'succeeded', 'succeeded']);
    expect(new Set(parts.map(({ workerId }) => workerId))).toEqual(new Set([one.id, two.id]));
    // What the parts had made is gone once it is joined.
    for (const { result } of parts) await expect.poll(() => flow.objects.has((result as { aside: string }).aside)).toBe(false);

    const panel: Panel = { frequency: 'h', timeZone: 'UTC', seasonLengths: [24, 168], series: seriesOf(4) };
    const { checkpoint } = await one.compute.run(
      { task: 'train', panel, ...request, holdout: 24 },
      { signal: new AbortController().signal },
    );
    const version = await store.models.version('few-ensemble');
    const weights = await flow.objects.readAll(version.weightsKey);
    expect(Buffer.from(checkpoint.weights.buffer, checkpoint.weights.byteOffset, checkpoint.weights.byteLength).equals(weights)).toBe(true);
    // Its quick member too, which no part trained.
    const manifest = JSON.parse((await flow.objects.readAll(version.manifestKey)).toString('utf8')) as typeof checkpoint.manifest;
    expect(manifest.config['manifests']).toEqual(JSON.parse(JSON.stringify(checkpoint.manifest.config['manifests'])));
    expect((manifest.config['manifests'] as { kind: string }[]).map(({ kind }) => kind)).toEqual([
      'segment',
      'segment',
      'segment',
      'optimisedTheta',
    ]);
  });

  it('holds no place of those that train: other trainings end while it waits for its members', async () => {
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const members = ['theta', 'seasonalNaive'].map((kind) => ({ kind, config: {} }));
    const ensemble = await requestTraining(flow, { dataset: 'few', model: 'pair', kind: 'ensemble', horizon: 24, config: { members } });
    // As an earlier version queued it, among the trainings.
    await flow.queue.remove('gather', ensemble.id);
    await flow.queue.enqueue('train', ensemble.id, { runId: ensemble.id, kind: 'train', workspaceId: store.workspaceId });
    await worker((task) => (task === 'member' ? held : Promise.resolve()), { part: 0 });
    await expect.poll(async () => (await store.runs.partStates(ensemble.id)).length, { timeout: 60_000 }).toBe(2);
    // One place, which a member has: it is free again for a training only because the ensemble itself has none.
    letGo();
    const other = await requestTraining(flow, { dataset: 'few', model: 'alone', kind: 'seasonalNaive', horizon: 24 });
    expect((await ended(other.id)).status).toBe('succeeded');
    expect((await ended(ensemble.id)).error).toBeNull();
  });
});

describe('a backtest', () => {
  it('in parts says what the library says in one go', async () => {
    await worker();
    await worker();
    const models = [{ kind: 'theta' }, { kind: 'segment', label: 'small', config: { hidden: 8, contextLength: 48, segmentLength: 24 } }];
    const plan = { horizon: 24, windows: 3, stepSize: 24, refitEvery: 1 };
    const run = await ended((await requestBacktest(flow, { dataset: 'few', models, ...plan, steps: 4, seed: 2 })).id);
    expect(run.error).toBeNull();
    const result = backtestResult.parse(run.result);
    const parts = await store.runs.parts(run.id);
    // Each window of what is trained anew, one for each baseline, and each model's certificate.
    expect(parts.map(({ config }) => config['task'])).toEqual([
      'backtest',
      'certify',
      'backtest',
      'backtest',
      'backtest',
      'certify',
      'backtest',
      'certify',
    ]);
    expect(result.models.every(({ certificate }) => certificate.passed)).toBe(true);

    const panel: Panel = { frequency: 'h', timeZone: 'UTC', seasonLengths: [24, 168], series: seriesOf(4) };
    const whole = await backtest(panel, [{ name: 'theta', create: () => createForecaster('theta') }], { ...plan, seed: 2 });
    for (const label of ['theta', 'seasonalNaive']) {
      const ours = result.models.find(({ score }) => score.label === label)!;
      const theirs = whole.models.find(({ name }) => name === label)!;
      expect(ours.score.metrics['wql']).toBe(theirs.overall.wql);
      expect(ours.windows.map(({ mase }) => mase)).toEqual(theirs.windows.map(({ scores }) => scores.overall.mase));
      expect(ours.wqlRatio).toBeCloseTo(theirs.relativeToSeasonalNaive.wql, 12);
    }
  });
});

describe('a run that waits for another', () => {
  it('starts when that has ended, and not before', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    await worker(() => gate, { forecast: 2 });
    const before = await requestForecast(flow, { model: 'many-seasonalNaive', uniqueIds: ['s0001'] });
    const record = await store.runs.get(before.id);
    const after = await ask(
      flow,
      { kind: 'forecast', dataset: 'many', model: record.model, config: readRun('forecast', record).config },
      { after: () => Promise.resolve(before.id) },
    );
    await carry(flow, await store.runs.get(after.id));
    while ((await store.runs.get(before.id)).status !== 'running') await new Promise((resolve) => setTimeout(resolve, 25));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await store.runs.get(after.id)).status).toBe('queued');
    release();
    const [first, second] = [await ended(before.id), await ended(after.id)];
    expect([first.status, second.status]).toEqual(['succeeded', 'succeeded']);
    expect(second.startedAt!.getTime()).toBeGreaterThanOrEqual(first.finishedAt!.getTime());
  });
});
