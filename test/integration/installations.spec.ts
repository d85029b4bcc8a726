/**
 * An installation of each earlier version goes on with today's program: its database is upgraded as it starts, and what it
 * held is all there, forecasts to the last digit.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient, type ForecastResult } from '@almanac/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningAlmanac, startAlmanac } from '../support/almanac.js';

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url));
const installations = readdirSync(fixtures).filter((name) => name.startsWith('installation-'));

interface Stored {
  runId: string;
  model: string;
  uniqueId: string;
  ds: string[];
  quantiles: number[][];
}

describe.each(installations)('%s', (name) => {
  const stored = JSON.parse(readFileSync(join(fixtures, name, 'forecasts.json'), 'utf8')) as Stored[];
  let almanac: RunningAlmanac;

  beforeAll(async () => {
    almanac = await startAlmanac({}, { fixture: join(fixtures, name) });
  });
  afterAll(() => almanac?.stop());

  const finished = async (runId: string): Promise<ForecastResult> => {
    const run = await almanac.client.waitForRun(runId);
    expect(run.error).toBeNull();
    return run.result as unknown as ForecastResult;
  };

  it('keeps its series, observation for observation', async () => {
    const { items } = await almanac.client.call('listSeries', { params: { dataset: 'shops' }, query: {} });
    expect(items.map(({ uniqueId, length }) => [uniqueId, length])).toEqual([
      ['north', 200],
      ['south', 200],
    ]);
    const params = { dataset: 'shops', uniqueId: 'south' };
    const { y } = await almanac.client.call('getObservations', { params, query: { maxPoints: 1000 } });
    const made = Array.from({ length: 200 }, (_, t) => 2 * (20 + 5 * (t % 7)) + (t % 9 === 0 ? 10 : 0));
    expect(y).toEqual(made);
  });

  it('keeps its forecasts, and makes them again from their lineage without a difference', async () => {
    const [{ runId }] = stored as [Stored];
    const { items } = await almanac.client.call('latestForecasts', { query: { runId } });
    expect(items).toMatchObject(stored.map(({ uniqueId, ds, quantiles }) => ({ uniqueId, ds, quantiles })));
    const { items: runs } = await almanac.client.call('listRuns', { query: { kind: 'forecast' } });
    expect(runs).toHaveLength(name === 'installation-1' ? 4 : 6);
    for (const one of runs) {
      const { id } = await almanac.client.call('replayForecast', { params: { runId: one.id } });
      const { replay } = await finished(id);
      // What `auto` mixes has become better since, which a replay says.
      if (one.model?.startsWith('shops-auto')) expect(replay).toMatchObject({ compared: 2 });
      else expect(replay).toMatchObject({ compared: 2, differing: [], largestDifference: 0 });
    }
  });

  it('forecasts, trains and monitors on with its models', async () => {
    for (const model of ['shops-segment', 'shops-linear@champion'])
      expect((await finished((await almanac.client.call('forecast', { body: { model } })).id)).series).toBe(2);
    const { id } = await almanac.client.call('train', { body: { dataset: 'shops', kind: 'linear', model: 'shops-linear', horizon: 14 } });
    expect(await finished(id)).toMatchObject({ model: 'shops-linear', version: 2 });
    await finished((await almanac.client.call('monitor', { body: { model: 'shops-linear' } })).id);
  });

  it('keeps its schedules, webhooks, aliases and the keys that were revoked', async () => {
    const { items: schedules } = await almanac.client.call('listSchedules', { query: {} });
    expect(schedules.map(({ name: one, paused }) => [one, paused])).toEqual([
      ['nightly', false],
      ['weekly', false],
    ]);
    const { items: webhooks } = await almanac.client.call('listWebhooks', { query: {} });
    expect(webhooks.map(({ url, events }) => [url, events])).toEqual([['https://example.com/hook', ['run.failed']]]);
    const { items: history } = await almanac.client.call('listAliasHistory', { params: { model: 'shops-linear' }, query: {} });
    expect(history.map(({ reason }) => reason)).toEqual(['first version']);
    const revoked = createClient({ baseUrl: almanac.url, apiKey: 'alm_h40jvKpoV_oyRnloHomrCalam8eQmvRL' });
    await expect(revoked.call('listSchedules', { query: {} })).rejects.toMatchObject({ problem: { status: 401 } });
    const reader = createClient({ baseUrl: almanac.url, apiKey: 'alm_8MWC0wjBVA_DBuvCc1lJuOrQQMRMgz5M' });
    expect((await reader.call('listSchedules', { query: {} })).items).toHaveLength(2);
  });
});
