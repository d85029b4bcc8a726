/**
 * One seed gives one result, also where the worker was killed halfway; and what was killed is done once.
 * With an Almanac of its own, whose worker is killed. How long a training is does not matter to the claim: this one is short.
 */
import { type Run, trainResult, type TrainResult } from '@almanac/contracts';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningAlmanac, startAlmanac } from '../support/almanac.js';
import { Case } from '../support/cases.js';

const path = new Case('40-same-seed-and-a-killed-worker').path('panel.csv');
const HORIZON = 14;

describe('40 same-seed-and-a-killed-worker', { timeout: 600_000 }, () => {
  let almanac: RunningAlmanac;
  /** Of which the worker was killed. */
  let forecastId: string;
  const client = (): RunningAlmanac['client'] => almanac.client;

  beforeAll(async () => {
    almanac = await startAlmanac({ ALMANAC_THREADS: '1' });
    const { runId } = await client().upload(new Blob([readFileSync(path)]), 'panel.csv', { dataset: 'c40' });
    expect(await client().waitForRun(runId)).toMatchObject({ status: 'succeeded' });
  });
  afterAll(() => almanac.stop());

  const begin = async (model: string): Promise<string> => {
    const body = { dataset: 'c40', horizon: HORIZON, seed: 7, model, steps: 160 };
    return (await client().call('train', { body } as never)).id;
  };
  const ended = async (runId: string): Promise<Run> => {
    const run = await client().waitForRun(runId);
    expect(run).toMatchObject({ status: 'succeeded', error: null });
    return run;
  };
  const forecast = async (model: string, horizon = HORIZON): Promise<string> =>
    (await client().call('forecast', { body: { model, horizon } } as never)).id;
  /** Runs of a kind that are not over. */
  const open = async (): Promise<Run[]> =>
    (
      await Promise.all((['queued', 'running'] as const).map((status) => client().call('listRuns', { query: { status } as never })))
    ).flatMap(({ items }) => items);

  /** Weights by their hash, as the export has it; metrics of its training, and its forecasts, without its name. */
  async function resultsOf(model: string): Promise<{ weights: string; score: TrainResult['score']; forecasts: string }> {
    const { items } = await client().call('listModelVersions', { params: { model }, query: {} as never });
    expect(items.map(({ version }) => version)).toEqual([1]);
    const tar = Buffer.from(
      await (await client().stream('exportModelVersion', { params: { model, version: '1' } as never })).arrayBuffer(),
    );
    expect(tar.subarray(0, 13).toString()).toBe('manifest.json');
    const manifest = JSON.parse(tar.subarray(512, 512 + parseInt(tar.subarray(124, 135).toString(), 8)).toString()) as {
      files: Record<string, { sha256: string }>;
    };
    const trainings = await client().call('listRuns', { query: { kind: 'train', model } as never });
    expect(trainings.items).toHaveLength(1);
    const runId = await forecast(model);
    await ended(runId);
    const csv = await (await client().stream('latestForecastsCsv', { query: { runId } })).text();
    return {
      weights: manifest.files['weights.f32']!.sha256,
      score: trainResult.parse(trainings.items[0]!.result).score,
      forecasts: csv.replaceAll(model, 'model'),
    };
  }

  it('two trainings with one seed are one, also where the worker of one was killed halfway, and all is done once', async () => {
    const a = await begin('c40a');
    await ended(a);
    const c = await begin('c40c');
    const stepOf = async (id: string): Promise<number> => (await client().call('getRun', { params: { runId: id } })).progress?.step ?? 0;
    await expect.poll(() => stepOf(c), { timeout: 300_000, interval: 20 }).toBeGreaterThanOrEqual(60);
    // A forecast too: both are in the middle of it when their worker is killed, and its lease lapses once for both.
    forecastId = await forecast('c40a', 4 * HORIZON);
    const statusOf = async (id: string): Promise<string> => (await client().call('getRun', { params: { runId: id } })).status;
    await expect.poll(() => statusOf(forecastId), { timeout: 120_000, interval: 5 }).not.toBe('queued');
    await almanac.killWorker();
    expect([await statusOf(c), await statusOf(forecastId)]).toEqual(['running', 'running']);
    almanac.startWorker();
    // It has this one to itself until then.
    const b = await begin('c40b');
    await Promise.all([b, c, forecastId].map(ended));
    const first = await resultsOf('c40a');
    expect(first.forecasts.trim().split('\n')).toHaveLength(1 + 12 * HORIZON);
    expect(await resultsOf('c40b')).toEqual(first);
    expect(await resultsOf('c40c')).toEqual(first);
    expect(await open()).toEqual([]);
  });

  it('a forecast whose worker was killed is stored once per series', async () => {
    const rows = (await (await client().stream('latestForecastsCsv', { query: { runId: forecastId } })).text()).trim().split('\n').slice(1);
    expect(rows).toHaveLength(12 * 4 * HORIZON);
    expect(new Set(rows.map((row) => row.split(',').slice(0, 2).join())).size).toBe(rows.length);
  });
});
