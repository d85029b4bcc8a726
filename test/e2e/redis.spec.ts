/** The same road with Bull on Redis carrying the jobs, and a Redis that forgets everything half-way. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningAlmanac, startAlmanac } from '../support/almanac.js';
import { redisIsInstalled, startRedis, type TestRedis } from '../support/redis.js';

const installed = redisIsInstalled();
let redis: TestRedis;
let almanac: RunningAlmanac;

beforeAll(async () => {
  if (!installed) return;
  redis = await startRedis();
  almanac = await startAlmanac({ REDIS_URL: redis.url });
});

afterAll(async () => {
  await almanac?.stop();
  await redis?.stop();
});

describe.skipIf(!installed)('with REDIS_URL (needs redis-server)', () => {
  it('Bull carries upload, training and forecast, and a flushed Redis loses no run', async () => {
    const { client } = almanac;
    expect((await client.call('systemStatus', {})).queueDriver).toBe('bull');
    const lines = Array.from({ length: 24 * 20 }, (_, hour) => `a,${new Date(Date.UTC(2024, 0, 1, hour)).toISOString()},${hour % 24}`);
    const file = new Blob([['unique_id,ds,y', ...lines].join('\n')]);
    const { runId } = await client.upload(file, 'hours.csv', { dataset: 'hours', frequency: 'h' });
    expect((await client.waitForRun(runId)).error).toBeNull();

    const { id } = await client.call('train', { body: { dataset: 'hours', kind: 'seasonalNaive', horizon: 24 } });
    await redis.flush();
    const trained = await client.waitForRun(id);
    expect(trained).toMatchObject({ status: 'succeeded', error: null });

    const forecast = await client.call('forecast', { body: { model: 'hours-seasonalNaive' } });
    expect((await client.waitForRun(forecast.id)).status).toBe('succeeded');
    const { items } = await client.call('latestForecasts', { query: { dataset: 'hours' } });
    expect(items[0]?.quantiles[items[0].levels.indexOf(0.5)]?.map((value) => Math.round(value!))).toEqual(
      Array.from({ length: 24 }, (_, hour) => hour),
    );
  });
});
