/** What every queue driver must do, on a real Redis and a real Postgres. */
import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { type JobContext, type JobDefinition, type JobHandler, JobStopped, openQueue, type Queue, silentLogger } from '@almanac/platform';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { redisIsInstalled, startRedis, type TestRedis } from '../support/redis.js';

type Name = 'work' | 'other';
const JOBS: JobDefinition<Name>[] = [
  { name: 'work', attempts: 3, backoffSeconds: 0, deadlineSeconds: 60 },
  { name: 'other', attempts: 1, backoffSeconds: 0, deadlineSeconds: 1 },
];
/** A worker that is silent for so long counts as dead: pg-boss allows no less than 10, and the tests of killed workers wait for it. */
const HEARTBEAT_SECONDS = { bull: 4, 'pg-boss': 10 };

type Handle = (payload: { text: string }, context: JobContext) => Promise<void> | void;
interface Servers {
  config: { redisUrl: string | undefined; databaseUrl: string | undefined };
  stop(): Promise<void>;
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const last = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > last) throw new Error(`Waited a minute for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop);
  });

function conformance(driver: 'bull' | 'pg-boss', start: () => Promise<Servers>): void {
  const heartbeatSeconds = HEARTBEAT_SECONDS[driver];
  let servers: Servers;
  const open: Queue<Name>[] = [];
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    servers = await start();
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await Promise.all(open.splice(0).map((queue) => queue.close()));
    const sweep = await openQueue<Name>(servers.config, JOBS, silentLogger, heartbeatSeconds);
    for (const { name } of JOBS) for (const job of await sweep.parked(name)) await sweep.remove(name, job.id);
    await sweep.close();
  });
  afterAll(() => servers?.stop());

  const opened = async (jobs = JOBS): Promise<Queue<Name>> => {
    const queue = await openQueue<Name>(servers.config, jobs, silentLogger, heartbeatSeconds);
    open.push(queue);
    return queue;
  };
  const handlers = (work: Handle, other: Handle = () => undefined): JobHandler<Name>[] => [
    { name: 'work', handle: async (payload, context) => work(payload as { text: string }, context) },
    { name: 'other', handle: async (payload, context) => other(payload as { text: string }, context) },
  ];
  const working = async (work: Handle, other?: Handle, concurrency = 1): Promise<Queue<Name>> => {
    const queue = await opened();
    await queue.work(handlers(work, other), { work: concurrency, other: concurrency });
    return queue;
  };
  const workerProcess = async (): Promise<{ child: ChildProcess; held: string[] }> => {
    const held: string[] = [];
    const child = fork(fileURLToPath(new URL('./queueWorker.mjs', import.meta.url)), [
      JSON.stringify({ config: servers.config, jobs: JOBS, heartbeatSeconds }),
    ]);
    children.push(child);
    let ready = false;
    child.on('message', (message: { ready?: true; holds?: string }) => {
      if (message.ready) ready = true;
      if (message.holds !== undefined) held.push(message.holds);
    });
    await until('the worker process', () => ready);
    return { child, held };
  };

  it('names its driver', async () => {
    expect((await opened()).driver).toBe(driver);
  });

  it('has the attempts that a program which starts later gives it', async () => {
    await (await opened()).close();
    open.pop();
    const once = JOBS.map((job) => (job.name === 'work' ? { ...job, attempts: 1 } : job));
    const queue = await opened(once);
    let deliveries = 0;
    const id = randomUUID();
    const failing = (): never => {
      deliveries += 1;
      throw new Error('not today');
    };
    await queue.work(handlers(failing), { work: 1 });
    await queue.enqueue('work', id, { text: 'once' });
    await until('the job to be parked', async () => (await queue.state('work', id)) === 'parked');
    expect(deliveries).toBe(1);
  });

  it('delivers a job with its payload, once, and forgets it', async () => {
    const seen: string[] = [];
    const queue = await working((payload, { attempt }) => void seen.push(`${payload.text} ${attempt}`));
    const id = randomUUID();
    await queue.enqueue('work', id, { text: 'one' });
    await until('the job', () => seen.length > 0);
    await until('its end', async () => (await queue.state('work', id)) === 'absent');
    expect(seen).toEqual(['one 1']);
  });

  it('takes a second enqueue under the id of a waiting job for the first', async () => {
    const producer = await opened();
    const id = randomUUID();
    await producer.enqueue('work', id, { text: 'first' });
    await producer.enqueue('work', id, { text: 'second' });
    expect((await producer.depth()).work).toBe(1);
    const seen: string[] = [];
    await working((payload) => void seen.push(payload.text));
    await until('the queue to be empty', async () => (await producer.state('work', id)) === 'absent');
    expect(seen).toEqual(['first']);
  });

  it('delivers higher priorities first', async () => {
    const producer = await opened();
    for (const priority of [0, 5, 10, 5]) await producer.enqueue('work', randomUUID(), { text: String(priority) }, { priority });
    const seen: string[] = [];
    await working((payload) => void seen.push(payload.text));
    await until('all four', () => seen.length === 4);
    expect(seen).toEqual(['10', '5', '5', '0']);
  });

  it('lets groups take turns, however many jobs one of them has waiting', async () => {
    const producer = await opened();
    const seen: string[] = [];
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const send = (group: string, no: number): Promise<void> => producer.enqueue('work', randomUUID(), { text: `${group}${no}` }, { group });
    await producer.enqueueAll(
      'work',
      Array.from({ length: 60 }, (_, no) => ({ id: randomUUID(), payload: { text: `many${no}` } })),
      { group: 'many' },
    );
    await working(async (payload) => {
      seen.push(payload.text);
      if (seen.length === 4) await gate;
    });
    await until('some to be served', () => seen.length === 4);
    // They come when many have long been waiting, and must not be served before what their group had its turn with.
    for (const no of [0, 1]) await send('few', no);
    await Promise.all([0, 1, 2].map((no) => send('third', no)));
    open();
    await until('all of them', () => seen.length === 65);
    expect(seen.slice(0, 4)).toEqual(['many0', 'many1', 'many2', 'many3']);
    const rounds = [seen.slice(4, 7), seen.slice(7, 10)].map((round) => round.map((text) => text.replace(/\d+$/, '')).sort());
    expect(rounds).toEqual([
      ['few', 'many', 'third'],
      ['few', 'many', 'third'],
    ]);
    expect(seen.indexOf('few0')).toBeLessThan(seen.indexOf('few1'));
    expect(seen.filter((text) => text.startsWith('many'))).toEqual(Array.from({ length: 60 }, (_, no) => `many${no}`));
  });

  it('delivers a job that gave its place to others after those that wait, and counts no attempt', async () => {
    const seen: string[] = [];
    let taken = false;
    const queue = await working(async (payload, { attempt }) => {
      seen.push(`${payload.text} ${attempt}`);
      if (payload.text !== 'long' || seen.length > 1) return;
      taken = true;
      await until('the others to wait', async () => (await queue.depth()).work === 2);
      throw new JobStopped('yielded');
    });
    const long = randomUUID();
    await queue.enqueue('work', long, { text: 'long' }, { group: 'a' });
    await until('it to be taken', () => taken);
    await queue.enqueue('work', randomUUID(), { text: 'own' }, { group: 'a' });
    await queue.enqueue('work', randomUUID(), { text: 'other' }, { group: 'b' });
    await until('all of them', () => seen.length === 4);
    expect(seen.slice(1, 3).sort()).toEqual(['other 1', 'own 1']);
    expect(seen[3]).toBe('long 1');
    await until('its end', async () => (await queue.state('work', long)) === 'absent');
  });

  it('gives no turn away to a job that is there already', async () => {
    const producer = await opened();
    const ids = [randomUUID(), randomUUID()];
    const first = ids.map((id, no) => ({ id, payload: { text: `a${no}` } }));
    for (let again = 0; again < 5; again++) await producer.enqueueAll('work', first, { group: 'a' });
    for (let no = 0; no < 5; no++) await producer.enqueue('work', randomUUID(), { text: `b${no}` }, { group: 'b' });
    await producer.enqueue('work', randomUUID(), { text: 'a2' }, { group: 'a' });
    const seen: string[] = [];
    await working((payload) => void seen.push(payload.text));
    await until('all of them', () => seen.length === 8);
    expect(seen.indexOf('a2')).toBeLessThan(seen.indexOf('b3'));
  });

  it('holds a delayed job back', async () => {
    const seen: string[] = [];
    const queue = await working((payload) => void seen.push(payload.text));
    const started = Date.now();
    const id = randomUUID();
    await queue.enqueue('work', id, { text: 'late' }, { delayMs: 1500 });
    expect(await queue.state('work', id)).toBe('waiting');
    await queue.enqueue('work', randomUUID(), { text: 'soon' });
    await until('both', () => seen.length === 2);
    expect(seen).toEqual(['soon', 'late']);
    expect(Date.now() - started).toBeGreaterThanOrEqual(1400);
  });

  it('tries a failing job again, then parks it with its reason, and goes on with the others', async () => {
    const seen: string[] = [];
    const queue = await working((payload, { attempt }) => {
      seen.push(`${payload.text} ${attempt}`);
      if (payload.text === 'bad') throw new Error('the disk is full');
    });
    const id = randomUUID();
    await queue.enqueue('work', id, { text: 'bad' });
    await until('the job to be parked', async () => (await queue.state('work', id)) === 'parked');
    await queue.enqueue('work', randomUUID(), { text: 'good' });
    await until('the good one', () => seen.includes('good 1'));
    expect(seen.filter((text) => text.startsWith('bad'))).toEqual(['bad 1', 'bad 2', 'bad 3']);
    expect(await queue.parked('work')).toEqual([{ id, payload: { text: 'bad' }, reason: 'the disk is full' }]);
  });

  it('lets a parked job be enqueued again once it is removed', async () => {
    let broken = true;
    const seen: string[] = [];
    const queue = await working(
      () => undefined,
      (payload) => {
        if (broken) throw new Error('broken');
        seen.push(payload.text);
      },
    );
    const id = randomUUID();
    await queue.enqueue('other', id, { text: 'again' });
    await until('the job to be parked', async () => (await queue.state('other', id)) === 'parked');
    broken = false;
    await queue.enqueue('other', id, { text: 'again' });
    expect(await queue.state('other', id)).toBe('parked');
    await queue.remove('other', id);
    await queue.enqueue('other', id, { text: 'again' });
    await until('the job', () => seen.length === 1);
  });

  it('takes a cancelled job out of the queue', async () => {
    const producer = await opened();
    const id = randomUUID();
    await producer.enqueue('work', id, { text: 'unwanted' });
    expect(await producer.cancel('work', id)).toBe('removed');
    expect(await producer.state('work', id)).toBe('absent');
    expect(await producer.cancel('work', id)).toBe('absent');
  });

  it('tells a running job to stop, and delivers it no more', async () => {
    const seen: number[] = [];
    const queue = await working(async (_payload, { signal, attempt }) => {
      seen.push(attempt);
      await aborted(signal);
    });
    const id = randomUUID();
    await queue.enqueue('work', id, { text: 'long' });
    await until('the job to run', () => seen.length === 1);
    const fromElsewhere = await opened();
    expect(await fromElsewhere.cancel('work', id)).toBe('asked');
    await until('the end', async () => (await queue.state('work', id)) === 'absent');
    expect(seen).toEqual([1]);
  });

  it('lets any process read the progress of a running job', async () => {
    let finish = (): void => undefined;
    const queue = await working(async (_payload, { report }) => {
      await report({ step: 1 });
      await report({ step: 2, loss: 0.5 });
      await new Promise<void>((resolve) => (finish = resolve));
    });
    const id = randomUUID();
    await queue.enqueue('work', id, { text: 'long' });
    const reader = await opened();
    await until('progress', async () => (await reader.progress('work', id))?.['step'] === 2);
    expect(await reader.progress('work', id)).toEqual({ step: 2, loss: 0.5 });
    finish();
    await until('the end', async () => (await reader.state('work', id)) === 'absent');
    await until('its progress to be forgotten', async () => (await reader.progress('work', id)) === undefined);
  });

  it('stops a job at its deadline', async () => {
    const queue = await working(
      () => undefined,
      (_payload, { signal }) => aborted(signal),
    );
    const id = randomUUID();
    await queue.enqueue('other', id, { text: 'slow' });
    await until('the job to be parked', async () => (await queue.state('other', id)) === 'parked');
    expect((await queue.parked('other'))[0]?.reason).toBe('The job took longer than its deadline.');
  });

  it('shares the jobs of a queue among several workers, each job to one', async () => {
    const seen: string[] = [];
    const queue = await working((payload) => void seen.push(payload.text), undefined, 4);
    await working((payload) => void seen.push(payload.text), undefined, 4);
    const texts = Array.from({ length: 200 }, (_, index) => `job ${index}`);
    await queue.enqueueAll(
      'work',
      texts.map((text) => ({ id: randomUUID(), payload: { text } })),
    );
    await until('all of them', () => seen.length >= texts.length);
    expect([...seen].sort()).toEqual([...texts].sort());
  });

  it('waits for running jobs when it closes, and hands back those that take too long without counting an attempt', async () => {
    const events: string[] = [];
    const queue = await working(
      async (payload, { signal }) => {
        events.push(`start ${payload.text}`);
        if (payload.text === 'short') await new Promise((resolve) => setTimeout(resolve, 300));
        else await aborted(signal);
        events.push(`end ${payload.text}`);
      },
      undefined,
      2,
    );
    const long = randomUUID();
    await queue.enqueue('work', long, { text: 'long' });
    await queue.enqueue('work', randomUUID(), { text: 'short' });
    await until('both to run', () => events.length === 2);
    open.splice(open.indexOf(queue), 1);
    await queue.close(1500);
    expect(events).toContain('end short');
    expect(events).not.toContain('end long');
    const attempts: number[] = [];
    await working((_payload, { attempt }) => void attempts.push(attempt));
    await until('the second delivery', () => attempts.length > 0);
    expect(attempts).toEqual([1]);
  });

  it('gives the job of a killed worker to another one, and parks one that has killed its workers, with a reason', async () => {
    const producer = await opened();
    const poison = randomUUID();
    await producer.enqueue('work', randomUUID(), { text: 'orphan' });
    // May be tried once.
    await producer.enqueue('other', poison, { text: 'poison' });
    const { child, held } = await workerProcess();
    await until('the worker to hold both', () => held.length === 2);
    child.kill('SIGKILL');
    const [works, others]: [string[], string[]] = [[], []];
    const queue = await working(
      (payload) => void works.push(payload.text),
      (payload) => void others.push(payload.text),
    );
    await until('the second delivery', () => works.length > 0);
    await until('the job to be parked', async () => (await queue.state('other', poison)) === 'parked');
    expect(works).toEqual(['orphan']);
    expect(others).toEqual([]);
    expect((await queue.parked('other'))[0]?.reason).toMatch(/stalled|heartbeat/);
  });

  it('does not start with a job that has no handler, two, or is unknown', async () => {
    const queue = await opened();
    const [work, other] = handlers(() => undefined);
    const each = { work: 1, other: 1 };
    await expect(queue.work([work!], each)).rejects.toMatchObject({ code: 'JOB_WITHOUT_HANDLER' });
    await expect(queue.work([work!, other!, work!], each)).rejects.toMatchObject({ code: 'JOB_WITH_TWO_HANDLERS' });
    await expect(queue.work([work!, other!, { ...work!, name: 'idle' as Name }], each)).rejects.toMatchObject({ code: 'JOB_UNKNOWN' });
  });
}

describe('the pg-boss queue on Postgres', () => {
  conformance('pg-boss', async () => {
    const database: TestDatabase = await createTestDatabase();
    return { config: { redisUrl: undefined, databaseUrl: database.url }, stop: () => database.drop() };
  });
});

describe.skipIf(!redisIsInstalled())('the Bull queue on Redis', () => {
  conformance('bull', async () => {
    const redis: TestRedis = await startRedis();
    return { config: { redisUrl: redis.url, databaseUrl: undefined }, stop: () => redis.stop() };
  });
});
