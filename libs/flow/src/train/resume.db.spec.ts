/** A training that is killed half-way ends with the weights of one that never was. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JobName, runJob } from '@almanac/contracts';
import { startCompute } from '@almanac/flow/compute';
import { type FlowContext, JOBS, readRun, resumeRun } from '@almanac/flow/runs';
import { executeRun, type HeldRun, newWorkerId } from '@almanac/flow/runs/execute';
import { requestTraining } from '@almanac/flow/train';
import { executeTraining, givingWay } from '@almanac/flow/train/execute';
import { folderObjectStore, JobStopped, openQueue, type Queue, silentLogger } from '@almanac/platform';
import { openStore, type Store } from '@almanac/store';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, query, type TestDatabase } from '../../../../test/support/database.js';

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
async function deliver(
  runId: string,
  until: (step: number) => boolean,
  why: JobStopped['why'] = 'shutdown',
  threads = 1,
): Promise<number[]> {
  const compute = startCompute({ threads });
  const stopper = new AbortController();
  const steps: number[] = [];
  const job = runJob.parse({ runId, kind: 'train', workspaceId: store.workspaceId });
  const delivery = { jobId: runId, attempt: 1, signal: stopper.signal, report: () => Promise.resolve() };
  let held: HeldRun | undefined;
  const holder = { workerId: newWorkerId(), holds: (_: string, run: HeldRun) => void (held = run), letsGo: () => undefined };
  await executeRun(flow, job, delivery, holder, async (context) => {
    const report: typeof context.report = (progress) => {
      if (progress.step !== undefined) steps.push(progress.step);
      const written = context.report(progress);
      if (until(progress.step ?? 0) && why === 'yielded') held!.giveWay();
      else if (until(progress.step ?? 0)) stopper.abort(new JobStopped(why));
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
  await expect(resumeRun(flow, cancelled.id)).rejects.toMatchObject({ code: 'RUN_NOT_RESUMABLE', status: 409 });
  await deliver(cancelled.id, (step) => step >= 200, 'cancelled');
  expect((await store.runs.get(cancelled.id)).status).toBe('cancelled');
  const resumed = await resumeRun(flow, cancelled.id);
  const rest = await deliver(resumed.id, () => false);
  expect(rest[0]).toBeGreaterThan(20);
  expect((await store.models.version('cancelled')).sha256).toBe((await store.models.version('whole')).sha256);
  expect((await store.runs.curve(resumed.id)).map(({ step }) => step)).toEqual([...new Set(undisturbed)]);
});

it('gives way at the step that it has reached, and goes on from there on a worker with other threads', async () => {
  const request = { dataset: 'waves', kind: 'segment', steps: 200, horizon: 24, contextLength: 96, config: { hidden: 16 }, seed: 9 };
  const whole = await requestTraining(flow, { ...request, model: 'at-once' });
  await deliver(whole.id, () => false);
  const polite = await requestTraining(flow, { ...request, model: 'in-turns' });
  const first = await deliver(polite.id, (step) => step >= 60, 'yielded');
  const waiting = await store.runs.get(polite.id);
  expect(waiting).toMatchObject({ status: 'queued', workerId: null });
  expect((waiting.progress as unknown as { message: string }).message).toMatch(/^Step \d+ of 200; others have their turn/);
  const rest = await deliver(polite.id, () => false, 'shutdown', 2);
  // No step is done twice: what is reported next comes after what was reported last.
  expect(rest[0]).toBeGreaterThan(Math.max(...first));
  expect((await store.runs.get(polite.id)).engine).toMatchObject({ threads: 1 });
  expect((await store.models.version('in-turns')).sha256).toBe((await store.models.version('at-once')).sha256);
});

it('gives way to another workspace, and within its own to what is shorter, once it has had its turn', async () => {
  const request = { dataset: 'waves', kind: 'segment', steps: 200, horizon: 24, contextLength: 96, config: { hidden: 16 }, seed: 13 };
  const [{ id }, late] = [await requestTraining(flow, { ...request, model: 'held' }), performance.now() - 60_000];
  const run = await store.runs.claim(id, 'somebody');
  const asked: string[] = [];
  const held = (more: Partial<HeldRun> = {}): HeldRun => ({
    run: run!,
    workspaceId: store.workspaceId,
    takenAt: late,
    stepsSince: late + 1_000,
    progress: { phase: 'training', message: '', fraction: 0.1, etaSeconds: 60 },
    giveWay: () => asked.push('asked'),
    ...more,
  });
  const looks = async (one: HeldRun, shortOfMemory = false): Promise<boolean> => {
    asked.length = 0;
    await givingWay(flow, { held: () => [one], turnSeconds: 30, shortOfMemory: () => shortOfMemory })();
    return asked.length > 0;
  };
  const wait = (runId: string): Promise<unknown> =>
    query(database.url, `UPDATE run SET created_at = now() - interval '10 seconds' WHERE id = $1`, [runId]);

  expect(await looks(held())).toBe(false);
  expect(await looks(held(), true)).toBe(true);
  const longer = await requestTraining(flow, { ...request, model: 'longer', steps: 1_000_000 });
  await wait(longer.id);
  expect(await looks(held())).toBe(false);
  const shorter = await requestTraining(flow, { ...request, model: 'shorter', steps: 20 });
  // Whoever is idle takes it within a moment.
  expect(await looks(held())).toBe(false);
  await wait(shorter.id);
  expect(await looks(held())).toBe(true);
  await store.runs.requestCancel(shorter.id);

  await store.workspaces.create('others');
  const others = store.forWorkspace((await store.workspaces.find('others')).id);
  const theirs = await others.runs.create({ kind: 'train', config: (await store.runs.get(longer.id)).config });
  await wait(theirs.id);
  expect(await looks(held())).toBe(true);
  expect(await looks(held({ takenAt: performance.now() - 20_000, stepsSince: performance.now() - 19_000 }))).toBe(false);
  // Not before it has computed for five times as long as it took to start.
  expect(await looks(held({ takenAt: late, stepsSince: late + 20_000 }))).toBe(false);
  expect(await looks(held({ progress: { phase: 'training', message: '', fraction: 0.9, etaSeconds: 5 } }))).toBe(false);
  expect(await looks(held({ progress: { phase: 'scoring', message: '', fraction: null } }))).toBe(false);
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

it('starts from the weights of a version, with its settings, and refuses by name what does not fit them', async () => {
  const request = { dataset: 'waves', kind: 'segment', model: 'whole', startFrom: 'whole/1', steps: 30 };
  const started = await requestTraining(flow, request);
  await deliver(started.id, () => false);
  expect(await store.runs.get(started.id)).toMatchObject({ status: 'succeeded', error: null });
  const [before, after] = [await store.models.version('whole', { no: 1 }), await store.models.version('whole', { no: 2 })];
  expect(after.config).toMatchObject({ hidden: 16, contextLength: 96, train: { steps: 30 } });
  expect(after.sha256).not.toBe(before.sha256);
  // It begins where the other one ended, not where that began.
  const fresh = await requestTraining(flow, {
    ...request,
    model: 'fresh',
    startFrom: undefined,
    horizon: 24,
    contextLength: 96,
    config: { hidden: 16 },
  });
  await deliver(fresh.id, () => false);
  const firstLoss = async (id: string): Promise<number> => (await store.runs.curve(id))[0]!.loss!;
  expect(await firstLoss(started.id)).toBeLessThan(0.5 * (await firstLoss(fresh.id)));
  for (const [changes, code, message] of [
    [{ kind: 'linear' }, 'START_NOT_POSSIBLE', 'A linear model cannot start from whole/1'],
    [{ config: { hidden: 32 } }, 'OPTIONS_CONFLICT', 'The setting hidden is that of whole/1'],
    [{ horizon: 12 }, 'OPTIONS_CONFLICT', 'cannot forecast 12'],
    [{ startFrom: 'nobody' }, 'MODEL_NOT_FOUND', 'nobody'],
    // What it learned goes up to the last 24 steps.
    [{ holdout: 48 }, 'START_KNOWS_HOLDOUT', 'all but the last 24 steps'],
  ] as const)
    await expect(requestTraining(flow, { ...request, ...changes })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
});
