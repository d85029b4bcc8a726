/** A training that is killed half-way ends with the weights of one that never was. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JobName, runJob } from '@almanac/contracts';
import { startCompute } from '@almanac/flow/compute';
import { type FlowContext, JOBS, readRun } from '@almanac/flow/runs';
import { executeRun, newWorkerId } from '@almanac/flow/runs/execute';
import { requestTraining, resumeTraining } from '@almanac/flow/train';
import { executeTraining } from '@almanac/flow/train/execute';
import { folderObjectStore, JobStopped, openQueue, type Queue, silentLogger } from '@almanac/platform';
import { openStore, type Store } from '@almanac/store';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';

let database: TestDatabase;
let folder: string;
let store: Store;
let queue: Queue<JobName>;
let flow: FlowContext;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'almanac-resume-'));
  store = await openStore({ databaseUrl: database.url });
  queue = await openQueue({ databaseUrl: database.url, redisUrl: undefined }, JOBS, silentLogger);
  flow = { store, queue, objects: folderObjectStore(folder), logger: silentLogger, now: () => new Date(), codeVersion: 'test' };
  await store.series.writeVersion({
    dataset: { name: 'waves', frequency: 'h', timeZone: 'UTC' },
    mode: 'replace',
    pieces: [0, 1].map((series) => ({
      id: `s${series}`,
      firstStep: 0,
      values: Float64Array.from({ length: 900 }, (_, t) => 10 + series + Math.sin((2 * Math.PI * t) / 24)),
    })),
    summary: () => ({ rowsRead: 0, rowsRejected: 0, findings: null }),
  });
});

afterAll(async () => {
  await queue?.close();
  await store?.close();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

/** Delivers a run once; `until` may stop the worker in the middle. */
async function deliver(runId: string, until: (step: number) => boolean, why: JobStopped['why'] = 'shutdown'): Promise<number[]> {
  const compute = startCompute({ threads: 1 });
  const stopper = new AbortController();
  const steps: number[] = [];
  const job = runJob.parse({ runId, kind: 'train', workspaceId: store.workspaceId });
  const delivery = { jobId: runId, attempt: 1, signal: stopper.signal, report: () => Promise.resolve() };
  const holder = { workerId: newWorkerId(), holds: () => undefined, letsGo: () => undefined };
  await executeRun(flow, job, delivery, holder, async (context) => {
    const report: typeof context.report = (progress) => {
      if (progress.step !== undefined) steps.push(progress.step);
      const written = context.report(progress);
      if (until(progress.step ?? 0)) stopper.abort(new JobStopped(why));
      return written;
    };
    return executeTraining({ ...context, report, run: readRun('train', context.run) }, compute);
  }).catch((error: unknown) => {
    if (!(error instanceof JobStopped)) throw error;
  });
  await compute.close();
  return steps;
}

it('goes on from its last state, with the same weights as an undisturbed run', async () => {
  const request = { dataset: 'waves', kind: 'segment', steps: 300, horizon: 24, contextLength: 96, config: { hidden: 16 }, seed: 3 };
  const whole = await requestTraining(flow, { ...request, model: 'whole' });
  const undisturbed = await deliver(whole.id, () => false);
  expect((await store.runs.get(whole.id)).status).toBe('succeeded');

  const broken = await requestTraining(flow, { ...request, model: 'broken' });
  await deliver(broken.id, (step) => step >= 200);
  const interrupted = await store.runs.get(broken.id);
  expect(interrupted).toMatchObject({ status: 'queued', progress: { state: { weightsKey: expect.any(String) as string } } });
  const steps = await deliver(broken.id, () => false);
  expect((await store.runs.get(broken.id)).status).toBe('succeeded');
  // A state that comes while another is written is left out, so the run is long enough for a slow disk to keep one past step 20.
  expect(steps[0]).toBeGreaterThan(20);
  expect(steps[0]).toBeGreaterThan(undisturbed[0]!);
  expect((await store.models.version('broken')).sha256).toBe((await store.models.version('whole')).sha256);
  // The state is of no use any more.
  const { state } = interrupted.progress as { state: { weightsKey: string } };
  expect(await flow.objects.has(state.weightsKey)).toBe(false);

  // Cancelled, and taken up again as a run of its own: the same weights once more, and the curve from the first step on.
  const cancelled = await requestTraining(flow, { ...request, model: 'cancelled' });
  await expect(resumeTraining(flow, cancelled.id)).rejects.toMatchObject({ code: 'RUN_NOT_RESUMABLE', status: 409 });
  await deliver(cancelled.id, (step) => step >= 200, 'cancelled');
  expect((await store.runs.get(cancelled.id)).status).toBe('cancelled');
  const resumed = await resumeTraining(flow, cancelled.id);
  const rest = await deliver(resumed.id, () => false);
  expect(rest[0]).toBeGreaterThan(20);
  expect((await store.models.version('cancelled')).sha256).toBe((await store.models.version('whole')).sha256);
  expect((await store.runs.curve(resumed.id)).map(({ step }) => step)).toEqual([...new Set(undisturbed)]);
});

it('keeps a state that no identical run can delete', async () => {
  const request = { dataset: 'waves', kind: 'segment', steps: 300, horizon: 24, contextLength: 96, config: { hidden: 16 }, seed: 5 };
  const kept = await requestTraining(flow, { ...request, model: 'kept' });
  await deliver(kept.id, (step) => step >= 200);
  const { state } = (await store.runs.get(kept.id)).progress as unknown as { state: { manifestKey: string; weightsKey: string } };
  // The same training from the start to its end, with the same states on its way, which it deletes.
  const other = await requestTraining(flow, { ...request, model: 'other' });
  await deliver(other.id, () => false);
  expect((await store.runs.get(other.id)).status).toBe('succeeded');
  expect([await flow.objects.has(state.manifestKey), await flow.objects.has(state.weightsKey)]).toEqual([true, true]);
  const steps = await deliver(kept.id, () => false);
  expect(steps[0]).toBeGreaterThan(20);
  expect((await store.models.version('kept')).sha256).toBe((await store.models.version('other')).sha256);
});
