/** The use cases in this process, over a Postgres of their own: what a request asks for is done by the handlers of a worker. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobName, Run } from '@almanac/contracts';
import { startCompute } from '@almanac/flow/compute';
import { runHandlers } from '@almanac/flow/handlers';
import { getRun } from '@almanac/flow/query';
import { type FlowContext, JOBS } from '@almanac/flow/runs';
import { newWorkerId } from '@almanac/flow/runs/execute';
import { folderObjectStore, openQueue, silentLogger } from '@almanac/platform';
import { openStore, type Store } from '@almanac/store';
import { expect } from 'vitest';
import { createTestDatabase } from './database.js';

export interface TestFlow {
  flow: FlowContext;
  /** Waits until a run has ended well, and answers its id. */
  succeeded(run: Run | Promise<Run>): Promise<string>;
  /** Stores series of whole numbers of steps, the first of which is `firstStep`. */
  write(dataset: Dataset, series: readonly Piece[]): Promise<void>;
  close(): Promise<void>;
}

export type Dataset = Parameters<Store['series']['writeVersion']>[0]['dataset'];
export interface Piece {
  id: string;
  firstStep: number;
  values: Float64Array;
  staticCovariates?: Record<string, string | number>;
}

export async function openTestFlow(): Promise<TestFlow> {
  const database = await createTestDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'almanac-flow-'));
  const store = await openStore({ databaseUrl: database.url });
  const queue = await openQueue<JobName>({ databaseUrl: database.url, redisUrl: undefined }, JOBS, silentLogger);
  const compute = startCompute({ threads: 1 });
  const flow = { store, queue, objects: folderObjectStore(folder), logger: silentLogger, now: () => new Date(), codeVersion: 'test' };
  const holder = { workerId: newWorkerId(), holds: () => undefined, letsGo: () => undefined };
  const handlers = [...runHandlers(flow, { cpu: compute }, holder), { name: 'deliver' as const, handle: () => Promise.resolve() }];
  await queue.work(handlers, { train: 1, forecast: 1, part: 1, backtest: 1 });
  return {
    flow,
    async succeeded(asked) {
      const { id } = await asked;
      for (;;) {
        const run = await getRun(flow, id);
        if (run.finishedAt !== null) {
          expect(run.error).toBeNull();
          return id;
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async write(dataset, series) {
      await store.series.writeVersion({
        dataset,
        mode: 'replace',
        pieces: series as unknown as Parameters<Store['series']['writeVersion']>[0]['pieces'],
        summary: () => ({ rowsRead: 0, rowsRejected: 0, findings: null }),
      });
    },
    async close() {
      await queue.close();
      await compute.close();
      await store.close();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
