/** Webhooks whose workers are killed while they send, over both queues: every message arrives, under one id, and none is lost. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createWebhook, listDeliveries } from '@almanac/flow/notify';
import { openStore, type Store } from '@almanac/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { startReceiver, verified } from '../support/receiver.js';
import { redisIsInstalled, startRedis, type TestRedis } from '../support/redis.js';

const MESSAGES = 20;
const program = fileURLToPath(new URL('webhookWorker.mjs', import.meta.url));

let database: TestDatabase;
let redis: TestRedis | undefined;
let store: Store;

beforeAll(async () => {
  database = await createTestDatabase();
  store = await openStore({ databaseUrl: database.url });
  if (redisIsInstalled()) redis = await startRedis();
});
afterAll(async () => {
  await store?.close();
  await redis?.stop();
  await database?.drop();
});

async function worker(redisUrl?: string): Promise<ChildProcess> {
  const child = fork(program, [JSON.stringify({ config: { databaseUrl: database.url, redisUrl }, leaseMs: 1000 })]);
  await once(child, 'message');
  return child;
}

async function survives(redisUrl?: string): Promise<void> {
  let child = await worker(redisUrl);
  const killed: ChildProcess[] = [];
  const taken = new Set<string>();
  // Every fifth request is never answered: its worker is killed while it waits.
  const receiver = await startReceiver(({ headers }, no) => {
    if (no % 5 === 2 && no < 13) {
      killed.push(child);
      child.kill('SIGKILL');
      return undefined;
    }
    taken.add(String(headers['webhook-id']));
    return 200;
  });
  try {
    const { id, secret } = await createWebhook({ store }, { url: receiver.url, events: ['run.finished'] });
    for (let i = 0; i < MESSAGES; i++) {
      const run = await store.runs.create({ kind: 'train', config: {} });
      await store.runs.claim(run.id, 'worker');
      await store.runs.succeed(run.id, {});
    }
    for (;;) {
      if (child.killed) child = await worker(redisUrl);
      const { items } = await listDeliveries({ store }, id, { limit: 100 });
      expect(items).toHaveLength(MESSAGES);
      if (items.every(({ status }) => status === 'delivered')) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(new Set(killed).size).toBeGreaterThan(0);
    expect(taken.size).toBe(MESSAGES);
    const runs = new Set(receiver.got.map((request) => (verified(secret, request) as { data: { runId: string } }).data.runId));
    expect(runs.size).toBe(MESSAGES);
  } finally {
    child.kill('SIGKILL');
    await receiver.close();
  }
}

describe('deliveries', () => {
  it('survive workers that are killed, on Postgres', () => survives());
  it.skipIf(!redisIsInstalled())('survive workers that are killed, on Redis', () => survives(redis!.url));
});
