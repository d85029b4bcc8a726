/**
 * Jobs on Redis, carried by Bull. One Bull queue per job name; finished jobs leave nothing behind.
 * A worker renews the lock of each job it runs; when it dies the lock lapses and the job is delivered again, and a job
 * whose worker died `attempts` times is parked.
 */
import Bull from 'bull';
import type { Logger } from '../logging.js';
import { Delivery, type JobNotes } from './delivery.js';
import { bindHandlers } from './handlers.js';
import type { EnqueueOptions, JobDefinition, JobHandler, JobState, ParkedJob, Queue } from './queue.js';

export interface BullOptions<Name extends string> {
  redisUrl: string;
  jobs: readonly JobDefinition<Name>[];
  logger: Logger;
  /** A worker whose lock is older is taken for dead. */
  heartbeatSeconds: number;
}

const BEAT_MS = 500;
const PREFIX = 'almanac';
const HIGHEST_PRIORITY = 10;
/** Bull serves the lowest number first; one of so many turns each stands for a priority. */
const TURNS_OF_A_PRIORITY = 2 ** 36;
/** Jobs that one script looks at. */
const TURNS_AT_ONCE = 1000;
const NOTE_SECONDS = 7 * 24 * 3600;

export async function openBullQueue<Name extends string>(options: BullOptions<Name>): Promise<Queue<Name>> {
  const { jobs, logger } = options;
  const lockMs = options.heartbeatSeconds * 1000;
  const queues = new Map<Name, Bull.Queue<object>>();
  for (const job of jobs) {
    const queue = new Bull<object>(job.name, options.redisUrl, {
      prefix: PREFIX,
      settings: { lockDuration: lockMs, lockRenewTime: lockMs / 4, stalledInterval: lockMs / 2, maxStalledCount: job.attempts - 1 },
      defaultJobOptions: {
        attempts: job.attempts,
        backoff: { type: 'exponential', delay: job.backoffSeconds * 1000 },
        removeOnComplete: true,
      },
    });
    queue.on('completed', (done) => again(job.name, done));
    queue.on('error', (error) => logger.warn({ error: error.message, queue: job.name }, 'redis'));
    queues.set(job.name, queue);
  }
  const on = (name: Name): Bull.Queue<object> => queues.get(name)!;
  await Promise.all([...queues.values()].map((queue) => queue.isReady()));
  const notes = redisNotes(on(jobs[0]!.name));
  const running = new Map<string, Delivery>();
  let closing = false;
  /** Jobs that give their place to others: each is over, and sent again once Bull has forgotten it. */
  const yielded = new Map<string, number>();
  function again(name: Name, job: Bull.Job<object>): void {
    const delayMs = yielded.get(String(job.id));
    if (delayMs === undefined) return;
    yielded.delete(String(job.id));
    const { group, priority = 0 } = job.opts as JobOptions;
    enqueueAll(name, [{ id: String(job.id), payload: job.data }], { group, priority: urgencyOf(priority), delayMs }).catch(
      (error: unknown) => logger.warn({ error, job: job.id, queue: name }, 'a job that gave its place to others could not be queued again'),
    );
  }

  async function deliver(definition: JobDefinition<Name>, handler: JobHandler<Name>, job: Bull.Job<object>): Promise<void> {
    const id = String(job.id);
    turnCame(job.queue, job).catch((error: unknown) => logger.warn({ error, job: id }, 'a turn could not be noted'));
    // Renewing the lock is Bull's own business; when it fails, `lock-extension-failed` stops the delivery.
    const delivery = new Delivery({
      job: definition,
      handler,
      notes,
      id,
      payload: job.data,
      attempt: job.attemptsMade + 1,
      beat: () => Promise.resolve(true),
      beatMs: BEAT_MS,
      logger,
    });
    running.set(id, delivery);
    if (closing) delivery.stop('shutdown');
    const outcome = await delivery.ended.finally(() => running.delete(id));
    if (outcome.kind === 'done' || outcome.kind === 'cancelled') return notes.forget(id);
    if (outcome.kind === 'yielded') return void yielded.set(id, outcome.afterMs);
    if (outcome.kind === 'failed') throw outcome.error;
    // Handing back is no failure: Bull needs the attempt taken back that it is about to count.
    job.attemptsMade -= 1;
    throw new Error('The worker stopped before the job ended.');
  }

  const enqueueAll: Queue<Name>['enqueueAll'] = async (name, list, { group, ...enqueueOptions } = {}) => {
    for (let from = 0; from < list.length; from += TURNS_AT_ONCE) {
      const some = list.slice(from, from + TURNS_AT_ONCE);
      const turns = await takeTurns(
        on(name),
        group,
        some.map(({ id }) => id),
      );
      const fresh = some.flatMap(({ id, payload }, i) => {
        const turn = turns.get(i);
        return turn === undefined ? [] : [{ data: payload, opts: jobOptions(id, turn, { ...enqueueOptions, group }) }];
      });
      if (fresh.length > 0) await on(name).addBulk(fresh);
    }
  };

  return {
    driver: 'bull',
    enqueue: (name, id, payload, options) => enqueueAll(name, [{ id, payload }], options),
    enqueueAll,
    state: async (name, id) => stateOf(await on(name).getJob(id)),
    progress: (_name, id) => notes.progress(id),
    async cancel(name, id) {
      const job = await on(name).getJob(id);
      const state = await stateOf(job);
      if (job === null || state === 'absent') return 'absent';
      await notes.askToCancel(id);
      if (state === 'active' || !(await tryRemove(job))) return 'asked';
      await notes.forget(id);
      return 'removed';
    },
    async parked(name) {
      const failed = await on(name).getFailed();
      return failed.map((job): ParkedJob => ({ id: String(job.id), payload: job.data, reason: job.failedReason ?? 'unknown' }));
    },
    async remove(name, id) {
      const job = await on(name).getJob(id);
      if (job) await tryRemove(job);
      await notes.forget(id);
    },
    async depth() {
      const counts = await Promise.all(
        [...queues].map(async ([name, queue]) => {
          const { waiting, delayed } = await queue.getJobCounts();
          return [name, waiting + delayed] as const;
        }),
      );
      return Object.fromEntries(counts) as Record<Name, number>;
    },
    async work(handlers, concurrency) {
      const bound = bindHandlers(jobs, handlers);
      for (const job of jobs) {
        const atOnce = concurrency[job.name] ?? 0;
        if (atOnce < 1) continue;
        const queue = on(job.name);
        queue.on('lock-extension-failed', (lost: Bull.Job) => running.get(String(lost.id))?.stop('lost'));
        // The promise of process() settles when the queue closes.
        queue
          .process(atOnce, (next: Bull.Job<object>) => deliver(job, bound.get(job.name)!, next))
          .catch((error: unknown) => logger.error({ error, queue: job.name }, 'the queue stopped'));
      }
      await Promise.resolve();
    },
    async close(drainMs = 0) {
      closing = true;
      await Promise.all([...queues.values()].map((queue) => queue.pause(true, true).catch(() => undefined)));
      await Promise.race([
        Promise.all([...running.values()].map((delivery) => delivery.ended)),
        new Promise((resolve) => setTimeout(resolve, drainMs).unref()),
      ]);
      for (const delivery of running.values()) delivery.stop('shutdown');
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}

/** Bull keeps with a job what it does not know. */
type JobOptions = Bull.JobOptions & { group?: string };

function jobOptions(id: string, turn: number, { priority = 0, delayMs, group }: EnqueueOptions): JobOptions {
  return {
    jobId: id,
    priority: (HIGHEST_PRIORITY - Math.min(HIGHEST_PRIORITY, Math.max(0, priority))) * TURNS_OF_A_PRIORITY + turn,
    ...(delayMs === undefined ? {} : { delay: delayMs }),
    ...(group === undefined ? {} : { group }),
  };
}
const urgencyOf = (priority: number): number => HIGHEST_PRIORITY - Math.floor(priority / TURNS_OF_A_PRIORITY);

/** The same numbers as those of the queue on Postgres, kept in a hash a queue: field `*` is the highest that was served. */
const TAKE_TURNS = `
  local fresh = {}
  for i = 2, #ARGV do
    if redis.call('EXISTS', ARGV[i]) == 0 then fresh[#fresh + 1] = i - 2 end
  end
  if #fresh == 0 then return {0} end
  local last = math.max(tonumber(redis.call('HGET', KEYS[1], '*') or '0'), tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0'))
  redis.call('HSET', KEYS[1], ARGV[1], last + #fresh)
  table.insert(fresh, 1, last)
  return fresh`;
const TURN_CAME = `
  if tonumber(ARGV[1]) > tonumber(redis.call('HGET', KEYS[1], '*') or '0') then redis.call('HSET', KEYS[1], '*', ARGV[1]) end`;

const turnsKey = (queue: Bull.Queue): string => `${PREFIX}:turns:${queue.name}`;

/** Numbers of jobs, by their places in the list; those that are there already have theirs. */
async function takeTurns(queue: Bull.Queue, group = '-', ids: readonly string[]): Promise<Map<number, number>> {
  const jobKeys = ids.map((id) => queue.toKey(id));
  const [last, ...fresh] = (await queue.client.eval(TAKE_TURNS, 1, turnsKey(queue), group, ...jobKeys)) as [number, ...number[]];
  return new Map(fresh.map((place, i) => [place, last + i + 1]));
}

async function turnCame(queue: Bull.Queue, { opts }: Bull.Job): Promise<void> {
  await queue.client.eval(TURN_CAME, 1, turnsKey(queue), (opts.priority ?? 0) % TURNS_OF_A_PRIORITY);
}

async function stateOf(job: Bull.Job | null): Promise<JobState> {
  const state = job === null ? undefined : await job.getState();
  if (state === 'active') return 'active';
  if (state === 'failed') return 'parked';
  if (state === 'waiting' || state === 'delayed' || state === 'paused') return 'waiting';
  // Bull looks through its lists one by one, so a job that moved meanwhile is in none of them ("stuck") while its record is there.
  const record = job === null ? null : await job.queue.getJob(job.id);
  return record === null ? 'absent' : 'waiting';
}

/** False where a worker holds its lock. */
async function tryRemove(job: Bull.Job): Promise<boolean> {
  try {
    await job.remove();
    return true;
  } catch {
    return false;
  }
}

function redisNotes(queue: Bull.Queue): JobNotes {
  const redis = queue.client;
  const cancelKey = (id: string): string => `${PREFIX}:cancel:${id}`;
  const progressKey = (id: string): string => `${PREFIX}:progress:${id}`;
  return {
    async setProgress(id, progress) {
      await redis.set(progressKey(id), JSON.stringify(progress), 'EX', NOTE_SECONDS);
    },
    async progress(id) {
      const text = await redis.get(progressKey(id));
      return text === null ? undefined : (JSON.parse(text) as Record<string, unknown>);
    },
    async askToCancel(id) {
      await redis.set(cancelKey(id), '1', 'EX', NOTE_SECONDS);
    },
    isCancelAsked: async (id) => (await redis.exists(cancelKey(id))) === 1,
    async forget(id) {
      await redis.del(cancelKey(id), progressKey(id));
    },
  };
}
