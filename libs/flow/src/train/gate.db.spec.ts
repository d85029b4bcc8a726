/** Training behind the gate, and the forecast after it; on a real Postgres. */
import { forecastResult, type TrainResult, trainResult } from '@almanac/contracts';
import { latestForecastsCsv, listAliasHistory } from '@almanac/flow/query';
import { setAlias } from '@almanac/flow/register';
import { createSchedule, fireDue, listFirings } from '@almanac/flow/schedule';
import { requestTraining } from '@almanac/flow/train';
import type { RunRecord } from '@almanac/store';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { query } from '../../../../test/support/database.js';
import { startFlow, type TestFlow } from '../../../../test/support/flow.js';
import { championOf, passGate } from './execute/gate.js';

const DAY = 24;
let now = new Date('2024-01-01T00:00:00Z');
let test: TestFlow;
/** A daily cycle that seasonal naive knows and the last value does not, and a little that neither does. */
const value = (_: number, t: number): number => 50 + 30 * Math.sin((2 * Math.PI * t) / DAY) + ((t * 7919) % 101) / 25;

const train = async (kind: string, more: object = {}): Promise<{ run: RunRecord; result: TrainResult }> => {
  const run = await test.ended(await requestTraining(test.flow, { dataset: 'load', model: 'load', horizon: 2 * DAY, kind, ...more }));
  return { run, result: trainResult.parse(run.result) };
};
const champion = async (): Promise<number | null> => (await test.flow.store.models.get('load')).champion;

beforeAll(async () => {
  test = await startFlow(['train', 'forecast'], () => now);
  await test.arrive('load', ['a', 'b'], 0, 60 * DAY, value);
});
afterAll(() => test?.close());

it('holds out what its test needs where nobody says how much, and refuses a holdout that can prove nothing', async () => {
  expect((await train('naive')).run.config['holdout']).toBe(2 * DAY);
  const { run, result } = await train('seasonalNaive', { gate: true });
  expect(run.config['holdout']).toBe(2 * DAY + 7 * DAY);
  expect(result.gate).toMatchObject({ windows: 8, tests: [{ against: 'version 1', better: true }, { against: 'seasonalNaive' }] });
  await expect(
    requestTraining(test.flow, { dataset: 'load', model: 'load', horizon: 2 * DAY, gate: true, holdout: 3 * DAY }),
  ).rejects.toMatchObject({ code: 'HOLDOUT_TOO_SHORT', hint: expect.stringContaining('120') as string });
});

it('promotes what beats the champion and seasonal naive, with the evidence in the history, and nothing else', async () => {
  const before = (await champion())!;
  // The last value is worse than the cycle: it stays challenger.
  const { result } = await train('naive', { gate: true });
  const worse = new RegExp(`^does not beat version ${before} .* p = .*, does not beat seasonalNaive `);
  expect(result.gate).toMatchObject({ promoted: false, reason: expect.stringMatching(worse) as string });
  expect(await champion()).toBe(before);
  // The cycle, cleaned of what is chance, beats both.
  const { result: better } = await train('theta', { gate: true });
  const both = new RegExp(`^beats version ${before} .* p = .*, beats seasonalNaive `);
  expect(better.gate).toMatchObject({ promoted: true, reason: expect.stringMatching(both) as string });
  expect(await champion()).toBe(better.version);
  const history = (await listAliasHistory(test.flow, 'load', {})).items;
  expect(history.slice(0, 2)).toMatchObject([
    { alias: 'champion', version: better.version, reason: better.gate!.reason, to: null },
    { alias: 'challenger', version: better.version, reason: better.gate!.reason },
  ]);
  // Which version was champion at an instant that has passed?
  const { to } = history.find(({ alias, version }) => alias === 'champion' && version === before)!;
  const championAt = async (at: number): Promise<number[]> =>
    (await listAliasHistory(test.flow, 'load', { at: new Date(at).toISOString() })).items.flatMap(({ alias, version }) =>
      alias === 'champion' ? [version] : [],
    );
  expect([await championAt(Date.parse(to!) - 1), await championAt(Date.parse(to!) + 1), await championAt(0)]).toEqual([
    [before],
    [better.version],
    [],
  ]);
});

it('does not take the place of a champion that it was not compared with', async () => {
  const { store } = test.flow;
  const before = (await champion())!;
  const { run, result } = await train('naive', { promote: false });
  const plan = { ...(run.config as never as Parameters<typeof passGate>[1]), gate: true };
  const dataset = await store.datasets.get('load');
  const compared = await championOf(
    { ...test.flow, run } as never,
    { ...plan, holdout: 2 * DAY },
    await store.datasets.version(dataset.id, 1),
  );
  expect(compared?.version).toBe(before);
  await setAlias(test.flow, 'load', 'champion', 1, 'meanwhile');
  const gate = {
    windows: 8,
    level: 0.05,
    tests: [{ against: `version ${before}`, pValue: 0.01, challengerWql: 1, otherWql: 2, better: true }],
  };
  const version = await store.models.version('load', { no: result.version });
  expect(await passGate(store, plan, version, { champion: compared, gate })).toMatchObject({
    promoted: false,
    reason: expect.stringContaining(`version ${before} is champion no more`) as string,
  });
  expect(await champion()).toBe(1);
  await expect(store.models.setAlias('load', 'champion', result.version, '', before)).rejects.toMatchObject({ code: 'ALIAS_MOVED' });
});

it('compares after a default training, too: with its recipe trained again, and with the version itself once two days are new to it', async () => {
  const fresh = { dataset: 'fresh', model: 'fresh' };
  const gated = async (): Promise<{ run: RunRecord; result: TrainResult }> => {
    const run = await test.ended(await requestTraining(test.flow, { ...fresh, kind: 'seasonalNaive', horizon: 2 * DAY, gate: true }));
    return { run, result: trainResult.parse(run.result) };
  };
  await test.arrive('fresh', ['a'], 0, 40 * DAY, value);
  const first = await test.ended(await requestTraining(test.flow, { ...fresh, config: { budget: 'quick', cutoffs: 1 } }));
  expect(first.config).toMatchObject({ kind: 'auto', holdout: 2 * DAY });
  const { run, result } = await gated();
  expect(run.config).toMatchObject({ holdout: 9 * DAY });
  const against = [expect.objectContaining({ against: 'version 1' }), expect.objectContaining({ against: 'seasonalNaive' })];
  expect(result.gate).toMatchObject({ windows: 8, tests: against });
  expect(result.gate!.reason).toContain('version 1 has learned these steps and was trained again without them');
  await test.arrive('fresh', ['a'], 40 * DAY, 42 * DAY, value);
  const later = await gated();
  expect(later.run.config).toMatchObject({ holdout: 4 * DAY, judged: DAY });
  expect(later.result.gate).toMatchObject({ windows: 4, tests: against });
  expect(later.result.gate!.reason).not.toContain('again');
});

it('forecasts after the training, with whichever version is champion then, in the same step as the training ends', async () => {
  await setAlias(test.flow, 'load', 'champion', 1, 'by hand');
  const lost = await train('naive', { gate: true, forecast: { uniqueIds: ['b'] } });
  const forecast = await test.ended({ id: lost.result.forecastRunId! });
  expect(forecastResult.parse(forecast.result)).toMatchObject({ version: 1, series: 1 });
  const won = await train('theta', { gate: true, forecast: { horizon: 12 } });
  expect(won.result.gate?.promoted).toBe(true);
  expect(forecastResult.parse((await test.ended({ id: won.result.forecastRunId! })).result)).toMatchObject({
    version: won.result.version,
    series: 2,
    horizon: 12,
  });
  const refused = (forecast: { uniqueIds?: string[]; horizon?: number }): Promise<unknown> =>
    requestTraining(test.flow, { dataset: 'load', horizon: DAY, forecast }).catch(({ code }: { code: string }) => code);
  expect([await refused({ uniqueIds: ['nobody'] }), await refused({ horizon: 1000 })]).toEqual(['SERIES_NOT_FOUND', 'HORIZON_TOO_LONG']);
});

it('retrains and forecasts as one action of a schedule', async () => {
  const request = { dataset: 'load', model: 'load', kind: 'seasonalNaive', horizon: 2 * DAY, gate: true, forecast: {} };
  await createSchedule(test.flow, { name: 'weekly', cron: '0 1 * * MON', action: { kind: 'train', request } });
  now = new Date('2024-01-01T01:00:30Z');
  const [fired] = await fireDue(test.flow);
  const { forecastRunId } = trainResult.parse((await test.ended(fired!)).result);
  await test.ended({ id: forecastRunId! });
  expect((await listFirings(test.flow, 'weekly', {})).items).toMatchObject([{ outcome: 'fired', runId: fired!.id }]);
});

it('finds the champion and the columns of a model among more than a thousand', async () => {
  const { id } = await test.flow.store.datasets.get('load');
  await query(
    test.database.url,
    `INSERT INTO model (id, workspace_id, name, dataset_id)
     SELECT gen_random_uuid(), '${test.flow.store.workspaceId}', 'crowd-' || lpad(no::text, 4, '0'), '${id}' FROM generate_series(1, 1100) AS no`,
  );
  await setAlias(test.flow, 'load', 'champion', 1, 'by hand');
  const { result } = await train('seasonalNaive', { gate: true, forecast: { uniqueIds: ['a'] } });
  expect(result.gate).toMatchObject({ windows: 8, promoted: true });
  await test.ended({ id: result.forecastRunId! });
  let csv = '';
  for await (const piece of await latestForecastsCsv(test.flow, { dataset: 'load', uniqueId: 'a' })) csv += piece;
  const [header, first] = csv.split(/\r?\n/);
  expect(header!.split(',')).toContain('load');
  expect(Number(first!.split(',')[header!.split(',').indexOf('load')])).toBeGreaterThan(0);
});
