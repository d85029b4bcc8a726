/**
 * Sixty days in the life of a model, told with a fake clock: hourly data arrive every day, a forecast is made every night
 * and watched every morning, the model is trained anew every week, and on day 40 the level of everything triples.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JobName, monitorResult, runJob, trainResult } from '@almanac/contracts';
import { type Compute, startCompute } from '@almanac/flow/compute';
import { requestForecast } from '@almanac/flow/forecast';
import { executeForecast } from '@almanac/flow/forecast/execute';
import { requestMonitoring } from '@almanac/flow/monitor';
import { executeMonitoring } from '@almanac/flow/monitor/execute';
import { listAliasHistory, listRuns } from '@almanac/flow/query';
import { type FlowContext, JOBS } from '@almanac/flow/runs';
import { executeRun, newWorkerId, type Work } from '@almanac/flow/runs/execute';
import { createSchedule, fireDue, listFirings } from '@almanac/flow/schedule';
import { requestTraining } from '@almanac/flow/train';
import { executeTraining } from '@almanac/flow/train/execute';
import { folderObjectStore, openQueue, type Queue, silentLogger } from '@almanac/platform';
import { openStore, type Store } from '@almanac/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

const DAY = 24;
const HOUR_MS = 3_600_000;
const START = Date.UTC(2024, 0, 1);
const FIRST_STEP = START / HOUR_MS;
const SHIFT_DAY = 40;
const SERIES = 4;

let database: TestDatabase;
let folder: string;
let store: Store;
let queue: Queue<JobName>;
let compute: Compute;
let flow: FlowContext;
let now = new Date(START);

/** Deterministic noise in ±1. */
const noise = (series: number, t: number): number => ((Math.sin(t * 12.9898 + series * 78.233) * 43_758.5453) % 1) * 2 - 1;

function value(series: number, t: number): number {
  const level = t >= SHIFT_DAY * DAY ? 3 : 1;
  const shape = 2 + Math.sin((2 * Math.PI * (t + 3 * series)) / 24) + 0.5 * Math.cos((2 * Math.PI * t) / 12);
  return level * (10 + 5 * series) * Math.max(0.1, shape + 0.25 * noise(series, t));
}

async function arrive(fromDay: number, toDay: number): Promise<void> {
  await store.series.writeVersion({
    dataset: { name: 'load', frequency: 'h', timeZone: 'UTC' },
    mode: 'append',
    pieces: Array.from({ length: SERIES }, (_, series) => ({
      id: `s${series}`,
      firstStep: FIRST_STEP + fromDay * DAY,
      values: Float64Array.from({ length: (toDay - fromDay) * DAY }, (_, t) => value(series, fromDay * DAY + t)),
    })),
    summary: () => ({ rowsRead: 0, rowsRejected: 0, findings: null }),
  });
}

async function allEnded(): Promise<void> {
  for (;;) {
    // Queued first: what is not queued any more is running or has ended.
    const queued = await store.runs.list({ status: 'queued', limit: 1 });
    const running = await store.runs.list({ status: 'running', limit: 1 });
    const failed = (await store.runs.list({ status: 'failed', limit: 1 })).items[0];
    if (failed) throw new Error(`A ${failed.kind} run failed: ${JSON.stringify(failed.error)}`);
    if (queued.items.length === 0 && running.items.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'almanac-story-'));
  store = await openStore({ databaseUrl: database.url });
  queue = await openQueue({ databaseUrl: database.url, redisUrl: undefined }, JOBS, silentLogger);
  compute = startCompute({ threads: 1 });
  flow = { store, queue, objects: folderObjectStore(folder), logger: silentLogger, now: () => now, codeVersion: 'story' };
  const work: Partial<Record<JobName, Work>> = {
    train: (context) => executeTraining(context, compute),
    forecast: (context) => executeForecast(context, compute),
    monitor: (context) => executeMonitoring(context, compute),
  };
  const holder = { workerId: newWorkerId(), holds: () => undefined, letsGo: () => undefined };
  const none: Work = () => Promise.reject(new Error('not in this story'));
  await queue.work(
    JOBS.map(({ name }) => ({
      name,
      handle: (payload, delivery) => executeRun(flow, runJob.parse(payload), delivery, holder, work[name] ?? none),
    })),
    { ingest: 0, train: 1, forecast: 1, backtest: 0, monitor: 1 },
  );
});

afterAll(async () => {
  await queue?.close();
  await compute?.close();
  await store?.close();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

describe('sixty days with a level shift', () => {
  it('finds the drift within three days, promotes a challenger by the gate, recovers, and keeps every fact', async () => {
    await arrive(0, 14);
    now = new Date(START + 14 * DAY * HOUR_MS);
    const training = { dataset: 'load', model: 'load', horizon: 24, contextLength: 72, config: { hidden: 24, train: { batch: 64 } } };
    // The first model is a hasty one.
    await requestTraining(flow, { ...training, steps: 3 });
    await allEnded();
    expect((await store.models.get('load')).champion).toBe(1);

    now = new Date(START + 15 * DAY * HOUR_MS);
    // As hasty as the first; only what is trained after a drift takes its time.
    const weekly = { ...training, steps: 3, holdout: 6 * DAY, gate: true };
    await createSchedule(flow, { name: 'nightly', cron: '10 0 * * *', action: { kind: 'forecast', request: { model: 'load' } } });
    await createSchedule(flow, {
      name: 'morning',
      cron: '0 6 * * *',
      action: { kind: 'monitor', request: { model: 'load', retrainOnDrift: { ...weekly, steps: 80 } } },
    });
    await createSchedule(flow, { name: 'weekly', cron: '0 1 * * MON', action: { kind: 'train', request: weekly } });

    for (let day = 14; day < 60; day++) {
      await arrive(day, day + 1);
      for (const hour of [0.2, 1, 6]) {
        now = new Date(START + ((day + 1) * DAY + hour) * HOUR_MS);
        await fireDue(flow);
        await allEnded();
      }
    }

    const runs = (await listRuns(flow, { limit: 1000 })).items;
    expect(runs.filter(({ status }) => status !== 'succeeded')).toEqual([]);
    const monitored = runs.filter(({ kind }) => kind === 'monitor').map(({ result }) => monitorResult.parse(result));
    const scores = monitored.flatMap(({ scored }) => scored).sort((a, b) => a.cutoff.localeCompare(b.cutoff));
    const dayOf = (cutoff: string): number => (Date.parse(cutoff) - START) / HOUR_MS / DAY;

    // Every night's forecast whose day has passed was scored exactly once.
    expect(scores.length).toBeGreaterThanOrEqual(44);
    expect(new Set(scores.map(({ runId }) => runId)).size).toBe(scores.length);

    // Drift: none before the shift that the first weeks had not explained, one within three days of it.
    const alerts = monitored.flatMap((result) => result.alerts.map((alert) => ({ ...alert, day: dayOf(alert.since) })));
    const afterShift = alerts.filter(({ code, day }) => (code === 'ERROR_DRIFT' || code === 'BIAS') && day >= SHIFT_DAY - 1);
    expect(Math.min(...afterShift.map(({ day }) => day))).toBeLessThanOrEqual(SHIFT_DAY + 2);
    const retrained = monitored.filter(({ retrainRunId }) => retrainRunId !== null);
    expect(retrained.length).toBeGreaterThan(0);

    // The gate: the hasty model lost its place to a challenger that beat it and seasonal naive, and the history says how.
    const verdicts = runs
      .filter(({ kind }) => kind === 'train')
      .map(({ result }) => trainResult.parse(result))
      .filter(({ gate }) => gate !== undefined);
    expect(verdicts.some(({ gate }) => gate!.promoted)).toBe(true);
    expect(verdicts.filter(({ gate }) => gate!.promoted).every(({ gate }) => gate!.tests.every(({ pValue }) => pValue < 0.05))).toBe(true);
    const history = (await listAliasHistory(flow, 'load', { limit: 1000 })).items;
    const champions = history.filter(({ alias }) => alias === 'champion');
    expect(champions.length).toBeGreaterThanOrEqual(2);
    expect(champions[0]!.reason).toMatch(/beats version \d+ .* p = /);

    // Accuracy: bad on the days after the shift, and in the last week better than before it.
    const mean = (from: number, to: number): number => {
      const within = scores.filter(({ cutoff }) => dayOf(cutoff) >= from && dayOf(cutoff) < to).map(({ wql }) => wql!);
      return within.reduce((sum, wql) => sum + wql, 0) / within.length;
    };
    const [before, during, recovered] = [mean(33, SHIFT_DAY - 1), mean(SHIFT_DAY - 1, SHIFT_DAY + 1), mean(53, 60)];
    expect(during).toBeGreaterThan(2 * before);
    expect(recovered).toBeLessThan(before);

    // It is the promotion that helped: on each of the last days the champion of the shift is worse than the one promoted after it,
    // which by chance happens once in 64 times.
    const atShift = scores.findLast(({ cutoff }) => dayOf(cutoff) < SHIFT_DAY)!.version;
    const promoted = champions[0]!.version;
    expect(promoted).toBeGreaterThan(atShift);
    for (const version of [atShift, promoted])
      for (let day = 53; day < 59; day++) {
        const cutoff = new Date(START + (day * DAY - 1) * HOUR_MS).toISOString();
        await requestForecast(flow, { model: `load/${version}`, calibrate: false, cutoff });
      }
    await allEnded();
    await requestMonitoring(flow, { model: 'load', rollback: false });
    await allEnded();
    const [latest] = (await listRuns(flow, { kind: 'monitor', limit: 1 })).items;
    const again = monitorResult.parse(latest!.result).scored;
    const errorsOf = (wanted: number): number[] => again.filter(({ version }) => version === wanted).map(({ wql }) => wql!);
    const [old, better] = [errorsOf(atShift), errorsOf(promoted)];
    expect([old.length, better.length]).toEqual([6, 6]);
    expect(old.filter((error, day) => error <= 1.03 * better[day]!)).toEqual([]);

    // Every due time left a run.
    for (const name of ['nightly', 'morning', 'weekly']) {
      const firings = (await listFirings(flow, name, { limit: 1000 })).items;
      expect(firings.filter(({ outcome, runId }) => outcome !== 'fired' || runId === null)).toEqual([]);
      expect(firings).toHaveLength(name === 'weekly' ? 6 : 46);
    }
  }, 600_000);
});
