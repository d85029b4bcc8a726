/** A champion whose forecasts turn out worse than seasonal naive gives its place back, or after a break to a baseline; on Postgres. */
import { type MonitorRequestInput, type MonitorResult, monitorResult, trainResult } from '@almanac/contracts';
import { requestForecast } from '@almanac/flow/forecast';
import { requestMonitoring } from '@almanac/flow/monitor';
import { getModelVersion, listAliasHistory, listModels } from '@almanac/flow/query';
import { deleteVersion, setAlias } from '@almanac/flow/register';
import type { FlowContext } from '@almanac/flow/runs';
import { requestTraining } from '@almanac/flow/train';
import type { RunRecord, Store } from '@almanac/store';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startFlow, type TestFlow } from '../../../../test/support/flow.js';

const DAY = 24;
let test: TestFlow;
let flow: FlowContext;
let store: Store;

/** A strong daily cycle, with a little that repeats only after 37 hours. */
const value = (t: number): number => 50 + 30 * Math.sin((2 * Math.PI * t) / DAY) + ((t * 7) % 37) / 10;

const arrive = (fromDay: number, toDay: number): Promise<void> =>
  test.arrive('load', ['a'], fromDay * DAY, toDay * DAY, (_, t) => value(t));
const ended = (run: { id: string }): Promise<RunRecord> => test.ended(run);
const monitor = async (model = 'load', more: Partial<MonitorRequestInput> = {}): Promise<MonitorResult> =>
  monitorResult.parse((await ended(await requestMonitoring(flow, { model, ...more }))).result);

beforeAll(async () => {
  test = await startFlow(['train', 'forecast', 'monitor']);
  ({ flow } = test);
  ({ store } = flow);
});
afterAll(() => test?.close());

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

it('lets the best baseline forecast after a confirmed break, says so, and gives the place to the first challenger that passes', async () => {
  const BROKEN = 42;
  const series = ['a', 'b'];
  const days = (from: number, to: number): Promise<void> =>
    test.arrive('wares', series, from * DAY, to * DAY, (no, t) => (t >= BROKEN * DAY ? 1.8 : 1) * (value(t) + 20 * no));
  const request = { dataset: 'wares', model: 'wares', kind: 'linear', horizon: DAY };
  await days(0, 40);
  await ended(await requestTraining(flow, request));
  const night = async (day: number, more = {}): Promise<MonitorResult> => {
    await ended(await requestForecast(flow, { model: 'wares' }));
    await days(day, day + 1);
    return monitor('wares', more);
  };
  for (const day of [40, 41]) expect(await night(day)).toMatchObject({ drift: false, break: null });
  for (const day of [BROKEN, BROKEN + 1]) expect(await night(day)).toMatchObject({ drift: true, break: null, fellBackTo: null });
  expect((await store.models.get('wares')).champion).toBe(1);
  const third = await night(BROKEN + 2, { retrainOnDrift: request });
  expect(third).toMatchObject({ break: { version: 1, since: '1970-02-11T23:00:00.000Z' }, fellBackTo: 2, rolledBackTo: null });
  const { baseline, wql, baselineWql } = third.break!;
  expect(wql).toBeGreaterThan(3 * baselineWql);
  expect(third.alerts.find(({ code }) => code === 'BREAK')!.message).toContain(`Version 2 (${baseline}) forecasts in its place`);
  const standsIn = { for: 1, since: '1970-02-11T23:00:00.000Z', baseline };
  expect((await listModels(flow, {})).items.find(({ name }) => name === 'wares')).toMatchObject({ champion: 2, standsIn });
  expect(await getModelVersion(flow, 'wares', 'champion')).toMatchObject({ standsIn, lineage: { dataset: 'wares', holdout: DAY } });
  expect((await listAliasHistory(flow, 'wares', {})).items.find(({ alias }) => alias === 'champion')).toMatchObject({
    version: 2,
    reason: expect.stringMatching(/^stands in for version 1: .* times as far off as those of /) as string,
  });
  // What is trained from now on holds out half as much, and does not pass as long as it knows the old world best.
  const asked = await ended({ id: third.retrainRunId! });
  expect(asked.config).toMatchObject({ holdout: 4 * DAY });
  expect(trainResult.parse(asked.result).gate).toMatchObject({ promoted: false });
  // It forecasts, is scored, and is replaced by nobody but a challenger; one is trained though nothing drifts.
  const fourth = await night(BROKEN + 3, { retrainOnDrift: request });
  expect(fourth).toMatchObject({ scored: [{ version: 2 }], break: null, rolledBackTo: null });
  expect(fourth.scored[0]!.wql!).toBeLessThan(wql / 3);
  await ended({ id: fourth.retrainRunId! });
  await days(BROKEN + 4, BROKEN + 40);
  const won = trainResult.parse((await ended(await requestTraining(flow, { ...request, gate: true }))).result);
  expect(won.gate).toMatchObject({ promoted: true, tests: [{ against: 'version 2', better: true }, {}] });
  expect(await store.models.get('wares')).toMatchObject({ champion: won.version, standsIn: null });
});
