/** Flows with their workers inside the test, over a fresh database; nothing is replaced but the clock. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JobName } from '@almanac/contracts';
import { startCompute } from '@almanac/flow/compute';
import { type FlowContext, JOBS } from '@almanac/flow/runs';
import { newWorkerId } from '@almanac/flow/runs/execute';
import { runHandlers } from '@almanac/flow/handlers';
import { folderObjectStore, openQueue, silentLogger } from '@almanac/platform';
import { openStore, type RunRecord, type Store } from '@almanac/store';
import { createTestDatabase, type TestDatabase } from './database.js';

type Write = Parameters<Store['series']['writeVersion']>[0];

export interface TestFlow {
  flow: FlowContext;
  database: TestDatabase;
  /** Adds hourly values to a dataset; `values` is asked for each step of each series. */
  arrive(
    dataset: string,
    series: readonly string[],
    from: number,
    to: number,
    values: (series: number, t: number) => number,
  ): Promise<void>;
  /** Stores a dataset anew, whole. */
  write(dataset: Write['dataset'], pieces: Write['pieces']): Promise<void>;
  /** The run once it has ended, well unless an error is expected. */
  ended(run: { id: string }, wanted?: RunRecord['status']): Promise<RunRecord>;
  close(): Promise<void>;
}

/** @param works kinds of job that are done; the others wait */
export async function startFlow(works: readonly JobName[], now: () => Date = () => new Date()): Promise<TestFlow> {
  const database = await createTestDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'almanac-flow-'));
  const store = await openStore({ databaseUrl: database.url });
  const queue = await openQueue<JobName>({ databaseUrl: database.url, redisUrl: undefined }, JOBS, silentLogger);
  const compute = startCompute({ threads: 1 });
  const flow: FlowContext = { store, queue, objects: folderObjectStore(folder), logger: silentLogger, now, codeVersion: 'test' };
  const holder = { workerId: newWorkerId(), holds: () => undefined, letsGo: () => undefined };
  await queue.work(
    [...runHandlers(flow, { cpu: compute }, holder), { name: 'deliver', handle: () => Promise.resolve() }],
    Object.fromEntries(works.map((name) => [name, 1])),
  );
  return {
    flow,
    database,
    async arrive(dataset, series, from, to, values) {
      await store.series.writeVersion({
        dataset: { name: dataset, frequency: 'h', timeZone: 'UTC' },
        mode: 'append',
        pieces: series.map((id, no) => ({
          id,
          firstStep: from,
          values: Float64Array.from({ length: to - from }, (_, t) => values(no, from + t)),
        })),
        summary: () => ({ rowsRead: 0, rowsRejected: 0, findings: null }),
      });
    },
    async write(dataset, pieces) {
      const summary = (): ReturnType<Write['summary']> => ({ rowsRead: 0, rowsRejected: 0, findings: null });
      await store.series.writeVersion({ dataset, mode: 'replace', pieces, summary });
    },
    async ended({ id }, wanted = 'succeeded') {
      for (;;) {
        const run = await store.runs.get(id);
        if (run.finishedAt !== null) {
          if (run.status !== wanted) throw new Error(`The ${run.kind} run ${run.status}, not ${wanted}: ${JSON.stringify(run.error)}`);
          return run;
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
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
