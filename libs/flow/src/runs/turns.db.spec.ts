/** Runs of one workspace, however many, keep those of another waiting for one of them at most. */
import { type JobName, runJob } from '@almanac/contracts';
import { type FlowContext, JOBS } from '@almanac/flow/runs';
import { openQueue, silentLogger, type Queue } from '@almanac/platform';
import { openStore, type Store } from '@almanac/store';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { carry, carryAll } from './runs.js';

let database: TestDatabase;
let store: Store;
let queue: Queue<JobName>;

beforeAll(async () => {
  database = await createTestDatabase();
  store = await openStore({ databaseUrl: database.url });
  queue = await openQueue({ databaseUrl: database.url, redisUrl: undefined }, JOBS, silentLogger);
});

afterAll(async () => {
  await queue?.close();
  await store?.close();
  await database?.drop();
});

it('serves the one run of a workspace before the second of a workspace that queued sixty', async () => {
  await store.workspaces.create('busy');
  const of = async (name: string): Promise<FlowContext> =>
    ({ store: store.forWorkspace((await store.workspaces.find(name)).id), queue, logger: silentLogger }) as unknown as FlowContext;
  const [busy, other] = [await of('busy'), { ...(await of('busy')), store }];
  const run = { kind: 'monitor', config: {} } as const;
  const many = [];
  for (let no = 0; no < 60; no++) many.push(await busy.store.runs.create(run));
  for (const one of many.slice(0, 30)) await carry(busy, one);
  await carryAll(busy, many);
  await carry(other, await other.store.runs.create(run));

  const seen: string[] = [];
  const handlers = JOBS.map(({ name }) => ({
    name,
    handle: (payload: unknown) => Promise.resolve(void seen.push(runJob.parse(payload).workspaceId)),
  }));
  await queue.work(handlers, { monitor: 1 });
  await expect.poll(() => seen.length, { timeout: 60_000 }).toBe(61);
  expect(seen.indexOf(store.workspaceId)).toBeLessThan(2);
});
