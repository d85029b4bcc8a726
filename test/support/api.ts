/** The API of this process over a database of its own, on a free loopback port, without a worker: for tests of seconds. */
import { type AlmanacClient, createClient, type JobName } from '@almanac/contracts';
import { type FlowContext, JOBS } from '@almanac/flow/runs';
import { folderObjectStore, type Logger, openQueue, silentLogger } from '@almanac/platform';
import { openStore } from '@almanac/store';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AppOptions, createApp } from '../../apps/api/src/app.js';
import { ensureAdmin } from '../../apps/api/src/http/newKey.js';
import { createTestDatabase } from './database.js';

export interface ApiOnly {
  url: string;
  /** An admin key of the default workspace. */
  key: string;
  client: AlmanacClient;
  flow: FlowContext;
  databaseUrl: string;
  stop(): Promise<void>;
}

/** @param databaseUrl of another one, which then outlives this */
export async function startApi(options: AppOptions = {}, databaseUrl?: string, logger: Logger = silentLogger): Promise<ApiOnly> {
  const database = databaseUrl === undefined ? await createTestDatabase() : undefined;
  const at = databaseUrl ?? database!.url;
  const folder = await mkdtemp(join(tmpdir(), 'almanac-api-'));
  const store = await openStore({ databaseUrl: at });
  const queue = await openQueue<JobName>({ databaseUrl: at, redisUrl: undefined }, JOBS, silentLogger);
  const key = `alm_test_${'k'.repeat(24)}`;
  await ensureAdmin(store, key, silentLogger);
  const flow: FlowContext = {
    ...{ store, queue, objects: folderObjectStore(folder), logger },
    ...{ now: () => new Date(), codeVersion: 'test' },
  };
  const app = await createApp(flow, options);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return {
    ...{ url, key, flow, databaseUrl: at },
    client: createClient({ baseUrl: url, apiKey: key }),
    async stop() {
      await app.close();
      await queue.close();
      await store.close();
      await database?.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
