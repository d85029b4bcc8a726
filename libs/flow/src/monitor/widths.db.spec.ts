/** The variance of a series doubles: intervals that learn from what came true hold their share again; on a real Postgres. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forecastResult, type JobName, type MonitorResult, monitorResult } from '@almanac/contracts';
import { type Compute, startCompute } from '@almanac/flow/compute';
import { requestForecast, requestReplay } from '@almanac/flow/forecast';
import { requestMonitoring } from '@almanac/flow/monitor';
import { latestForecasts } from '@almanac/flow/query';
import { type FlowContext, JOBS } from '@almanac/flow/runs';
import { newWorkerId } from '@almanac/flow/runs/execute';
import { requestTraining } from '@almanac/flow/train';
import { runHandlers } from '@almanac/flow/handlers';
import { folderObjectStore, openQueue, type Queue, silentLogger } from '@almanac/platform';
import { type ForecastRecord, openStore, type RunRecord, type Store } from '@almanac/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, query, type TestDatabase } from '../../../../test/support/database.js';

const SERIES = 24;
const BEFORE = 400;
const NIGHTS = 70;
const LATE = 30;
const HORIZON = 2;
let database: TestDatabase;
let folder: string;
let store: Store;
let queue: Queue<JobName>;
let compute: Compute;
let flow: FlowContext;

/** Steps of mulberry32, a different stream for each series; counts, so that widths are learned in fractions and served whole. */
function uniform(seed: number): number {
  let t = (seed + 0x6d2b79f5) | 0;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
}
function value(series: number, t: number): number {
  const at = 2 * (t * SERIES + series);
  const normal = Math.sqrt(-2 * Math.log(1 - uniform(at))) * Math.cos(2 * Math.PI * uniform(at + 1));
  return Math.round(1000 + (t < BEFORE ? 20 : 40) * normal);
}

async function arrive(from: number, to: number): Promise<void> {
  await store.series.writeVersion({
    dataset: { name: 'counts', frequency: 'D', timeZone: 'UTC' },
    mode: 'append',
    pieces: Array.from({ length: SERIES }, (_, series) => ({
      id: `s${series}`,
      firstStep: from,
      values: Float64Array.from({ length: to - from }, (_, t) => value(series, from + t)),
    })),
    summary: () => ({ rowsRead: 0, rowsRejected: 0, findings: null }),
  });
}

async function ended(run: { id: string }): Promise<RunRecord> {
  for (;;) {
    const found = await store.runs.get(run.id);
    if (found.finishedAt !== null) {
      expect(found.error).toBeNull();
      return found;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const monitor = async (calibrate = true): Promise<MonitorResult> =>
  monitorResult.parse(
    (await ended(await requestMonitoring(flow, { model: 'counts', rollback: false, fallBack: false, calibrate }))).result,
  );

async function forecast(calibrate = true): Promise<ForecastRecord[]> {
  const { id } = await ended(await requestForecast(flow, { model: 'counts', calibrate }));
  return (await store.forecasts.list({ runId: id, limit: 1000 })).items;
}

type Kept = {
  sha256: string;
  observed_until: string;
  state: { margins: number[] };
};
const calibrations = (): Promise<Kept[]> =>
  query<Kept>(database.url, 'SELECT sha256, observed_until, state FROM calibration ORDER BY series_id, observed_until');

/** Share of first steps that the 80 % interval held. */
function coverage(records: readonly ForecastRecord[]): number {
  const held = records.filter(({ uniqueId, cutoffStep, levels, quantiles, horizon }) => {
    const actual = value(Number(uniqueId.slice(1)), cutoffStep + 1);
    const at = (level: number): number => quantiles[levels.indexOf(level) * horizon]!;
    return actual >= at(0.1) && actual <= at(0.9);
  });
  return held.length / records.length;
}

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'almanac-widths-'));
  store = await openStore({ databaseUrl: database.url });
  queue = await openQueue({ databaseUrl: database.url, redisUrl: undefined }, JOBS, silentLogger);
  compute = startCompute({ threads: 1 });
  flow = { store, queue, objects: folderObjectStore(folder), logger: silentLogger, now: () => new Date(), codeVersion: 'test' };
  const holder = { workerId: newWorkerId(), holds: () => undefined, letsGo: () => undefined };
  await queue.work([...runHandlers(flow, { cpu: compute }, holder), { name: 'deliver', handle: () => Promise.resolve() }], {
    train: 1,
    forecast: 1,
    monitor: 1,
  });
  await arrive(0, BEFORE);
  await ended(await requestTraining(flow, { dataset: 'counts', model: 'counts', horizon: HORIZON, kind: 'naive' }));
});
afterAll(async () => {
  await queue?.close();
  await compute?.close();
  await store?.close();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

describe('widths learned from outcomes', () => {
  it('recover the coverage after the variance has doubled, which the model by itself does not', async () => {
    const served: ForecastRecord[] = [];
    const own: ForecastRecord[] = [];
    for (let night = 0; night < NIGHTS; night++) {
      const late = night >= NIGHTS - LATE;
      const made = await forecast();
      if (late) served.push(...made);
      if (late) own.push(...(await forecast(false)));
      // The first forecasts go through nothing, all others through what was learned the day before.
      expect(made.every(({ calibration }) => (calibration === null) === (night === 0))).toBe(true);
      await arrive(BEFORE + night, BEFORE + night + 1);
      expect((await monitor()).calibrated).toBe(SERIES);
    }
    expect(own.every(({ calibration }) => calibration === null)).toBe(true);
    expect(coverage(own)).toBeLessThan(0.7);
    expect(Math.abs(coverage(served) - 0.8)).toBeLessThan(0.05);
    for (const { quantiles } of served) expect(quantiles.every(Number.isInteger)).toBe(true);
  }, 300_000);

  it('learns an outcome once, however often it is looked at', async () => {
    const before = await calibrations();
    expect((await monitor()).calibrated).toBe(0);
    expect(await calibrations()).toEqual(before);
    // Two forecasts for the same cutoff are one opportunity to learn, and two monitors at once are one.
    const [first] = await forecast();
    await forecast(false);
    const now = first!.cutoffStep + 1;
    await arrive(now, now + 1);
    await Promise.all([monitor(), monitor()]);
    const after = await calibrations();
    expect(after.filter(({ observed_until }) => Number(observed_until) === now)).toHaveLength(SERIES);
    expect(after).toHaveLength(before.length + SERIES);
  });

  it('are switched off by the monitor that would learn them', async () => {
    const before = await calibrations();
    const [first] = await forecast();
    await arrive(first!.cutoffStep + 1, first!.cutoffStep + 2);
    expect((await monitor(false)).calibrated).toBe(0);
    expect(await calibrations()).toEqual(before);
    expect((await monitor()).calibrated).toBe(SERIES);
  });

  it('are named by the forecast, and its replay goes through the same whatever has been learned since', async () => {
    const [first] = await forecast();
    const cutoff = first!.cutoffStep;
    const [shown] = (await latestForecasts(flow, { runId: first!.runId, limit: 1 })).items;
    expect(shown!.calibration).toBe(first!.calibration);
    await arrive(cutoff + 1, cutoff + 2);
    expect((await monitor()).calibrated).toBe(SERIES);
    const { result } = await ended(await requestReplay(flow, first!.runId));
    expect(forecastResult.parse(result).replay).toMatchObject({ compared: SERIES, differing: [], largestDifference: 0 });
    // What was not known at a cutoff is not used for it.
    const { id } = await ended(await requestForecast(flow, { model: 'counts', cutoff: first!.cutoffTime.toISOString() }));
    const again = (await store.forecasts.list({ runId: id, limit: 1000 })).items;
    expect(again.find(({ uniqueId }) => uniqueId === first!.uniqueId)).toMatchObject({ calibration: first!.calibration });
  });

  it('are given up once they are old, unless a forecast went through them or nothing has followed', async () => {
    const [first] = await forecast();
    const cutoff = first!.cutoffStep;
    for (const day of [1, 2]) {
      await arrive(cutoff + day, cutoff + day + 1);
      await monitor();
    }
    const [next] = await forecast();
    await query(database.url, `UPDATE calibration SET made_at = made_at - interval '2 days'`);
    await arrive(cutoff + 3, cutoff + 4);
    await monitor();
    const kept = await calibrations();
    const latest = (step: number): number => kept.filter(({ observed_until }) => Number(observed_until) === step).length;
    expect([0, 1, 2, 3].map((day) => latest(cutoff + day))).toEqual([SERIES, 0, SERIES, SERIES]);
    const { result } = await ended(await requestReplay(flow, next!.runId));
    expect(forecastResult.parse(result).replay).toMatchObject({ compared: SERIES, differing: [], largestDifference: 0 });
  });

  it('are refused where they are not what was stored', async () => {
    await query(database.url, `UPDATE calibration SET observed_until = observed_until - 1`);
    const { id } = await requestForecast(flow, { model: 'counts' });
    let run = await store.runs.get(id);
    while (run.finishedAt === null) run = await store.runs.get(id);
    expect(run.error).toMatchObject({ code: 'CALIBRATION_BROKEN' });
  });
});
