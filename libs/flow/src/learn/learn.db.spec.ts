/** An online model on the platform: its shadow learns day by day, takes its place or is thrown away; on a real Postgres. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JobName, type LearnResult, learnResult } from '@almanac/contracts';
import { type Compute, startCompute } from '@almanac/flow/compute';
import { requestForecast } from '@almanac/flow/forecast';
import { requestLearning } from '@almanac/flow/learn';
import { executeLearning } from '@almanac/flow/learn/execute';
import { listAliasHistory } from '@almanac/flow/query';
import { setAlias } from '@almanac/flow/register';
import { type FlowContext, JOBS, readRun } from '@almanac/flow/runs';
import { newWorkerId } from '@almanac/flow/runs/execute';
import { createSchedule, fireDue } from '@almanac/flow/schedule';
import { requestTraining } from '@almanac/flow/train';
import { runHandlers } from '@almanac/flow/handlers';
import { folderObjectStore, openQueue, type Queue, silentLogger } from '@almanac/platform';
import { openStore, type RunRecord, type Store } from '@almanac/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';

const KNOWN = 400;
const SEASON = 7;
let database: TestDatabase;
let folder: string;
let store: Store;
let queue: Queue<JobName>;
let compute: Compute;
let flow: FlowContext;
let now = new Date('2030-01-01T00:00:00Z');

/** The same noise every time, between -1 and 1. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** A week, and noise that remembers: from `turn` on it swings where it lingered. */
function stream(length: number, { seed = 1, turn = Infinity }: { seed?: number; turn?: number } = {}): Float64Array {
  const next = noise(seed);
  let rest = 0;
  return Float64Array.from({ length }, (_, t) => {
    rest = (t < turn ? 0.8 : -0.7) * rest + next();
    return 20 + 5 * Math.sin((2 * Math.PI * t) / SEASON) + rest;
  });
}

async function arrive(dataset: string, values: Float64Array, from: number, to: number, into = store): Promise<void> {
  await into.series.writeVersion({
    dataset: { name: dataset, frequency: 'D', timeZone: 'UTC' },
    mode: 'append',
    pieces: [{ id: 'a', firstStep: from, values: values.slice(from, to) }],
    summary: () => ({ rowsRead: 0, rowsRejected: 0, findings: null }),
  });
}

async function ended(run: { id: string }, from = store): Promise<RunRecord> {
  for (;;) {
    const found = await from.runs.get(run.id);
    if (found.finishedAt !== null) {
      expect(found.error).toBeNull();
      return found;
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

const train = async (model: string, config: Record<string, unknown> = {}, context = flow): Promise<RunRecord> =>
  ended(await requestTraining(context, { dataset: model, model, kind: 'online', horizon: 4, config }), context.store);
const resultOf = ({ result }: RunRecord): LearnResult => learnResult.parse(result);
const learn = async (model: string, context = flow): Promise<LearnResult> =>
  resultOf(await ended(await requestLearning(context, { model }), context.store));

async function forecastOf(model: string): Promise<number[]> {
  const run = await ended(await requestForecast(flow, { model }));
  for await (const { quantiles } of store.forecasts.stream({ runId: run.id })) return [...quantiles];
  throw new Error('nothing was forecast');
}

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'almanac-learn-'));
  store = await openStore({ databaseUrl: database.url });
  queue = await openQueue({ databaseUrl: database.url, redisUrl: undefined }, JOBS, silentLogger);
  compute = startCompute({ threads: 1 });
  flow = { store, queue, objects: folderObjectStore(folder), logger: silentLogger, now: () => now, codeVersion: 'test' };
  const holder = { workerId: newWorkerId(), holds: () => undefined, letsGo: () => undefined };
  await queue.work([...runHandlers(flow, { cpu: compute }, holder), { name: 'deliver', handle: () => Promise.resolve() }], {
    train: 1,
    forecast: 1,
    learn: 1,
  });
});
afterAll(async () => {
  await queue?.close();
  await compute?.close();
  await store?.close();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

describe('a world that changes', () => {
  const values = stream(2400, { turn: KNOWN });

  it('makes the shadow champion, and the history says why', async () => {
    await arrive('drifting', values, 0, KNOWN);
    await train('drifting', { learningRateScale: 0.3 });
    const promotions: LearnResult[] = [];
    for (let day = KNOWN; day < values.length && promotions.length === 0; day += 200) {
      await arrive('drifting', values, day, day + 200);
      const result = await learn('drifting');
      expect(result.observations).toBe(day === KNOWN ? 204 : 200);
      if (result.outcome === 'promoted') promotions.push(result);
    }
    const [first] = promotions;
    expect(first).toMatchObject({ from: 1, version: 2, promotedSeries: 1 });
    expect(first!.pinball!.shadow).toBeLessThan(first!.pinball!.champion);
    expect((await store.models.get('drifting')).champion).toBe(2);
    const version = await store.models.version('drifting');
    expect(version.config).toMatchObject({ from: 1 });
    expect((await store.runs.get(version.runId)).config).toMatchObject({ datasetVersion: first!.datasetVersion });
    const [latest] = (await listAliasHistory(flow, 'drifting', {})).items;
    expect(latest).toMatchObject({
      alias: 'champion',
      version: 2,
      reason: expect.stringMatching(/^learned online: .*version 1/) as string,
    });
  });

  it('leaves versions as they were: each forecasts from the same history what it forecast before', async () => {
    const [old, learned] = [await forecastOf('drifting/1'), await forecastOf('drifting/2')];
    expect(old).not.toEqual(learned);
    await learn('drifting');
    expect(await forecastOf('drifting/1')).toEqual(old);
    expect(await forecastOf('drifting/2')).toEqual(learned);
  });

  it('does not learn again what was taken back', async () => {
    await setAlias(flow, 'drifting', 'champion', 1, 'by hand');
    expect(await learn('drifting')).toMatchObject({ from: 1, outcome: 'kept', observations: 0 });
    expect((await store.models.get('drifting')).champion).toBe(1);
  });
});

it('changes nothing in a calm world, and goes on each time where it stopped', async () => {
  const values = stream(KNOWN + 60, { seed: 2 });
  await arrive('calm', values, 0, KNOWN);
  await train('calm');
  for (const [from, observations] of [
    [KNOWN, 24],
    [KNOWN + 20, 20],
    [KNOWN + 40, 20],
  ] as const) {
    await arrive('calm', values, from, from + 20);
    expect(await learn('calm')).toMatchObject({ outcome: 'kept', version: null, observations });
  }
  expect(await learn('calm')).toMatchObject({ outcome: 'kept', observations: 0, reason: 'nothing was observed since' });
  expect((await store.models.get('calm')).latest).toBe(1);
});

it('throws a poisoned shadow away, and the champion forecasts on', async () => {
  const values = stream(KNOWN + 140, { seed: 3 });
  // A burst that persists long enough to be believed, and a gap.
  for (let t = KNOWN; t < KNOWN + 6; t++) values[t] = t % 2 === 0 ? -400 : 400;
  for (let t = KNOWN + 20; t < KNOWN + 26; t++) values[t] = Number.NaN;
  await arrive('poisoned', values, 0, KNOWN);
  await train('poisoned', { learningRateScale: 5, anchor: 0 });
  await arrive('poisoned', values, KNOWN, KNOWN + 140);
  const result = await learn('poisoned');
  expect(result).toMatchObject({ outcome: 'kept', rolledBackSeries: 1, observations: 138 });
  expect((await store.models.get('poisoned')).champion).toBe(1);
  for (const value of await forecastOf('poisoned')) expect(Math.abs(value)).toBeLessThan(500);
});

it('registers once what is delivered twice, by a worker that died before it said so', async () => {
  const values = stream(2400, { turn: KNOWN });
  await arrive('twice', values, 0, KNOWN);
  await train('twice', { learningRateScale: 0.3 });
  await arrive('twice', values, KNOWN, 2400);
  const config = { model: 'twice', datasetVersion: 2, holdout: 0 };
  const run = await store.runs.create({ kind: 'learn', dataset: 'twice', model: 'twice', codeVersion: 'test', config });
  const delivery = {
    ...flow,
    run: readRun('learn', run),
    workerId: 'w',
    signal: new AbortController().signal,
    report: () => Promise.resolve(),
  };
  const first = learnResult.parse(await executeLearning(delivery, compute));
  expect(first).toMatchObject({ from: 1, outcome: 'promoted', version: 2, observations: 2004 });
  expect(await executeLearning(delivery, compute)).toEqual(first);
  expect(await store.models.get('twice')).toMatchObject({ latest: 2, champion: 2 });
  expect((await listAliasHistory(flow, 'twice', {})).items).toHaveLength(2);
});

it('drops what it learned where somebody else became champion meanwhile', async () => {
  const config = { model: 'twice', datasetVersion: 2, holdout: 0 };
  await setAlias(flow, 'twice', 'champion', 1, 'by hand');
  await train('twice');
  await arrive('twice', stream(2600, { turn: KNOWN }), 2400, 2600);
  const run = await store.runs.create({ kind: 'learn', dataset: 'twice', model: 'twice', codeVersion: 'test', config });
  const impatient: Compute = {
    ...compute,
    run: async (task, options) => {
      const outcome = await compute.run(task, options);
      await setAlias(flow, 'twice', 'champion', 3, 'by hand');
      return Object.assign(outcome as object, { promoted: ['a'] }) as typeof outcome;
    },
  };
  const delivery = {
    ...flow,
    run: readRun('learn', run),
    workerId: 'w',
    signal: new AbortController().signal,
    report: () => Promise.resolve(),
  };
  expect(await executeLearning(delivery, impatient)).toMatchObject({ from: 1, outcome: 'superseded', version: null, state: null });
  expect(await store.models.get('twice')).toMatchObject({ latest: 3, champion: 3 });
});

it('is what a schedule does when it is due, on the dataset as it is then', async () => {
  await createSchedule(flow, { name: 'nightly', cron: '0 3 * * *', action: { kind: 'learn', request: { model: 'calm' } } });
  now = new Date('2030-01-01T03:00:01Z');
  const [run] = await fireDue(flow);
  expect(resultOf(await ended(run!))).toMatchObject({ model: 'calm', outcome: 'kept' });
});

it('keeps what workspaces learn apart', async () => {
  const values = stream(KNOWN + 40, { seed: 5 });
  const { id } = await store.workspaces.create('other');
  const other = { ...flow, store: store.forWorkspace(id) };
  for (const context of [flow, other]) {
    await arrive('shared', values, 0, KNOWN, context.store);
    await train('shared', {}, context);
  }
  await arrive('shared', values, KNOWN, KNOWN + 40);
  const [mine, theirs] = [await learn('shared'), await learn('shared', other)];
  expect([mine.observations, theirs.observations]).toEqual([44, 4]);
  expect(mine.state).not.toBe(theirs.state);
  await expect(requestLearning(other, { model: 'calm' })).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
});

it('refuses a model that does not learn online, and says what would', async () => {
  await ended(await requestTraining(flow, { dataset: 'calm', model: 'naive', kind: 'naive', horizon: 4 }));
  await expect(requestLearning(flow, { model: 'naive' })).rejects.toMatchObject({ code: 'MODEL_NOT_ONLINE', status: 409 });
});
