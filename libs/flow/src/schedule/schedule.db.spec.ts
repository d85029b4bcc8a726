/** Schedules on a real Postgres, with a clock that the test turns. */
import { createSchedule, fireDue, getSchedule, listFirings, updateSchedule } from '@almanac/flow/schedule';
import { type FlowContext, JOBS } from '@almanac/flow/runs';
import { folderObjectStore, openQueue, silentLogger } from '@almanac/platform';
import { openStore } from '@almanac/store';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';

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

async function prepared(name: string): Promise<FlowContext> {
  const context = await scheduler();
  await context.store.series.writeVersion({
    dataset: { name: 'hours', frequency: 'h', timeZone: 'UTC' },
    mode: 'replace',
    pieces: [{ id: 'a', firstStep: 0, values: Float64Array.from({ length: 200 }, (_, t) => t % 24) }],
    summary: () => ({ rowsRead: 0, rowsRejected: 0, findings: null }),
  });
  await createSchedule(context, { name, ...schedule });
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
    await context.store.schedules.delete('late');
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
    await context.store.datasets.delete('hours');
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
    expect(await refused({ timeZone: 'Mars/Olympus' })).toBe('TIME_ZONE_UNKNOWN');
    expect(await refused({ action: { kind: 'forecast', request: { model: 'nobody' } } })).toBe('MODEL_NOT_FOUND');
    expect(await refused({ name: 'fine' })).toBe('SCHEDULE_EXISTS');
  });
});
