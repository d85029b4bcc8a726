/** Schedules on a real Postgres, with a clock that the test turns. */
import { createSchedule, fireDue, getSchedule, listFirings, updateSchedule } from '@almanac/flow/schedule';
import type { ScheduleRequestInput } from '@almanac/contracts';
import { cancelRun, type FlowContext, JOBS } from '@almanac/flow/runs';
import { folderObjectStore, openQueue, silentLogger } from '@almanac/platform';
import { openStore } from '@almanac/store';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, query, type TestDatabase } from '../../../../test/support/database.js';

let database: TestDatabase;
let now: Date;
const opened: FlowContext[] = [];

/** A scheduler with connections of its own, as another process would have. */
async function scheduler(): Promise<FlowContext> {
  const context: FlowContext = {
    store: await openStore({ databaseUrl: database.url }),
    queue: await openQueue({ databaseUrl: database.url, redisUrl: undefined }, JOBS, silentLogger),
    objects: folderObjectStore('/nonexistent'),
    logger: silentLogger,
    now: () => now,
    codeVersion: 'test',
  };
  opened.push(context);
  return context;
}

const train = { kind: 'train' as const, request: { dataset: 'hours', kind: 'seasonalNaive' as const, holdout: 24, horizon: 24 } };
const schedule = {
  cron: '0 6 * * *',
  timeZone: 'Europe/Berlin',
  action: { ...train, request: { ...train.request, config: {}, seed: 1, promote: true } },
  paused: false,
};

beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => {
  now = new Date('2024-01-10T00:00:00Z');
});
afterEach(async () => {
  for (const { store, queue } of opened.splice(0)) {
    await queue.close();
    await store.close();
  }
});
afterAll(() => database.drop());

/** A version of the model of a dataset, named like it, as a training run leaves it. */
async function registered({ store }: FlowContext, name = 'hours'): Promise<void> {
  const dataset = await store.datasets.get(name);
  const run = await store.runs.create({ kind: 'train', dataset: name, model: name, config: {} });
  const { id } = await store.models.ensure(name, dataset.id);
  const stored = { manifestKey: 'none', weightsKey: 'none', sha256: 'none' };
  await store.models.addVersion(
    id,
    { runId: run.id, kind: 'seasonalNaive', horizon: 24, config: {}, metrics: {}, ...stored },
    { promoteIfFirst: true },
  );
}

async function prepared(name: string, policies: Partial<ScheduleRequestInput> = {}): Promise<FlowContext> {
  const context = await scheduler();
  await context.store.series.writeVersion({
    dataset: { name: 'hours', frequency: 'h', timeZone: 'UTC' },
    mode: 'replace',
    pieces: [{ id: 'a', firstStep: 0, values: Float64Array.from({ length: 200 }, (_, t) => t % 24) }],
    summary: () => ({ rowsRead: 0, rowsRejected: 0, findings: null }),
  });
  await createSchedule(context, { name, ...schedule, ...policies });
  return context;
}

describe('schedules', () => {
  it('fire when they are due in their zone, and not before', async () => {
    const context = await prepared('morning');
    now = new Date('2024-01-10T04:59:59Z');
    expect(await fireDue(context)).toEqual([]);
    now = new Date('2024-01-10T05:00:00Z');
    const [run] = await fireDue(context);
    expect(run).toMatchObject({ kind: 'train', status: 'queued', dataset: 'hours' });
    expect(await context.queue.state('train', run!.id)).toBe('waiting');
    expect(await getSchedule(context, 'morning')).toMatchObject({
      lastRunId: run!.id,
      nextDueAt: expect.arrayContaining(['2024-01-11T05:00:00.000Z']) as string[],
    });
    expect(await fireDue(context)).toEqual([]);
    await context.store.schedules.delete('morning');
  });

  it('fire exactly once under several schedulers', async () => {
    await prepared('crowd');
    const crowd = [opened[0]!, await scheduler(), await scheduler(), await scheduler()];
    for (let day = 10; day < 15; day++) {
      now = new Date(`2024-01-${day}T05:00:30Z`);
      const runs = (await Promise.all(crowd.map((context) => fireDue(context)))).flat();
      expect(runs).toHaveLength(1);
    }
    const { items } = await listFirings(crowd[0]!, 'crowd', {});
    expect(items.map(({ outcome, runId }) => outcome === 'fired' && runId !== null)).toEqual([true, true, true, true, true]);
    await crowd[0]!.store.schedules.delete('crowd');
  });

  it('catch up with one run after a downtime, and write down what was skipped', async () => {
    const context = await prepared('late');
    now = new Date('2024-01-13T12:00:00Z');
    expect(await fireDue(context)).toHaveLength(1);
    const { items } = await listFirings(context, 'late', {});
    expect(items.map(({ dueAt, outcome }) => `${dueAt.slice(0, 13)} ${outcome}`)).toEqual([
      '2024-01-13T05 fired',
      '2024-01-12T05 skipped',
      '2024-01-11T05 skipped',
      '2024-01-10T05 skipped',
    ]);
    expect(items.map(({ reason }) => reason)).toEqual([null, 'downtime', 'downtime', 'downtime']);
    await context.store.schedules.delete('late');
  });

  it('make up for nothing, or for the last few missed times, as configured', async () => {
    const context = await prepared('all', { catchUp: 'all', catchUpLimit: 2 });
    await createSchedule(context, { name: 'none', ...schedule, catchUp: 'none' });
    now = new Date('2024-01-13T12:00:00Z');
    const runs = await fireDue(context);
    const outcomes = async (name: string): Promise<string[]> =>
      (await listFirings(context, name, {})).items.map(({ dueAt, outcome }) => `${dueAt.slice(8, 10)} ${outcome}`);
    expect(await outcomes('all')).toEqual(['13 fired', '12 fired', '11 skipped', '10 skipped']);
    expect(await outcomes('none')).toEqual(['13 skipped', '12 skipped', '11 skipped', '10 skipped']);
    // One after the other, the oldest first.
    expect(runs.map(({ afterId }) => afterId)).toEqual([null, runs[0]!.id]);
    now = new Date('2024-01-14T05:00:10Z');
    await fireDue(context);
    expect((await outcomes('none'))[0]).toBe('14 fired');
    for (const name of ['all', 'none']) await context.store.schedules.delete(name);
  });

  it('account for every due time of a long downtime, the oldest ones in one firing', async () => {
    const context = await prepared('often', { cron: '0 * * * *', timeZone: 'UTC' });
    const crowd = [context, await scheduler(), await scheduler()];
    now = new Date('2024-01-20T00:30:00Z');
    expect((await Promise.all(crowd.map((one) => fireDue(one)))).flat()).toHaveLength(1);
    const items = (await listFirings(context, 'often', { limit: 1000 })).items;
    // Hourly from the 10th at one to the 20th at midnight: 240 due times, the latest 100 one by one.
    expect(items).toHaveLength(101);
    expect(items.reduce((sum, { dueTimes }) => sum + dueTimes, 0)).toBe(240);
    expect(items.at(-1)).toMatchObject({
      firstDueAt: '2024-01-10T01:00:00.000Z',
      dueAt: '2024-01-15T20:00:00.000Z',
      dueTimes: 140,
      outcome: 'skipped',
      reason: 'downtime',
      runId: null,
    });
    expect(items.at(-2)).toMatchObject({ firstDueAt: null, dueAt: '2024-01-15T21:00:00.000Z', dueTimes: 1, outcome: 'skipped' });
    expect(items[0]).toMatchObject({ dueAt: '2024-01-20T00:00:00.000Z', outcome: 'fired' });
    await context.store.schedules.delete('often');
  });

  it('make up for a forecast with what was known when it was due', async () => {
    const context = await prepared('train');
    await context.store.schedules.delete('train');
    await registered(context);
    await createSchedule(context, {
      name: 'nightly',
      ...schedule,
      catchUp: 'all',
      action: { kind: 'forecast', request: { model: 'hours' } },
    });
    now = new Date('2024-01-12T05:00:30Z');
    const runs = await fireDue(context);
    expect(runs.map(({ config }) => config['cutoff'])).toEqual(['2024-01-10T05:00:00.000Z', '2024-01-11T05:00:00.000Z', undefined]);
    await context.store.schedules.delete('nightly');
  });

  it('make up for a forecast of plain integers with the steps that were known when it was due', async () => {
    const context = await scheduler();
    const written = async (steps: number, at: string): Promise<void> => {
      await context.store.series.writeVersion({
        dataset: { name: 'cycles', frequency: '1', timeZone: 'UTC' },
        mode: 'append',
        pieces: [{ id: 'a', firstStep: 0, values: Float64Array.from({ length: steps }, (_, t) => t % 24) }],
        summary: () => ({ rowsRead: 0, rowsRejected: 0, findings: null }),
      });
      await query(database.url, `UPDATE dataset_version SET committed_at = '${at}' WHERE last_step = ${steps - 1}`);
    };
    await written(100, '2024-01-10T12:00:00Z');
    await written(120, '2024-01-11T12:00:00Z');
    await registered(context, 'cycles');
    const action = { kind: 'forecast' as const, request: { model: 'cycles' } };
    await createSchedule(context, { name: 'made-up', ...schedule, catchUp: 'all', action });
    now = new Date('2024-01-13T05:00:30Z');
    const runs = await fireDue(context);
    expect(runs.map(({ status, config, error }) => [status, config['cutoff'], (error as { code?: string } | null)?.code])).toEqual([
      ['failed', '2024-01-10T05:00:00.000Z', 'NOTHING_KNOWN'],
      ['queued', 99, undefined],
      ['queued', 119, undefined],
      ['queued', undefined, undefined],
    ]);
    expect(runs.map(({ config }) => config['cutoffStep'])).toEqual([undefined, 99, 119, undefined]);
    await context.store.schedules.delete('made-up');
  });

  describe('whose run before is still open', () => {
    const day = (no: number): Date => new Date(`2024-01-${no}T05:00:10Z`);

    it('leave the due time out with `skip`', async () => {
      const context = await prepared('skip', { overlap: 'skip' });
      now = day(10);
      const [first] = await fireDue(context);
      now = day(11);
      expect(await fireDue(context)).toEqual([]);
      expect((await listFirings(context, 'skip', {})).items[0]).toMatchObject({ outcome: 'skipped', reason: 'overlap', runId: null });
      await cancelRun(context, first!.id);
      now = day(12);
      expect(await fireDue(context)).toHaveLength(1);
      await context.store.schedules.delete('skip');
    });

    it('put the run behind it with `queue`', async () => {
      const context = await prepared('queue', { overlap: 'queue' });
      now = day(10);
      const [first] = await fireDue(context);
      now = day(11);
      const [second] = await fireDue(context);
      expect(second).toMatchObject({ status: 'queued', afterId: first!.id });
      expect(await context.queue.state('train', second!.id)).toBe('absent');
      expect(await context.store.runs.claim(second!.id, 'too early')).toBeNull();
      await cancelRun(context, first!.id);
      expect(await context.queue.state('train', second!.id)).toBe('waiting');
      expect(await context.store.runs.claim(second!.id, 'in time')).toMatchObject({ status: 'running' });
      await context.store.schedules.delete('queue');
    });

    it('cancel it with `cancel`', async () => {
      const context = await prepared('cancel', { overlap: 'cancel' });
      now = day(10);
      const [first] = await fireDue(context);
      now = day(11);
      const [second] = await fireDue(context);
      expect((await context.store.runs.get(first!.id)).status).toBe('cancelled');
      expect(await context.queue.state('train', second!.id)).toBe('waiting');
      now = day(12);
      // A running one is asked to stop, and the next waits until it has.
      await context.store.runs.claim(second!.id, 'worker');
      const [third] = await fireDue(context);
      expect(await context.store.runs.get(second!.id)).toMatchObject({ status: 'running', cancelRequested: true });
      expect(await context.queue.state('train', third!.id)).toBe('absent');
      await context.store.schedules.delete('cancel');
    });
  });

  it('do not make up for a pause', async () => {
    const context = await prepared('paused');
    await updateSchedule(context, 'paused', { paused: true });
    now = new Date('2024-01-13T12:00:00Z');
    expect(await fireDue(context)).toEqual([]);
    await updateSchedule(context, 'paused', { paused: false });
    expect(await fireDue(context)).toEqual([]);
    now = new Date('2024-01-14T05:00:00Z');
    expect(await fireDue(context)).toHaveLength(1);
    await context.store.schedules.delete('paused');
  });

  it('leave a failed run that says why when their action is refused', async () => {
    const context = await prepared('orphan');
    await context.store.erasures.dataset('hours');
    now = new Date('2024-01-10T05:00:00Z');
    const [run] = await fireDue(context);
    expect(run).toMatchObject({ status: 'failed', error: { code: 'DATASET_NOT_FOUND' } });
    expect((await listFirings(context, 'orphan', {})).items).toMatchObject([{ outcome: 'fired', runId: run!.id }]);
  });

  it('are refused with an action or a time that cannot be', async () => {
    const context = await prepared('fine');
    const refused = (change: object): Promise<unknown> =>
      createSchedule(context, { name: 'wrong', ...schedule, ...change }).catch((error: { code: string }) => error.code);
    expect(await refused({ cron: 'sometimes' })).toBe('CRON_INVALID');
    expect(await refused({ cron: '0 6 30 2 *' })).toBe('CRON_NEVER_DUE');
    expect(await refused({ timeZone: 'Mars/Olympus' })).toBe('TIME_ZONE_UNKNOWN');
    expect(await refused({ action: { kind: 'forecast', request: { model: 'nobody' } } })).toBe('MODEL_NOT_FOUND');
    expect(await refused({ name: 'fine' })).toBe('SCHEDULE_EXISTS');
  });
});
