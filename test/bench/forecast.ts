/**
 * From a forecast request to quantiles stored in Postgres: 10,000 hourly series, 48 steps ahead, through HTTP, queue, workers
 * and store, with the API, every worker and the embedded Postgres as programs of their own. Ours is compared with the goal of
 * 20 s, and two workers of one thread with one; what the API and the database took of the processor stands beside it.
 * `bench forecast [SERIES]`
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AlmanacClient, createClient } from '@almanac/contracts';
import { environmentWith, startEmbeddedPostgres } from '@almanac/platform';
import { openStore } from '@almanac/store';
import type { Bench, BenchRow } from './bench.js';

const GOAL_SECONDS = 20;
const HORIZON = 48;
const HISTORY = 24 * 28;
const ROUNDS = 2;
const WORKERS = 2;
const PATIENCE_MS = 120_000;
const KEY = `alm_${'b'.repeat(32)}`;
/** Of /proc/PID/stat; 100 on every Linux that people use. */
const TICKS_PER_SECOND = 100;

export const forecast: Bench = {
  name: 'forecast',
  summary: 'from a forecast request to quantiles stored in Postgres, by one worker and by two',
  async run(args) {
    const series = Number(args[0] ?? 10_000);
    const home = mkdtempSync(join(tmpdir(), 'almanac-bench-'));
    const server = await startEmbeddedPostgres({ home });
    try {
      await prepare(server.url, series);
      return await measure(server, home, series);
    } finally {
      await server.stop();
      rmSync(home, { recursive: true, force: true });
    }
  },
};

interface Measured {
  seconds: number;
  /** Processor seconds meanwhile. */
  api: number;
  database: number;
}

async function measure(server: { url: string; folder: string }, home: string, series: number): Promise<BenchRow[]> {
  const port = await freePort();
  const client = createClient({ baseUrl: `http://127.0.0.1:${port}`, apiKey: KEY });
  const start = (part: 'api' | 'worker'): ChildProcess =>
    spawn(process.execPath, [fileURLToPath(new URL(`../../../apps/${part}/dist/main.js`, import.meta.url))], {
      env: environmentWith({
        DATABASE_URL: server.url,
        REDIS_URL: '',
        ALMANAC_HOME: home,
        ALMANAC_PORT: String(port),
        ALMANAC_ADMIN_KEY: KEY,
        ALMANAC_THREADS: '1',
        ALMANAC_LOG_LEVEL: 'warn',
      }),
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  const api = start('api');
  const workers: ChildProcess[] = [];
  const postmaster = Number(readFileSync(join(server.folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
  const withWorkers = async (count: number): Promise<void> => {
    while (workers.length > count) await ended(workers.pop()!);
    while (workers.length < count) workers.push(start('worker'));
    await until(async () => (await client.call('systemStatus', {})).workers.length === count);
  };
  try {
    await until(() => client.call('health', {}).then(() => true));
    await withWorkers(1);
    const trained = await client.call('train', { body: { dataset: 'many', model: 'many', kind: 'segment', horizon: HORIZON, steps: 5 } });
    await succeeded(client, trained.id);
    const took: Record<number, Measured[]> = { 1: [], [WORKERS]: [] };
    for (let round = 0; round < ROUNDS; round++) {
      for (const count of [1, WORKERS]) {
        await withWorkers(count);
        // A worker that has just started loads its engine and the model first.
        await forecastAll(client, api.pid!, postmaster);
        const measured = await forecastAll(client, api.pid!, postmaster);
        const share = (seconds: number): string => `${((100 * seconds) / measured.seconds).toFixed(0)} % of a core`;
        console.log(
          `  ${count} ${count === 1 ? 'worker' : 'workers'}: ${measured.seconds.toFixed(2)} s; API ${share(measured.api)}, Postgres ${share(measured.database)}, of ${availableParallelism()} cores`,
        );
        took[count]!.push(measured);
      }
    }
    const best = (count: number): Measured => took[count]!.reduce((least, one) => (one.seconds < least.seconds ? one : least));
    const [one, several] = [best(1), best(WORKERS)];
    return [
      row(`${series} series, request to stored, ${WORKERS} workers`, several.seconds, GOAL_SECONDS * (series / 10_000), 'goal'),
      row(`${WORKERS} single-threaded workers against 1`, several.seconds, one.seconds, '1 worker'),
      row(`processor seconds of the API, ${WORKERS} workers against 1`, several.api, one.api, '1 worker'),
      row(`processor seconds of Postgres, ${WORKERS} workers against 1`, several.database, one.database, '1 worker'),
    ];
  } finally {
    await Promise.all([api, ...workers].map(ended));
  }
}

const row = (name: string, ours: number, peer: number, peerName: string): BenchRow => ({
  case: name,
  ours,
  peer,
  peerName,
  unit: 's',
  ratio: ours / peer,
});

/** Four weeks of hours for each series; what a model knows does not change its speed, so it is trained for a few steps. */
async function prepare(databaseUrl: string, series: number): Promise<void> {
  const pieces = function* (): Generator<{ id: string; firstStep: number; values: Float64Array }> {
    for (let i = 0; i < series; i++) {
      const values = Float64Array.from({ length: HISTORY }, (_, t) =>
        Math.round((5 + (i % 50)) * (2 + Math.sin((2 * Math.PI * (t + i)) / 24)) + ((t * 7919 + i * 104_729) % 13)),
      );
      yield { id: `series-${String(i).padStart(6, '0')}`, firstStep: 280_000, values };
    }
  };
  const store = await openStore({ databaseUrl });
  await store.series.writeVersion({
    dataset: { name: 'many', frequency: 'h', timeZone: 'UTC' },
    mode: 'replace',
    pieces: pieces(),
    summary: () => ({ rowsRead: series * HISTORY, rowsRejected: 0, findings: null }),
  });
  await store.close();
}

async function forecastAll(client: AlmanacClient, api: number, postmaster: number): Promise<Measured> {
  const [apiBefore, databaseBefore] = [processorSeconds(api), processorSeconds(postmaster)];
  const started = performance.now();
  const { id } = await client.call('forecast', { body: { model: 'many' } });
  await succeeded(client, id);
  const seconds = (performance.now() - started) / 1000;
  return { seconds, api: processorSeconds(api) - apiBefore, database: processorSeconds(postmaster) - databaseBefore };
}

async function succeeded(client: AlmanacClient, id: string): Promise<void> {
  const run = await client.waitForRun(id);
  if (run.status !== 'succeeded') throw new Error(`The ${run.kind} run ${run.status}: ${JSON.stringify(run.error)}`);
}

/** Of a process and its children, those that have ended included. */
function processorSeconds(pid: number): number {
  const ticks = (fields: readonly string[], ...numbers: number[]): number => numbers.reduce((sum, no) => sum + Number(fields[no]), 0);
  const statOf = (id: string): string[] => {
    try {
      // Fields from the third on: the second, the name, may hold spaces.
      return readFileSync(`/proc/${id}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
    } catch {
      return [];
    }
  };
  const own = statOf(String(pid));
  const [USER, SYSTEM, CHILDREN_USER, CHILDREN_SYSTEM, PARENT] = [11, 12, 13, 14, 1];
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(statOf)
    .filter((fields) => Number(fields[PARENT]) === pid);
  const sum =
    ticks(own, USER, SYSTEM, CHILDREN_USER, CHILDREN_SYSTEM) + children.reduce((all, fields) => all + ticks(fields, USER, SYSTEM), 0);
  return sum / TICKS_PER_SECOND;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  return port;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

async function until(ready: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await ready().catch(() => false))) {
    if (Date.now() > deadline) throw new Error('The programs of the bench did not come up.');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
