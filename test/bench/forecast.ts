/**
 * From a forecast request to quantiles stored in Postgres: 10,000 hourly series, 48 steps ahead, through request, queue,
 * worker and store, on the embedded Postgres. Ours is compared with the goal of 20 s, and one process with several.
 * `bench forecast [SERIES]`
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JobName, runJob } from '@almanac/contracts';
import { startCompute } from '@almanac/flow/compute';
import { requestForecast } from '@almanac/flow/forecast';
import { executeForecast } from '@almanac/flow/forecast/execute';
import { type FlowContext, JOBS } from '@almanac/flow/runs';
import { executeRun, newWorkerId } from '@almanac/flow/runs/execute';
import { requestTraining } from '@almanac/flow/train';
import { executeTraining } from '@almanac/flow/train/execute';
import { folderObjectStore, openQueue, silentLogger, startEmbeddedPostgres } from '@almanac/platform';
import { openStore } from '@almanac/store';
import type { Bench, BenchRow } from './bench.js';

const GOAL_SECONDS = 20;
const HORIZON = 48;
const HISTORY = 24 * 28;
const ROUNDS = 2;

export const forecast: Bench = {
  name: 'forecast',
  summary: 'from a forecast request to quantiles stored in Postgres',
  async run(args) {
    const series = Number(args[0] ?? 10_000);
    const home = mkdtempSync(join(tmpdir(), 'almanac-bench-'));
    const server = await startEmbeddedPostgres({ home });
    try {
      return await measure(server.url, home, series);
    } finally {
      await server.stop();
      rmSync(home, { recursive: true, force: true });
    }
  },
};

async function measure(databaseUrl: string, home: string, series: number): Promise<BenchRow[]> {
  const store = await openStore({ databaseUrl });
  const queue = await openQueue({ databaseUrl, redisUrl: undefined }, JOBS, silentLogger);
  const flow: FlowContext = {
    store,
    queue,
    objects: folderObjectStore(join(home, 'objects')),
    logger: silentLogger,
    now: () => new Date(),
    codeVersion: 'bench',
  };
  const computes = { one: startCompute({ threads: 1 }), several: startCompute({ threads: Math.max(2, availableParallelism()) }) };
  let compute = computes.one;
  const holder = { workerId: newWorkerId(), holds: () => undefined, letsGo: () => undefined };
  const work: Record<string, Parameters<typeof executeRun>[4]> = {
    train: (context) => executeTraining(context, compute),
    forecast: (context) => executeForecast(context, compute),
  };
  const concurrency: Partial<Record<JobName, number>> = { train: 1, forecast: 1 };
  await queue.work(
    JOBS.map(({ name }) => ({
      name,
      handle: (payload, delivery) => executeRun(flow, runJob.parse(payload), delivery, holder, work[name]!),
    })),
    concurrency,
  );
  try {
    await prepare(flow, series);
    const took: Record<keyof typeof computes, number[]> = { one: [], several: [] };
    for (let round = 0; round <= ROUNDS; round++) {
      for (const name of ['one', 'several'] as const) {
        compute = computes[name];
        const seconds = await forecastAll(flow);
        console.log(
          `  ${name === 'one' ? '1 process' : `${compute.threads} processes`}: ${seconds.toFixed(2)} s${round === 0 ? ' (cold, not counted)' : ''}`,
        );
        if (round > 0) took[name].push(seconds);
      }
    }
    const best = { one: Math.min(...took.one), several: Math.min(...took.several) };
    return [
      row(
        `${series} series, request to stored, ${computes.several.threads} processes`,
        best.several,
        GOAL_SECONDS * (series / 10_000),
        'goal',
      ),
      row(`${computes.several.threads} processes against 1`, best.several, best.one, '1 process'),
    ];
  } finally {
    await queue.close();
    await Promise.all(Object.values(computes).map((one) => one.close()));
    await store.close();
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

/** Four weeks of hours for each series, and a model of the default size that was trained for a few steps: what it knows does not change its speed. */
async function prepare(flow: FlowContext, series: number): Promise<void> {
  const pieces = function* (): Generator<{ id: string; firstStep: number; values: Float64Array }> {
    for (let i = 0; i < series; i++) {
      const values = Float64Array.from({ length: HISTORY }, (_, t) =>
        Math.round((5 + (i % 50)) * (2 + Math.sin((2 * Math.PI * (t + i)) / 24)) + ((t * 7919 + i * 104_729) % 13)),
      );
      yield { id: `series-${String(i).padStart(6, '0')}`, firstStep: 280_000, values };
    }
  };
  const summary = (): { rowsRead: number; rowsRejected: number; findings: null } => ({
    rowsRead: series * HISTORY,
    rowsRejected: 0,
    findings: null,
  });
  await flow.store.series.writeVersion({
    dataset: { name: 'many', frequency: 'h', timeZone: 'UTC' },
    mode: 'replace',
    pieces: pieces(),
    summary,
  });
  const { id } = await requestTraining(flow, { dataset: 'many', model: 'many', horizon: HORIZON, steps: 5 });
  await ended(flow, id);
}

async function forecastAll(flow: FlowContext): Promise<number> {
  const started = performance.now();
  const { id } = await requestForecast(flow, { model: 'many' });
  await ended(flow, id);
  return (performance.now() - started) / 1000;
}

async function ended(flow: FlowContext, id: string): Promise<void> {
  for (;;) {
    const run = await flow.store.runs.get(id);
    if (run.status === 'succeeded') return;
    if (run.finishedAt !== null) throw new Error(`The ${run.kind} run ${run.status}: ${JSON.stringify(run.error)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
