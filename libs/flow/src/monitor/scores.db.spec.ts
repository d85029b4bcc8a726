/** What becomes of stored forecasts as actuals arrive: scores by series and step ahead, and what nobody expected; on a real Postgres. */
import { type MonitorResult, monitorResult } from '@almanac/contracts';
import { requestForecast } from '@almanac/flow/forecast';
import { requestMonitoring } from '@almanac/flow/monitor';
import { forecastScores, forecastSeriesScores, listAnomalies } from '@almanac/flow/query';
import { requestTraining } from '@almanac/flow/train';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { query } from '../../../../test/support/database.js';
import { startFlow, type TestFlow } from '../../../../test/support/flow.js';

const DAY = 24;
const SERIES = ['calm', 'wild'] as const;
let test: TestFlow;

/** Neither repeats after a day; `wild` strays ten times as far. */
const value = (series: number, t: number): number =>
  100 + 20 * Math.sin((2 * Math.PI * t) / DAY) + (series === 0 ? 1 : 10) * ((((t * 7919) % 101) / 101) * 2 - 1);
const arrive = (from: number, to: number, values = value): Promise<void> => test.arrive('load', SERIES, from, to, values);
const monitor = async (): Promise<MonitorResult> =>
  monitorResult.parse((await test.ended(await requestMonitoring(test.flow, { model: 'load' }))).result);

beforeAll(async () => {
  test = await startFlow(['train', 'forecast', 'monitor']);
  await arrive(0, 20 * DAY);
  await test.ended(await requestTraining(test.flow, { dataset: 'load', model: 'load', kind: 'seasonalNaive', horizon: 2 * DAY }));
});
afterAll(() => test?.close());

let forecastRun: string;

it('scores a forecast by step ahead and by series, season by season, until all of its horizon has been observed', async () => {
  const { flow } = test;
  forecastRun = (await test.ended(await requestForecast(flow, { model: 'load' }))).id;
  expect(await forecastScores(flow, forecastRun)).toEqual({ runId: forecastRun, horizon: 48, observed: 0, perHorizon: [] });
  await arrive(20 * DAY, 20 * DAY + 20);
  expect((await monitor()).scored).toEqual([]);
  await arrive(20 * DAY + 20, 21 * DAY + 5);
  expect((await monitor()).scored).toMatchObject([{ runId: forecastRun, series: 2 }]);
  expect(await forecastScores(flow, forecastRun)).toMatchObject({ observed: 24 });
  await arrive(21 * DAY + 5, 22 * DAY);
  // It is judged once, by its first season; the second is scored all the same.
  expect((await monitor()).scored).toEqual([]);
  const { observed, perHorizon } = await forecastScores(flow, forecastRun);
  expect(observed).toBe(48);
  expect(perHorizon.map(({ step, observations }) => [step, observations])).toEqual(Array.from({ length: 48 }, (_, h) => [h + 1, 2]));
  // By hand: the error of seasonal naive, 29 steps ahead, is what lies between that step and the one on the last day.
  const errors = [0, 1].map((series) => Math.abs(value(series, 21 * DAY + 4) - value(series, 19 * DAY + 4)));
  expect(perHorizon[28]!.mae).toBeCloseTo((errors[0]! + errors[1]!) / 2, 9);

  const bySeries = (await forecastSeriesScores(flow, forecastRun, {})).items;
  expect(bySeries.map(({ uniqueId, observations }) => [uniqueId, observations])).toEqual([
    ['wild', 48],
    ['calm', 48],
  ]);
  const maeOf = (series: number): number =>
    Array.from({ length: 48 }, (_, h) => Math.abs(value(series, 20 * DAY + h) - value(series, 19 * DAY + (h % DAY)))).reduce(
      (a, b) => a + b,
    ) / 48;
  expect(bySeries.map(({ mae }) => mae)).toEqual([expect.closeTo(maeOf(1), 9), expect.closeTo(maeOf(0), 9)]);
  // The model is seasonal naive, so its own reference has the same median; no more than quantiles tell them apart.
  expect(bySeries[0]!.naiveWql).toBeGreaterThan(0);
  expect((await forecastSeriesScores(flow, forecastRun, { limit: 1 })).next).not.toBeNull();
});

it('flags what lies far outside what was forecast, once, with an alert; and not what nobody had forecast', async () => {
  const { flow } = test;
  expect((await listAnomalies(flow, 'load', {})).items).toEqual([]);
  const { id } = await test.ended(await requestForecast(flow, { model: 'load' }));
  const odd = 22 * DAY + 7;
  await arrive(22 * DAY, 23 * DAY, (series, t) => (series === 0 && t === odd ? 400 : value(series, t)));
  const result = await monitor();
  expect(result.anomalies).toBe(1);
  expect(result.alerts.find(({ code }) => code === 'ANOMALY')).toMatchObject({
    message: expect.stringMatching(/^1 observation of 1 series .*"calm" at 1970-01-23T07:00:00.000Z: 400/) as string,
    since: '1970-01-23T07:00:00.000Z',
  });
  const [found, ...others] = (await listAnomalies(flow, 'load', {})).items;
  expect(others).toEqual([]);
  expect(found).toMatchObject({ uniqueId: 'calm', ds: '1970-01-23T07:00:00.000Z', value: 400, runId: id });
  expect(found!.upper).toBeLessThan(200);
  expect(found!.score).toBeGreaterThan(2);
  expect((await listAnomalies(flow, 'load', { uniqueId: 'wild' })).items).toEqual([]);
  // Looking again, and a forecast made after the event, change nothing.
  await test.ended(await requestForecast(flow, { model: 'load', cutoff: '1970-01-22T23:00:00Z' }));
  const again = await monitor();
  expect(again.anomalies).toBe(0);
  expect(again.alerts.map(({ code }) => code)).not.toContain('ANOMALY');
  expect((await listAnomalies(flow, 'load', {})).items).toEqual([found]);
  await expect(listAnomalies(flow, 'load', { uniqueId: 'nobody' })).rejects.toMatchObject({ code: 'SERIES_NOT_FOUND' });
});

it('scores apart what a model forecast of steps that it had learned, and learns no widths from it', async () => {
  const { flow } = test;
  await test.ended(await requestTraining(flow, { dataset: 'load', model: 'late', kind: 'linear', horizon: DAY }));
  const result = async (): Promise<MonitorResult> =>
    monitorResult.parse((await test.ended(await requestMonitoring(flow, { model: 'late' }))).result);
  const { id: known } = await test.ended(await requestForecast(flow, { model: 'late', cutoff: '1970-01-16T23:00:00Z' }));
  // The last day was held out: a forecast of it is as good as one made then.
  const { id: fair } = await test.ended(await requestForecast(flow, { model: 'late', cutoff: '1970-01-22T23:00:00Z' }));
  const first = await result();
  expect(first.apart).toMatchObject([{ runId: known, cutoff: '1970-01-16T23:00:00.000Z', series: 2 }]);
  expect(first.scored).toMatchObject([{ runId: fair }]);
  expect((await forecastScores(flow, known)).observed).toBe(DAY);
  expect(await result()).toMatchObject({ apart: [], scored: [] });
});

it('judges a forecast once, however many monitor runs lie in between', async () => {
  const { flow, database } = test;
  // As if it had looked every hour for two weeks and seen nothing new.
  await query(
    database.url,
    `INSERT INTO run (id, workspace_id, kind, status, dataset, model, config, result, created_at, started_at, finished_at)
     SELECT gen_random_uuid(), '${flow.store.workspaceId}', 'monitor', 'succeeded', 'load', 'load', '{}',
       '{"model":"load","scored":[],"alerts":[],"drift":false,"retrainRunId":null,"rolledBackTo":null}', now(), now(), now()
     FROM generate_series(1, 336)`,
  );
  expect((await monitor()).scored).toEqual([]);
});

it('says that a run has no scores where it stores no forecast', async () => {
  const { items } = await test.flow.store.runs.list({ kind: 'train' });
  await expect(forecastScores(test.flow, items[0]!.id)).rejects.toMatchObject({ code: 'NOT_A_FORECAST' });
});
