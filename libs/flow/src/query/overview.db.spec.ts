/** What the first page shows: how good the forecasts were by what came since, the worst series, what is due and what is late. */
import { overview } from '@almanac/contracts';
import { requestForecast } from '@almanac/flow/forecast';
import { requestMonitoring } from '@almanac/flow/monitor';
import { getOverview } from '@almanac/flow/query';
import { createSchedule } from '@almanac/flow/schedule';
import { requestTraining } from '@almanac/flow/train';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startFlow, type TestFlow } from '../../../../test/support/flow.js';

const DAY = 24;
const SERIES = ['calm', 'wild'] as const;
let test: TestFlow;

const value = (series: number, t: number): number =>
  100 + 20 * Math.sin((2 * Math.PI * t) / DAY) + (series === 0 ? 1 : 10) * ((((t * 7919) % 101) / 101) * 2 - 1);
const arrive = (from: number, to: number): Promise<void> => test.arrive('load', SERIES, from, to, value);
const seen = async () => overview.parse(await getOverview(test.flow));

beforeAll(async () => {
  test = await startFlow(['train', 'forecast', 'monitor']);
});
afterAll(() => test?.close());

it('is empty where there is nothing', async () => {
  expect(await seen()).toMatchObject({ totals: { datasets: 0, series: 0, models: 0 }, due: [], ran: [], models: [], moreModels: 0 });
});

it('judges a model by what its training held out, until something came that can', async () => {
  await arrive(0, 20 * DAY);
  const training = await test.ended(
    await requestTraining(test.flow, { dataset: 'load', model: 'load', kind: 'theta', horizon: DAY, holdout: DAY }),
  );
  const before = await seen();
  expect(before.totals).toMatchObject({ datasets: 1, series: 2, observations: 2 * 20 * DAY, models: 1 });
  expect(before.week).toMatchObject({ succeeded: 1, failed: 0 });
  expect(before.ran).toMatchObject([{ id: training.id, kind: 'train', model: 'load', status: 'succeeded', error: null }]);
  expect(before.models).toMatchObject([{ model: 'load', dataset: 'load', version: 1, monitoredAt: null, alerts: [] }]);
  const [held] = before.models;
  expect(held!.quality).toMatchObject({ basis: 'holdout', runId: training.id });
  expect(held!.quality!.worst.map(({ uniqueId }) => uniqueId)).toEqual(['wild', 'calm']);

  const forecast = await test.ended(await requestForecast(test.flow, { model: 'load' }));
  await arrive(20 * DAY, 21 * DAY);
  await test.ended(await requestMonitoring(test.flow, { model: 'load' }));
  const [live] = (await seen()).models;
  expect(live!.quality).toMatchObject({ basis: 'live', runId: forecast.id });
  expect(live!.quality!.worst[0]).toMatchObject({ uniqueId: 'wild', observations: DAY });
  expect(live!.monitoredAt).not.toBeNull();
});

it('names what is due, and what is late', async () => {
  const action = { kind: 'forecast' as const, request: { model: 'load' } };
  await createSchedule(test.flow, { name: 'nightly', cron: '0 2 * * *', action });
  await createSchedule(test.flow, { name: 'resting', cron: '0 2 * * *', action, paused: true });
  const [due, ...others] = (await seen()).due;
  expect(others).toEqual([]);
  expect(due).toMatchObject({ schedule: 'nightly', action: 'forecast', late: false });
  const after = new Date(Date.parse(due!.dueAt) + 10 * 60_000);
  expect((await getOverview({ ...test.flow, now: () => after })).due).toMatchObject([{ schedule: 'nightly', late: true }]);
});
