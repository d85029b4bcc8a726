/** Sums of a stored forecast: over steps, over series, by region; refused where they would not be sums of what is there. */
import type { ContributionsAnswer, Forecast, Override, Totals } from '@almanac/contracts';
import { overrideRequest, totalsRequest } from '@almanac/contracts';
import { createOverride, deleteOverride, listOverrides, requestForecast } from '@almanac/flow/forecast';
import { readPrediction, requestExplanation } from '@almanac/flow/predict';
import {
  forecastPaths,
  forecastTotals,
  getContributions,
  getDecomposition,
  getModelVersion,
  latestForecasts,
  latestForecastsCsv,
  overrideScores,
} from '@almanac/flow/query';
import { requestTraining } from '@almanac/flow/train';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SeriesPiece } from '@almanac/store';
import { startFlow, type TestFlow } from '../../../../test/support/flow.js';

const LENGTH = 200;
const HORIZON = 14;
const FIRST = 19_000;
const day = (step: number): string => new Date(step * 86_400_000).toISOString().slice(0, 10);

let test: TestFlow;
let runId: string;

/** All shops have good and bad days together. */
beforeAll(async () => {
  test = await startFlow(['train', 'forecast', 'gather', 'part', 'predict']);
  let state = 7;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647 - 0.5;
  const shared = Array.from({ length: LENGTH }, () => 40 * random());
  const shop = (id: string, region: string, length = LENGTH): SeriesPiece => ({
    id,
    firstStep: FIRST + LENGTH - length,
    values: Float64Array.from(
      { length },
      (_, t) => 100 + 10 * Math.sin((2 * Math.PI * t) / 7) + shared[t + LENGTH - length]! + 2 * random(),
    ),
    staticCovariates: { region },
  });
  await test.write({ name: 'shops', frequency: 'D', timeZone: 'UTC' }, [shop('a', 'north'), shop('b', 'north'), shop('c', 'south')]);
  await test.ended(
    await requestTraining(test.flow, { dataset: 'shops', model: 'shops', kind: 'theta', horizon: HORIZON, holdout: 4 * HORIZON }),
  );
  runId = (await test.ended(await requestForecast(test.flow, { model: 'shops', calibrate: false }))).id;
});
afterAll(async () => test?.close());

const total = (request: object): Promise<Totals> => forecastTotals(test.flow, totalsRequest.parse({ model: 'shops', ...request }));
const width = ({ intervals }: Totals['items'][number]): number => intervals[0]!.upper! - intervals[0]!.lower!;

describe('the history of a series', () => {
  it('is taken apart into what adds up to it, its week among them', async () => {
    const parts = await getDecomposition(test.flow, 'shops', 'a', { steps: 50, country: 'DE' });
    expect(parts.ds).toHaveLength(50);
    expect(parts.seasons.map(({ length }) => length)).toEqual([7]);
    expect(parts.seasons[0]!.strength).toBeGreaterThan(0.2);
    parts.y.forEach((value, t) => {
      const sum = parts.trend[t]! + parts.seasons[0]!.values[t]! + (parts.holidays?.[t] ?? 0) + parts.rest[t]!;
      expect(Math.abs(sum - value!)).toBeLessThan(1e-9);
    });
    // 200 days from January 2022 on: Easter is among them, in the days before the last 50 too.
    expect(parts.country).toBe('DE');
    expect((await getDecomposition(test.flow, 'shops', 'a', { steps: 50, country: 'none' })).holidays).toBeNull();
    await expect(getDecomposition(test.flow, 'shops', 'a', { steps: 50, country: 'XX' })).rejects.toMatchObject({
      code: 'COUNTRY_UNKNOWN',
    });
  });
});

describe('the sum of a forecast', () => {
  it('is as wide as its errors hang together, and its median near the sum of the medians', async () => {
    const { dependence } = await getModelVersion(test.flow, 'shops', 1);
    // What all shops share was found on the steps that were held out.
    expect(dependence!.common).toBeGreaterThan(0.3);
    const { items, ...rest } = await total({});
    expect(rest).toMatchObject({
      runId,
      model: 'shops',
      version: 1,
      paths: 1000,
      seed: 1,
      dependence: { ...dependence, basis: 'measured' },
      notes: [],
    });
    expect(items).toHaveLength(1);
    const [all] = items;
    expect(all).toMatchObject({ group: null, series: 3, steps: HORIZON, intervals: [{ level: 80 }, { level: 95 }] });
    const forecasts = (await latestForecasts(test.flow, { runId })).items;
    const middle = forecasts[0]!.levels.indexOf(0.5);
    const medians = forecasts.reduce((sum, { quantiles }) => sum + quantiles[middle]!.reduce<number>((a, b) => a + b!, 0), 0);
    expect(Math.abs(all!.median! / medians - 1)).toBeLessThan(0.02);
    const widthsOfSteps = forecasts.flatMap(({ levels, quantiles }) =>
      quantiles[0]!.map((_, h) => quantiles[levels.indexOf(0.9)]![h]! - quantiles[levels.indexOf(0.1)]![h]!),
    );
    // Neither as if all misses came together, nor as if none did.
    expect(width(all!)).toBeLessThan(widthsOfSteps.reduce((a, b) => a + b, 0));
    expect(width(all!)).toBeGreaterThan(1.2 * Math.hypot(...widthsOfSteps));
    expect(await total({})).toEqual({ items, ...rest });
  });

  it('is made for regions and weeks, of series that are named or filtered', async () => {
    const { items } = await total({ by: 'region', every: 7 });
    expect(
      items.map(({ group, series, from, to, steps }) => [group, series, String(from).slice(0, 10), String(to).slice(0, 10), steps]),
    ).toEqual([
      ['north', 2, day(FIRST + LENGTH), day(FIRST + LENGTH + 6), 7],
      ['north', 2, day(FIRST + LENGTH + 7), day(FIRST + LENGTH + 13), 7],
      ['south', 1, day(FIRST + LENGTH), day(FIRST + LENGTH + 6), 7],
      ['south', 1, day(FIRST + LENGTH + 7), day(FIRST + LENGTH + 13), 7],
    ]);
    const south = (await total({ where: { region: 'south' }, every: 7 })).items;
    expect(south.map(({ median }) => median)).toEqual(items.slice(2).map(({ median }) => median));
    const oneDay = (await total({ uniqueIds: ['a'], from: day(FIRST + LENGTH), to: day(FIRST + LENGTH), level: [50] })).items[0]!;
    expect(oneDay).toMatchObject({ series: 1, steps: 1, intervals: [{ level: 50 }] });
  });

  it('is refused, by name, outside of what is forecast', async () => {
    await expect(total({ to: day(FIRST + LENGTH + HORIZON) })).rejects.toMatchObject({
      code: 'TOTALS_OUTSIDE_HORIZON',
      message: expect.stringContaining(`to ${day(FIRST + LENGTH + 13)}, which does not hold`),
    });
    await expect(total({ by: 'colour' })).rejects.toMatchObject({ code: 'COVARIATE_UNKNOWN' });
    await expect(total({ uniqueIds: ['z'] })).rejects.toMatchObject({ code: 'SERIES_NOT_FOUND' });
    await expect(total({ paths: 10_000, runId, model: undefined })).resolves.toMatchObject({ paths: 10_000 });
    expect(() => totalsRequest.parse({ model: 'shops', runId })).toThrow(/runId or model/);
  });
});

it('paths are drawn again from their seed, and add up to the sum', async () => {
  const paths = await forecastPaths(test.flow, runId, { uniqueId: 'a', count: 1000, seed: 1 });
  expect(paths.paths).toHaveLength(1000);
  expect(paths.paths[0]).toHaveLength(HORIZON);
  const sums = paths.paths.map((path) => path.reduce<number>((sum, value) => sum + value!, 0));
  const mean = sums.reduce((a, b) => a + b, 0) / sums.length;
  expect((await total({ uniqueIds: ['a'] })).items[0]!.mean).toBeCloseTo(mean, 6);
  expect((await forecastPaths(test.flow, runId, { uniqueId: 'a', count: 100, seed: 1 })).paths).toEqual(paths.paths.slice(0, 100));
});

describe('a stored forecast', () => {
  it('is taken apart on demand and on request into parts that add up to its median, and is refused where it cannot be', async () => {
    expect(await getContributions(test.flow, runId, 'a')).toEqual({ contributions: null });
    const asked = await test.ended(await requestExplanation(test.flow, { runId, uniqueIds: ['a'], wait: 0 }));
    const answer = (await readPrediction(test.flow, asked.id)) as ContributionsAnswer;
    const [parts] = answer.contributions;
    expect(parts!.parts.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['level level', 'trend trend', 'season 7', 'rest rest']);
    const { items } = await latestForecasts(test.flow, { runId, uniqueId: 'a', limit: 1 });
    const stored = items[0]!.quantiles[items[0]!.levels.indexOf(0.5)]!;
    stored.forEach((value, h) => {
      expect(Math.abs(parts!.parts.reduce((sum, part) => sum + part.values[h]!, 0) - value!)).toBeLessThan(1e-6);
    });
    // The wave of the week has an amplitude of 10.
    expect(Math.max(...parts!.parts[2]!.values.map(Math.abs))).toBeGreaterThan(5);
    expect(await getContributions(test.flow, runId, 'a')).toEqual({ contributions: parts });
    const again = await test.ended(
      await requestForecast(test.flow, { model: 'shops', uniqueIds: ['a'], contributions: true, calibrate: false }),
    );
    expect((await getContributions(test.flow, again.id, 'a')).contributions!.parts).toEqual(parts!.parts);
    await expect(requestExplanation(test.flow, { runId, uniqueIds: ['nobody'], wait: 0 })).rejects.toMatchObject({
      code: 'FORECAST_NOT_FOUND',
    });
    await expect(requestForecast(test.flow, { model: 'shops', horizon: 2 * HORIZON, contributions: true })).rejects.toMatchObject({
      code: 'CONTRIBUTIONS_NOT_POSSIBLE',
    });
  });
});

describe('a forecast that a planner changes', () => {
  it('has model, override and final beside each other, its totals are final, and what came judges both', async () => {
    const at = (step: number): string => day(FIRST + LENGTH - HORIZON + step);
    const request = { model: 'shops', uniqueIds: ['a'], cutoff: at(-1), calibrate: false };
    const past = (await test.ended(await requestForecast(test.flow, request))).id;
    const read = async (): Promise<Forecast> => (await latestForecasts(test.flow, { runId: past, limit: 1 })).items[0]!;
    const { quantiles, levels, final } = await read();
    expect(final).toBeNull();
    const median = levels.indexOf(0.5);
    const ask = (change: object): Promise<Override> =>
      createOverride(test.flow, past, overrideRequest.parse({ uniqueId: 'a', from: at(0), reason: 'a fair', ...change }));
    expect(await ask({ to: at(1), percent: 50 })).toMatchObject({
      change: 'percent',
      amount: 50,
      reason: 'a fair',
      from: `${at(0)}T00:00:00.000Z`,
    });
    await ask({ from: at(1), add: 7 });
    const { id } = await ask({ from: at(3), set: 1e6, reason: 'a slip' });
    const changed = (await read()).final![median]!;
    expect(changed[0]).toBeCloseTo(1.5 * quantiles[median]![0]!);
    expect(changed[1]).toBeCloseTo(1.5 * quantiles[median]![1]! + 7);
    expect(changed[2]).toBe(quantiles[median]![2]);
    expect(changed[3]).toBeCloseTo(1e6);
    const spread = (rows: (number | null)[][], h: number): number => rows.at(-1)![h]! - rows[0]![h]!;
    expect(spread((await read()).final!, 3)).toBeCloseTo(spread(quantiles, 3));
    expect((await total({ model: undefined, runId: past, from: at(3), to: at(3) })).items[0]!.median).toBeGreaterThan(9e5);
    expect(await overrideScores(test.flow, 'shops', undefined)).toMatchObject({
      steps: 3,
      verdict: expect.stringContaining('% worse') as string,
    });
    let csv = '';
    for await (const piece of await latestForecastsCsv(test.flow, { runId: past })) csv += piece;
    const [head, ...rows] = csv
      .trim()
      .split('\n')
      .map((line) => line.split(','));
    const column = (name: string, row: number): string => rows[row]![head!.indexOf(name)]!;
    expect(Number(column('shops', 3))).toBeCloseTo(quantiles[median]![3]!);
    expect([column('shops-override', 2), Number(column('shops-final', 2))]).toEqual(['', quantiles[median]![2]]);
    expect(Number(column('shops-override', 3))).toBeCloseTo(1e6);
    await deleteOverride(test.flow, past, id);
    expect((await listOverrides(test.flow, past, 'a')).items.map(({ reason }) => reason)).toEqual(['a fair', 'a fair']);
    expect((await overrideScores(test.flow, 'shops', 'shops')).forecasts).toMatchObject([{ uniqueId: 'a', overrides: 2, steps: 2 }]);
    await expect(ask({ to: at(HORIZON), add: 1 })).rejects.toMatchObject({ code: 'OVERRIDE_OUTSIDE_HORIZON' });
    await expect(deleteOverride(test.flow, past, id)).rejects.toMatchObject({ code: 'OVERRIDE_NOT_FOUND', status: 404 });
  });
});
