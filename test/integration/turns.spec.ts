/** A worker has one place for trainings. A long one gives it to others in turn, over real processes, and loses nothing by it. */
import { type AlmanacClient, createClient, type Run } from '@almanac/contracts';
import { openStore } from '@almanac/store';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningAlmanac, startAlmanac } from '../support/almanac.js';

/** Steps of many turns. */
const MANY = 1500;
const LONG = { dataset: 'waves', kind: 'segment', horizon: 24, contextLength: 96, seed: 7, config: { hidden: 16 } };
let almanac: RunningAlmanac;
/** Of another workspace. */
let other: AlmanacClient;

beforeAll(async () => {
  almanac = await startAlmanac({ ALMANAC_TURN_SECONDS: '1', ALMANAC_THREADS: '1' });
  const { adminKey } = await almanac.client.call('createWorkspace', { body: { name: 'other' } });
  other = createClient({ baseUrl: almanac.url, apiKey: adminKey.key });
  for (const client of [almanac.client, other]) await succeeded(client, (await upload(client)).runId);
});
afterAll(() => almanac?.stop());

function upload(client: AlmanacClient): Promise<{ runId: string }> {
  const lines = ['unique_id,ds,y'];
  for (const s of [0, 1])
    for (let t = 0; t < 700; t++)
      lines.push(`s${s},${new Date(1_700_006_400_000 + t * 3_600_000).toISOString()},${10 + s + Math.sin((2 * Math.PI * t) / 24)}`);
  return client.upload(new Blob([lines.join('\n')]), 'waves.csv', { dataset: 'waves', frequency: 'h' });
}

async function succeeded(client: AlmanacClient, runId: string): Promise<Run> {
  const run = await client.waitForRun(runId);
  if (run.status !== 'succeeded') throw new Error(`Run ${runId} ${run.status}: ${JSON.stringify(run.error)}`);
  return run;
}

const stepOf = async (id: string): Promise<number> => (await almanac.client.call('getRun', { params: { runId: id } })).progress?.step ?? 0;

it('ends a short training of another workspace first, and the long one later with the same weights', { timeout: 300_000 }, async () => {
  const { client } = almanac;
  await succeeded(client, (await client.call('train', { body: { ...LONG, steps: MANY, model: 'undisturbed' } })).id);
  const long = await client.call('train', { body: { ...LONG, steps: MANY, model: 'long' } });
  await expect.poll(() => stepOf(long.id), { timeout: 120_000 }).toBeGreaterThan(0);
  const short = await other.call('train', { body: { dataset: 'waves', kind: 'seasonalNaive', horizon: 24, model: 'short' } });
  const [ended, last] = await Promise.all([succeeded(other, short.id), succeeded(client, long.id)]);
  expect(Date.parse(ended.finishedAt!)).toBeLessThan(Date.parse(last.finishedAt!));
  const store = await openStore({ databaseUrl: almanac.databaseUrl });
  try {
    // It went on, rather than anew: the worker took it twice, and its curve has every step once.
    expect((await store.runs.get(long.id)).attempts).toBeGreaterThan(1);
    expect((await store.models.version('long')).sha256).toBe((await store.models.version('undisturbed')).sha256);
    expect((await store.models.versions('long', { limit: 10 })).items).toHaveLength(1);
  } finally {
    await store.close();
  }
});

it('shows what is reserved, and answers while it trains', { timeout: 300_000 }, async () => {
  const { client } = almanac;
  const long = await client.call('train', { body: { ...LONG, steps: 10 * MANY, model: 'beside' } });
  await expect.poll(() => stepOf(long.id), { timeout: 120_000 }).toBeGreaterThan(0);
  const reserved = async (): Promise<unknown> => (await client.call('systemStatus', {})).workers[0]?.resources?.reserved;
  await expect.poll(reserved, { timeout: 60_000 }).toMatchObject({ threads: 1, waiting: 0 });
  const forecast = await client.call('forecast', { body: { model: 'undisturbed' } });
  await succeeded(client, forecast.id);
  expect((await client.call('getRun', { params: { runId: long.id } })).status).not.toBe('succeeded');
  await client.call('cancelRun', { params: { runId: long.id } });
  await expect.poll(reserved, { timeout: 60_000 }).toMatchObject({ threads: 0, memoryBytes: 0, paused: 0 });
});
