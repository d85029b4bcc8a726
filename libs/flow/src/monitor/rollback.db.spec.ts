/** A champion whose forecasts turn out worse than seasonal naive gives its place back; on a real Postgres. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JobName, type MonitorResult, monitorResult } from '@almanac/contracts';
import { type Compute, startCompute } from '@almanac/flow/compute';
import { requestForecast } from '@almanac/flow/forecast';
import { requestMonitoring } from '@almanac/flow/monitor';
import { listAliasHistory } from '@almanac/flow/query';
import { deleteVersion, setAlias } from '@almanac/flow/register';
import { type FlowContext, JOBS } from '@almanac/flow/runs';
import { newWorkerId } from '@almanac/flow/runs/execute';
import { requestTraining } from '@almanac/flow/train';
import { runHandlers } from '@almanac/flow/handlers';
import { folderObjectStore, openQueue, type Queue, silentLogger } from '@almanac/platform';
import { openStore, type RunRecord, type Store } from '@almanac/store';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';

const DAY = 24;
let database: TestDatabase;
let folder: string;
let store: Store;
let queue: Queue<JobName>;
let compute: Compute;
let flow: FlowContext;

/** A strong daily cycle, with a little that repeats only after 37 hours. */
const value = (t: number): number => 50 + 30 * Math.sin((2 * Math.PI * t) / DAY) + ((t * 7) % 37) / 10;

async function arrive(fromDay: number, toDay: number): Promise<void> {
  await store.series.writeVersion({
    dataset: { name: 'load', frequency: 'h', timeZone: 'UTC' },
    mode: 'append',
    pieces: [
      {
        id: 'a',
        firstStep: fromDay * DAY,
        values: Float64Array.from({ length: (toDay - fromDay) * DAY }, (_, t) => value(fromDay * DAY + t)),
      },
    ],
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
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

const monitor = async (model = 'load'): Promise<MonitorResult> =>
  monitorResult.parse((await ended(await requestMonitoring(flow, { model }))).result);

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'almanac-rollback-'));
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
});
afterAll(async () => {
  await queue?.close();
  await compute?.close();
  await store?.close();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

it('goes back to the champion before it after three bad forecasts in a row, not sooner, and the history says why', async () => {
  await arrive(0, 20);
  const request = { dataset: 'load', model: 'load', horizon: DAY };
  await ended(await requestTraining(flow, { ...request, kind: 'seasonalNaive' }));
  // The last value, all day long: nothing a gate would let pass, so somebody did it by hand.
  await ended(await requestTraining(flow, { ...request, kind: 'naive' }));
  // Words that a person may write are no rollback.
  await setAlias(flow, 'load', 'champion', 2, 'rolled back by hand');
  const night = async (day: number): Promise<MonitorResult> => {
    await ended(await requestForecast(flow, { model: 'load' }));
    await arrive(day, day + 1);
    return monitor();
  };
  for (const day of [20, 21]) expect(await night(day)).toMatchObject({ rolledBackTo: null, scored: [{ version: 2 }] });
  const third = await night(22);
  for (const { wql, naiveWql } of third.scored) expect(wql!).toBeGreaterThan(naiveWql!);
  expect(third).toMatchObject({
    rolledBackTo: 1,
    alerts: expect.arrayContaining([expect.objectContaining({ code: 'ROLLED_BACK' })]) as unknown[],
  });
  expect((await store.models.get('load')).champion).toBe(1);
  const [latest, before] = (await listAliasHistory(flow, 'load', {})).items;
  expect(latest).toMatchObject({
    alias: 'champion',
    version: 1,
    to: null,
    rollback: true,
    reason: expect.stringMatching(/^rolled back: .*version 2/) as string,
  });
  expect(before).toMatchObject({
    alias: 'champion',
    version: 2,
    rollback: false,
    reason: 'rolled back by hand',
    to: expect.any(String) as string,
  });
  // What is forecast from now on is the old champion's, and monitoring leaves it where it is.
  expect(await night(23)).toMatchObject({ rolledBackTo: null, scored: [{ version: 1 }] });
});

it('leaves a bad champion in its place, and still scores it, where the one before it was deleted', async () => {
  const request = { dataset: 'load', model: 'other', horizon: DAY };
  await ended(await requestTraining(flow, { ...request, kind: 'seasonalNaive' }));
  await ended(await requestTraining(flow, { ...request, kind: 'naive' }));
  await setAlias(flow, 'other', 'champion', 2, 'by hand');
  await deleteVersion(flow, 'other', 1);
  for (const day of [24, 25, 26]) {
    await ended(await requestForecast(flow, { model: 'other' }));
    await arrive(day, day + 1);
    expect(await monitor('other')).toMatchObject({ rolledBackTo: null, scored: [{ version: 2 }] });
  }
  expect((await store.models.get('other')).champion).toBe(2);
});
