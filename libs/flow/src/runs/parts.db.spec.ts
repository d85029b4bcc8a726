/** Runs whose parts several workers share, on a real Postgres. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backtestResult, type JobName, searchResult, trainResult } from '@almanac/contracts';
import { requestBacktest } from '@almanac/flow/backtest';
import { type Compute, startCompute } from '@almanac/flow/compute';
import { requestForecast } from '@almanac/flow/forecast';
import { ask } from '@almanac/flow/ask';
import { cancelRun, carry, type FlowContext, JOBS, readRun, resumeRun } from '@almanac/flow/runs';
import { newWorkerId } from '@almanac/flow/runs/execute';
import { getSearchSpace, requestSearch } from '@almanac/flow/search';
import { requestTraining } from '@almanac/flow/train';
import { runHandlers } from '@almanac/flow/handlers';
import { backtest, createForecaster, forecastTrial, type Panel, totalsCoverage } from '@almanac/forecasting';
import { folderObjectStore, openQueue, type Queue, silentLogger } from '@almanac/platform';
import { DEFAULT_QUANTILES } from '@almanac/series';
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
      // Sums as stored forecasts are summed: two of three windows have one before them.
      const { overHorizon, overBoth } = totalsCoverage(
        panel,
        theirs.windows.map(({ forecasts }) => forecasts),
        DEFAULT_QUANTILES,
      );
      expect(ours.totals).toMatchObject({
        ...{ windows: 2, series: 4, basis: 'measured' },
        overHorizon: { sums: 8, coverage80: overHorizon.coverage['80'] },
        overBoth: { sums: 2, coverage80: overBoth.coverage['80'] },
      });
    }
  });
});

describe('a search', () => {
  const small = { hidden: 8, contextLength: 48, segmentLength: 24 };
  const request = {
    ...{ dataset: 'few', kind: 'segment', model: 'found', horizon: 24, windows: 2, seed: 3, config: small, trials: 4, steps: 6 },
    space: { hidden: [4, 8], 'train.learningRate': { from: 1e-4, to: 1e-2 } },
  };

  it('survives the worker that leaves, names every trial, and registers the winner, measured on steps that no trial saw', async () => {
    // The first worker stays in its second trial until it leaves.
    let trials = 0;
    const stuck = await worker((task, signal) => (task === 'trial' && ++trials > 1 ? untilStopped(signal) : Promise.resolve()));
    const { id } = await requestSearch(flow, request);
    await expect.poll(() => trials, { timeout: 60_000 }).toBe(2);
    const before = (await store.runs.parts(id)).filter(({ status }) => status === 'succeeded');
    await stuck.stop();
    await worker();
    const run = await ended(id);
    expect(run.error).toBeNull();
    const result = searchResult.parse(run.result);
    expect(result.rungs).toEqual([
      { steps: 2, trials: 4 },
      { steps: 6, trials: 1 },
    ]);
    expect(result.trials.map(({ rung }) => rung)).toEqual([1, 0, 0, 0, 0]);
    const first = result.trials.filter(({ rung }) => rung === 0);
    expect(result.winner.candidate).toBe(first[0]!.candidate);
    expect(first.map(({ wql }) => wql)).toEqual(first.map(({ wql }) => wql).toSorted((a, b) => a! - b!));
    // What was done before the worker left was not done again.
    const parts = await store.runs.parts(id);
    for (const { id: part, finishedAt } of before) expect(parts.find((one) => one.id === part)).toMatchObject({ attempts: 1, finishedAt });
    expect(parts).toHaveLength(5);

    const training = await ended(result.trainRunId);
    expect(training.error).toBeNull();
    expect(training.config).toMatchObject({ search: id, config: result.winnerConfig });
    const version = await store.models.version('found');
    expect(version).toMatchObject({ no: 1, kind: 'segment', config: result.winnerConfig });
    expect(version.config).toMatchObject({ hidden: result.winner.settings['hidden'], train: { steps: 6 } });

    // The held-out steps are cut off before anything else.
    const whole = seriesOf(4).map((series) => ({ ...series, values: series.values.slice(0, HOURS - 24) }));
    const panel: Panel = { frequency: 'h', timeZone: 'UTC', seasonLengths: [24, 168], series: whole };
    expect(result.cutoffs).toEqual([HOURS - 25 - 48, HOURS - 25 - 24].map((hour) => new Date(hour * 3_600_000).toISOString()));
    const trial = { candidate: 0, rung: 1, kind: 'segment', config: result.winnerConfig, seed: 3 };
    const scored = await forecastTrial(panel, { horizon: 24, windows: 2, stepSize: 24 })(trial);
    expect(result.winner.wql).toBeCloseTo(scored.score, 4);
  });

  it('that was cancelled goes on with the trials that it has, and with those of the one before that, as if it had never stopped', async () => {
    const cancelledAfter = async (id: string, count: number): Promise<void> => {
      let trials = 0;
      const stuck = await worker((task, signal) => (task === 'trial' && ++trials > count ? untilStopped(signal) : Promise.resolve()));
      await expect.poll(() => trials, { timeout: 60_000 }).toBe(count + 1);
      await cancelRun(flow, id);
      expect((await ended(id)).status).toBe('cancelled');
      await stuck.stop();
    };
    const trialsOf = async (id: string): Promise<number> =>
      (await store.runs.parts(id)).filter(({ status }) => status === 'succeeded').length;
    const whole = await requestSearch(flow, { ...request, model: 'whole' });
    const undisturbed = await worker();
    const asOne = searchResult.parse((await ended(whole.id)).result);
    await undisturbed.stop();

    const first = await requestSearch(flow, { ...request, model: 'stopped' });
    await expect(resumeRun(flow, first.id)).rejects.toMatchObject({ code: 'RUN_NOT_RESUMABLE' });
    await cancelledAfter(first.id, 2);
    const second = await resumeRun(flow, first.id);
    await cancelledAfter(second.id, 1);
    const third = await resumeRun(flow, second.id);
    await worker();
    const run = await ended(third.id);
    expect(run.error).toBeNull();
    expect(await Promise.all([first.id, second.id, third.id].map(trialsOf))).toEqual([2, 1, 2]);
    const plain = ({ trials }: typeof asOne): unknown =>
      trials.map(({ candidate, rung, wql, settings }) => ({ candidate, rung, wql, settings }));
    const resumed = searchResult.parse(run.result);
    expect(plain(resumed)).toEqual(plain(asOne));
    expect(resumed.winnerConfig).toEqual(asOne.winnerConfig);
    expect((await ended(resumed.trainRunId)).error).toBeNull();
  });

  it('says what is wrong with its space, budget or kind before anything is queued', async () => {
    const refused = (change: object): Promise<unknown> => requestSearch(flow, { ...request, ...change }).catch((error: unknown) => error);
    expect(await refused({ space: { hiden: [4, 8] } })).toMatchObject({ code: 'SEARCH_SPACE', hint: 'Did you mean "hidden"?' });
    expect(await refused({ space: { toString: [4, 8] } })).toMatchObject({ code: 'SEARCH_SPACE' });
    expect(await refused({ space: { hidden: [4, 'many'] } })).toMatchObject({
      code: 'INVALID_CONFIG',
      message: expect.stringMatching(/hidden/) as string,
    });
    expect(await refused({ space: { 'train.steps': [4, 8] } })).toMatchObject({
      code: 'SEARCH_SPACE',
      message: expect.stringMatching(/train\.steps/) as string,
    });
    expect(await refused({ space: { hidden: [8] } })).toMatchObject({
      code: 'SEARCH_SPACE',
      message: expect.stringMatching(/nothing but/) as string,
    });
    expect(await refused({ kind: 'theta' })).toMatchObject({
      code: 'KIND_NOT_SEARCHABLE',
      hint: expect.stringMatching(/segment or recurrent/) as string,
    });
    expect(await refused({ budgetSteps: 100 })).toMatchObject({
      code: 'OPTIONS_CONFLICT',
      message: expect.stringMatching(/trials and budgetSteps/) as string,
    });
    expect(await refused({ trials: undefined, budgetSteps: 11 })).toMatchObject({
      code: 'SEARCH_BUDGET',
      message: expect.stringMatching(/take 12\./) as string,
    });
    expect(await refused({ windows: 12 })).toMatchObject({
      code: 'SERIES_TOO_SHORT',
      message: expect.stringMatching(/24 are held out.* scored on 288/) as string,
    });
    const counted = await requestSearch(flow, { ...request, trials: undefined, budgetSteps: 20 });
    await cancelRun(flow, counted.id);
    // Five of two steps, one of six.
    expect(counted.config).toMatchObject({ trials: 5, steps: 6 });
  });

  it('shows a default space of each kind, every value of which the kind takes', async () => {
    for (const kind of ['segment', 'recurrent']) {
      const { space, config } = await getSearchSpace(flow, { dataset: 'few', kind });
      expect(Object.keys(space)).toContain('train.learningRate');
      const { id } = await requestSearch(flow, { dataset: 'few', kind, space, config: { hidden: config['hidden'] }, budgetMinutes: 60 });
      expect((await store.runs.get(id)).config).toMatchObject({ kind, space });
      await cancelRun(flow, id);
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
