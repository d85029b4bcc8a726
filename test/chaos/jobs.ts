/**
 * Runs while the API, one of two workers, Postgres or Redis is killed at a random moment, over both queue drivers, side by side.
 *
 * What must hold: every run that was accepted ends, and well; none is left open; a training leaves one version, a forecast one row
 * for each series, a backtest each of its parts once; a training that was killed and resumed has the weights of one that nobody
 * disturbed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { backtestResult, isFinished, type Run } from '@almanac/contracts';
import { openStore, type Store } from '@almanac/store';
import { redisIsInstalled, startRedis, type TestRedis } from '../support/redis.js';
import { House, type Part } from './house.js';

const SERIES = 5;
const HOURS = 600;
const RUNS_PER_KILL = 2;
/** One run in so many trains, and one is a backtest. */
const TRAINING_EVERY = 8;
const TRAINING = { dataset: 'chaos', kind: 'segment', horizon: 24, contextLength: 72, steps: 150, seed: 11, config: { hidden: 16 } };
const BACKTEST = { dataset: 'chaos', horizon: 24, windows: 2, models: [{ kind: 'theta' }] };
/** Theta and seasonal naive: their windows, and a certificate of each. */
const BACKTEST_PARTS = 4;
const WITHIN_MS = 3_000;
/** Without any news, on a machine that may be slow: a run that is only late is not lost. */
const PATIENCE_MS = 900_000;

interface Accepted {
  id: string;
  kind: 'train' | 'forecast' | 'backtest';
  model: string;
}

export async function jobs(times: number, seed: number): Promise<boolean> {
  if (!redisIsInstalled()) {
    console.error('redis-server is not installed: the Bull driver is not tried.');
    await overOneDriver(times, seed, undefined);
    return false;
  }
  const redis = await startRedis();
  try {
    // Side by side: most of it is waiting for what was killed.
    const well = await Promise.all([overOneDriver(times, seed, undefined), overOneDriver(times, seed + 1, redis)]);
    return well.every(Boolean);
  } finally {
    await redis.stop();
  }
}

async function overOneDriver(times: number, seed: number, redis: TestRedis | undefined): Promise<boolean> {
  const random = randomFrom(seed);
  const driver = redis ? 'bull' : 'pg-boss';
  const parts: readonly (Part | 'redis')[] = ['api', 'worker', 'helper', 'postgres', ...(redis ? ['redis' as const] : [])];
  const faults: string[] = [];
  // A thread each: two workers that train at once would wait for each other's cores. Turns are short, so that trainings give way too.
  const house = await House.build({ REDIS_URL: redis?.url ?? '', ALMANAC_THREADS: '1', ALMANAC_TURN_SECONDS: '1' }, 2);
  try {
    const weights = await undisturbed(house);
    const accepted: Accepted[] = [];
    let refused = 0;
    for (let kill = 1; kill <= times; kill += 1) {
      const part = parts[Math.floor(random() * parts.length)]!;
      const asking = ask(house, accepted, kill).catch(() => (refused += 1));
      await sleep(Math.floor(random() * WITHIN_MS));
      if (part === 'redis') {
        await redis!.kill();
        await sleep(random() * 1000);
        await redis!.restart();
      } else await house.crash(part);
      await asking;
      console.log(`${driver} ${kill}: killed ${part}; ${accepted.length} runs accepted`);
    }
    await settle(house, accepted, faults);
    await withStore(house.databaseUrl, (store) => check(driver, store, accepted, weights, faults));
    console.log(`${driver}: ${times} kills, ${accepted.length} runs accepted, ${refused} times not, ${faults.length} faults`);
    if (faults.length > 0) console.error(house.logOf('worker').slice(-6000));
  } finally {
    await house.tearDown();
  }
  for (const fault of faults) console.error(`${driver}: ${fault}`);
  return faults.length === 0;
}

/** A dataset, a model to forecast with, and the weights of a training that nobody disturbs. */
async function undisturbed({ client, databaseUrl }: House): Promise<string> {
  const lines = ['unique_id,ds,y'];
  for (let s = 0; s < SERIES; s += 1)
    for (let t = 0; t < HOURS; t += 1)
      lines.push(`s${s},${new Date(1_700_006_400_000 + t * 3_600_000).toISOString()},${10 + s + 5 * Math.sin((2 * Math.PI * t) / 24)}`);
  const upload = await client.upload(new Blob([lines.join('\n')]), 'chaos.csv', { dataset: 'chaos', frequency: 'h' });
  await succeeded(await client.waitForRun(upload.runId));
  for (const body of [
    { dataset: 'chaos', kind: 'seasonalNaive', model: 'naive', horizon: 24 },
    { ...TRAINING, model: 'undisturbed' },
  ])
    await succeeded(await client.waitForRun((await client.call('train', { body })).id));
  return withStore(databaseUrl, async (store) => (await store.models.version('undisturbed')).sha256);
}

function succeeded(run: Run): void {
  if (run.status !== 'succeeded') throw new Error(`Run ${run.id} ${run.status}: ${JSON.stringify(run.error)}`);
}

async function ask({ client }: House, accepted: Accepted[], kill: number): Promise<void> {
  for (let i = 0; i < RUNS_PER_KILL; i += 1) {
    const no = (kill - 1) * RUNS_PER_KILL + i;
    if (no % TRAINING_EVERY === TRAINING_EVERY / 2)
      accepted.push({ id: (await client.call('backtest', { body: BACKTEST })).id, kind: 'backtest', model: 'theta' });
    else if (no % TRAINING_EVERY === 0) {
      const model = `trained-${no}`;
      accepted.push({ id: (await client.call('train', { body: { ...TRAINING, model } })).id, kind: 'train', model });
    } else accepted.push({ id: (await client.call('forecast', { body: { model: 'naive' } })).id, kind: 'forecast', model: 'naive' });
  }
}

async function settle({ client }: House, accepted: readonly Accepted[], faults: string[]): Promise<void> {
  const open = new Map<string, { id: string; kind: string }>(accepted.map((run) => [run.id, run]));
  // Also what was written down although its answer was lost.
  for (const status of ['queued', 'running'] as const)
    for (const run of (await client.call('listRuns', { query: { status, limit: 1000 } })).items) open.set(run.id, run);
  let news = '';
  for (let lastNews = Date.now(); open.size > 0;) {
    const states: string[] = [];
    for (const { id, kind } of open.values()) {
      const run = await client.call('getRun', { params: { runId: id } }).catch(() => undefined);
      states.push(`${id} ${run?.status} ${JSON.stringify(run?.progress)}`);
      if (!run || !isFinished(run.status)) continue;
      open.delete(id);
      if (run.status !== 'succeeded') faults.push(`The ${kind} run ${id} ${run.status}: ${JSON.stringify(run.error)}`);
    }
    if (states.join() !== news) lastNews = Date.now();
    news = states.join();
    if (Date.now() - lastNews > PATIENCE_MS) break;
    await sleep(500);
  }
  for (const { id, kind } of open.values()) faults.push(`The ${kind} run ${id} was accepted, and does not end.`);
}

async function check(driver: string, store: Store, accepted: readonly Accepted[], weights: string, faults: string[]): Promise<void> {
  let resumed = 0;
  for (const { id, kind, model } of accepted) {
    const run = await store.runs.get(id);
    if (run.status !== 'succeeded') continue;
    if (kind === 'train') {
      const { items } = await store.models.versions(model, { limit: 10 });
      if (items.length !== 1) faults.push(`The training ${id} left ${items.length} versions.`);
      if (items[0]?.sha256 !== weights)
        faults.push(`The training ${id}, taken ${run.attempts} times, has other weights than an undisturbed one.`);
      if (run.attempts > 1) resumed += 1;
    } else if (kind === 'backtest') {
      const parts = await store.runs.parts(id);
      const whole = parts.length === BACKTEST_PARTS && parts.every(({ status }) => status === 'succeeded');
      if (!whole) faults.push(`The backtest ${id} left parts that are ${parts.map(({ status }) => status).join(', ')}.`);
      const { models, windows } = backtestResult.parse(run.result);
      if (models.length !== 2 || windows.length !== BACKTEST.windows || models.some(({ certificate }) => !certificate.passed))
        faults.push(`The backtest ${id} has ${models.length} models over ${windows.length} windows.`);
    } else {
      const rows: string[] = [];
      for await (const { uniqueId } of store.forecasts.stream({ runId: id })) rows.push(uniqueId);
      if (rows.length !== SERIES || new Set(rows).size !== SERIES) faults.push(`The forecast ${id} left rows for ${rows.join(', ')}.`);
    }
  }
  for (const status of ['queued', 'running'] as const)
    for (const { id, kind } of (await store.runs.list({ status, limit: 1000 })).items)
      faults.push(`The ${kind} run ${id} is left ${status}.`);
  console.log(`${driver}: ${resumed} trainings were killed and taken again`);
}

async function withStore<T>(databaseUrl: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore({ databaseUrl, migrate: false, poolSize: 2 });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** Uniform on [0, 1); the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
}
