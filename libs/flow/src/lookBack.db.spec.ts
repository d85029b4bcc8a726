/**
 * One rule of look-back, whoever forecasts: a series that the model has not learned, with a long past that is nothing like its present,
 * is forecast the same in a stored forecast (which reads the last steps only), in a what-if and in a backtest (which read all of it).
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobName, Run, WhatIf } from '@almanac/contracts';
import { requestBacktest } from '@almanac/flow/backtest';
import { type Compute, startCompute } from '@almanac/flow/compute';
import { requestForecast } from '@almanac/flow/forecast';
import { runHandlers } from '@almanac/flow/handlers';
import { readPrediction, requestWhatIf } from '@almanac/flow/predict';
import { getRun, latestForecasts, listBacktestSeries } from '@almanac/flow/query';
import { type FlowContext, JOBS } from '@almanac/flow/runs';
import { newWorkerId } from '@almanac/flow/runs/execute';
import { requestTraining } from '@almanac/flow/train';
import { folderObjectStore, openQueue, type Queue, silentLogger } from '@almanac/platform';
import { DEFAULT_QUANTILES } from '@almanac/series';
import { openStore, type Store } from '@almanac/store';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';

const FIRST = 240_000;
const LENGTH = 1300;
const HORIZON = 12;
const STEP_SIZE = 600;
/** The cutoff of the backtest's second window; its model was fitted at the first, before the stranger began. */
const CUTOFF = LENGTH - 1 - HORIZON;
const BEGINS = LENGTH - STEP_SIZE;

const wave = (t: number): number => 10.5 + 4 * Math.sin((2 * Math.PI * t) / 24);
/** Long ago it was forty times as large. */
const stranger = (t: number): number => wave(t + 5) * (t < LENGTH - 300 ? 40 : 1);

let database: TestDatabase;
let folder: string;
let store: Store;
let queue: Queue<JobName>;
let compute: Compute;
let flow: FlowContext;

async function succeeded({ id }: Run): Promise<string> {
  for (;;) {
    const run = await getRun(flow, id);
    if (run.finishedAt !== null) {
      expect(run.error).toBeNull();
      return id;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'almanac-look-back-'));
  store = await openStore({ databaseUrl: database.url });
  queue = await openQueue({ databaseUrl: database.url, redisUrl: undefined }, JOBS, silentLogger);
  compute = startCompute({ threads: 1 });
  flow = { store, queue, objects: folderObjectStore(folder), logger: silentLogger, now: () => new Date(), codeVersion: 'test' };
  const holder = { workerId: newWorkerId(), holds: () => undefined, letsGo: () => undefined };
  await queue.work([...runHandlers(flow, { cpu: compute }, holder), { name: 'deliver', handle: () => Promise.resolve() }], {
    train: 1,
    forecast: 1,
    backtest: 1,
    predict: 1,
    part: 1,
  });
  const piece = (id: string, from: number, value: (t: number) => number, channel?: string): object => ({
    id,
    ...(channel === undefined ? {} : { channel }),
    firstStep: FIRST + from,
    values: Float64Array.from({ length: LENGTH - from }, (_, t) => value(from + t)),
  });
  const price = (t: number): number => 1 + (t % 3);
  await store.series.writeVersion({
    dataset: { name: 'shops', frequency: 'h', timeZone: 'UTC', futureCovariates: ['price'] },
    mode: 'replace',
    pieces: [
      piece('a', 0, wave),
      piece('a', 0, price, 'price'),
      piece('b', 0, (t) => 2 * wave(t + 3)),
      piece('b', 0, price, 'price'),
      piece('stranger', BEGINS, stranger),
      piece('stranger', BEGINS, price, 'price'),
    ] as Parameters<Store['series']['writeVersion']>[0]['pieces'],
    summary: () => ({ rowsRead: 0, rowsRejected: 0, findings: null }),
  });
});

afterAll(async () => {
  await queue?.close();
  await compute?.close();
  await store?.close();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

it.each(['seriesDeviation', 'robustArcsinh'])('a stranger is forecast the same by all, scaled by %s', async (scaler) => {
  const model = `shops-${scaler}`;
  const config = { hidden: 4, contextLength: 24, segmentLength: 12, temporalSeason: 24, scaler, train: { batch: 4, steps: 4 } };
  const holdout = HORIZON + STEP_SIZE;
  await succeeded(await requestTraining(flow, { dataset: 'shops', model, kind: 'segment', horizon: HORIZON, holdout, config }));
  const cutoff = new Date((FIRST + CUTOFF) * 3_600_000).toISOString();

  const forecast = await succeeded(await requestForecast(flow, { model, uniqueIds: ['stranger'], cutoff, calibrate: false }));
  const [stored] = (await latestForecasts(flow, { runId: forecast })).items;
  expect(stored).toMatchObject({ uniqueId: 'stranger', levels: DEFAULT_QUANTILES });

  const changes = [{ covariate: 'price', add: 0 }];
  const asked = { model, uniqueIds: ['stranger'], changes, cutoff, quantiles: [...DEFAULT_QUANTILES], wait: 0 };
  const whatIf = (await readPrediction(flow, await succeeded(await requestWhatIf(flow, asked)))) as WhatIf;
  expect(whatIf.items[0]!.baseline).toEqual(stored!.quantiles);

  const models = [{ kind: 'segment', label: 'ours', config }];
  const backtest = await succeeded(
    await requestBacktest(flow, { dataset: 'shops', models, horizon: HORIZON, windows: 2, stepSize: STEP_SIZE, refitEvery: 0 }),
  );
  const { items } = await listBacktestSeries(flow, backtest, { label: 'ours', search: 'stranger' });
  const median = stored!.quantiles[DEFAULT_QUANTILES.indexOf(0.5)]!;
  const errors = median.map((value, h) => Math.abs(value! - stranger(CUTOFF + 1 + h)));
  // The first window ends before it began: only the second is scored.
  expect(items).toMatchObject([{ uniqueId: 'stranger', observations: HORIZON }]);
  expect(items[0]!.mae! / (errors.reduce((sum, error) => sum + error, 0) / HORIZON)).toBeCloseTo(1, 6);
});
