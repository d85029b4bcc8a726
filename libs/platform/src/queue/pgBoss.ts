/**
 * Jobs on Postgres, carried by pg-boss. It keeps the jobs, their order and their retries; the loop that fetches them is
 * ours, because pg-boss's own takes one batch a poll. A NOTIFY wakes the loop at once, a poll catches what no NOTIFY announced.
 * Every settling names the attempt it settles, so that a worker that lost a job cannot end it for the next one.
 */
import { type JobWithMetadata, PgBoss } from 'pg-boss';
import { PG_BOSS_CONNECTIONS } from '../config.js';
import type { Logger } from '../logging.js';
import { Delivery, type JobNotes, type Outcome } from './delivery.js';
import { bindHandlers } from './handlers.js';
import { Listener } from './pgBossListener.js';
import { createNotes, type Db, postgresNotes, SCHEMA } from './pgBossNotes.js';
import { createTurns, inTurn, priorityOf, takeTurns, turnCame, turnOf } from './pgBossTurns.js';
import type { JobDefinition, JobHandler, JobState, ParkedJob, Queue } from './queue.js';

export interface PgBossOptions<Name extends string> {
  databaseUrl: string;
  jobs: readonly JobDefinition<Name>[];
  logger: Logger;
  /** A worker that gave no sign of life for so long is taken for dead; 10 is the least. */
  heartbeatSeconds: number;
}

/** Workers hear the names of queues that have something new. */
const CHANNEL = `${SCHEMA}_job`;
const BEAT_MS = 500;
const POLL_MS = 1_000;
const SETTLE_AGAIN_MS = 500;
const LONGEST_SECONDS = 24 * 3600 - 1;

export async function openPgBossQueue<Name extends string>(options: PgBossOptions<Name>): Promise<Queue<Name>> {
  const { jobs, logger, databaseUrl, heartbeatSeconds } = options;
  const boss = new PgBoss({
    connectionString: databaseUrl,
    schema: SCHEMA,
    max: PG_BOSS_CONNECTIONS.pool,
    schedule: false,
    supervise: true,
    superviseIntervalSeconds: 1,
    monitorIntervalSeconds: 1,
    reindex: false,
  });
  boss.on('error', (error) => logger.warn({ error: error.message }, 'pg-boss'));
  await boss.start();
  const db = boss.getDb();
  for (const job of jobs) {
    const settings = {
      retryLimit: job.attempts - 1,
      retryDelay: job.backoffSeconds,
      retryBackoff: job.backoffSeconds > 0,
      heartbeatSeconds,
      expireInSeconds: Math.min(LONGEST_SECONDS, job.deadlineSeconds + 60),
    };
    // A queue that is there already keeps what it was made with; jobs that are sent from now on have these.
    await boss.createQueue(job.name, settings);
    await boss.updateQueue(job.name, settings);
  }
  await createNotes(db);
  await createTurns(db);
  const notes = postgresNotes(db);
  const loops = new Map<Name, FetchLoop<Name>>();
  let listener: Listener | undefined;

  const find = async (name: Name, id: string): Promise<JobWithMetadata<object> | undefined> =>
    (await boss.findJobs<object>(name, { id }))[0];

  const enqueueAll: Queue<Name>['enqueueAll'] = async (name, list, options = {}) => {
    const turns = await takeTurns(
      db,
      name,
      options.group,
      list.map(({ id }) => id),
    );
    const shared = {
      // In seconds: from now on by the database's clock.
      ...(options.delayMs === undefined ? {} : { startAfter: options.delayMs / 1000 }),
      ...(options.group === undefined ? {} : { group: { id: options.group } }),
    };
    await boss.insert(
      name,
      list.flatMap(({ id, payload }) => {
        const turn = turns.get(id);
        return turn === undefined ? [] : [{ id, data: payload, priority: priorityOf(options.priority, turn), ...shared }];
      }),
    );
    await notify(db, name);
  };

  return {
    driver: 'pg-boss',
    enqueue: (name, id, payload, options) => enqueueAll(name, [{ id, payload }], options),
    enqueueAll,
    state: async (name, id) => stateOf(await find(name, id)),
    progress: (_name, id) => notes.progress(id),
    async cancel(name, id) {
      const state = stateOf(await find(name, id));
      if (state === 'absent') return 'absent';
      await notes.askToCancel(id);
      // One statement decides between taking it out and a worker's fetch.
      const { rows } = await db.executeSql(`delete from ${SCHEMA}.job where name = $1 and id = $2 and state <> 'active' returning id`, [
        name,
        id,
      ]);
      if (rows.length === 0) return 'asked';
      await notes.forget(id);
      return 'removed';
    },
    async parked(name) {
      const { rows } = await db.executeSql(
        `select id, data, output from ${SCHEMA}.job where name = $1 and state = 'failed' order by completed_on`,
        [name],
      );
      return rows.map((row: { id: string; data: unknown; output: unknown }): ParkedJob => ({
        id: row.id,
        payload: row.data,
        reason: reasonOf(row.output),
      }));
    },
    async remove(name, id) {
      await db.executeSql(`delete from ${SCHEMA}.job where name = $1 and id = $2 and state <> 'active'`, [name, id]);
      await notes.forget(id);
    },
    async depth() {
      const { rows } = await db.executeSql(
        `select name, count(*)::int as waiting from ${SCHEMA}.job where state in ('created', 'retry') and name = any($1) group by name`,
        [jobs.map((job) => job.name)],
      );
      const waiting = new Map(rows.map((row: { name: string; waiting: number }) => [row.name, row.waiting]));
      return Object.fromEntries(jobs.map((job) => [job.name, waiting.get(job.name) ?? 0])) as Record<Name, number>;
    },
    async work(handlers, concurrency) {
      const bound = bindHandlers(jobs, handlers);
      for (const job of jobs) {
        const atOnce = concurrency[job.name] ?? 0;
        if (atOnce < 1) continue;
        loops.set(
          job.name,
          new FetchLoop({ boss, job, handler: bound.get(job.name)!, notes, logger, concurrency: atOnce, heartbeatSeconds }),
        );
      }
      listener = new Listener(databaseUrl, CHANNEL, (name) => loops.get(name as Name)?.wake(), logger);
      await listener.start();
    },
    async close(drainMs = 0) {
      await listener?.stop();
      await Promise.all([...loops.values()].map((loop) => loop.stop(drainMs)));
      await boss.stop({ graceful: false, close: true });
    },
  };
}

const notify = (db: Db, name: string): Promise<unknown> => db.executeSql('select pg_notify($1, $2)', [CHANNEL, name]);

interface LoopOptions<Name extends string> {
  boss: PgBoss;
  job: JobDefinition<Name>;
  handler: JobHandler<Name>;
  notes: JobNotes;
  logger: Logger;
  concurrency: number;
  heartbeatSeconds: number;
}

/** Keeps as many deliveries running as the concurrency allows. */
class FetchLoop<Name extends string> {
  private readonly running = new Set<Delivery>();
  private readonly settling = new Set<Promise<void>>();
  private stopped = false;
  private rouse: () => void = () => undefined;
  private roused = false;
  private readonly loop: Promise<void>;

  constructor(private readonly options: LoopOptions<Name>) {
    this.loop = this.run();
  }

  wake(): void {
    this.roused = true;
    this.rouse();
  }

  async stop(drainMs: number): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.loop;
    const all = (): Promise<unknown> => Promise.all([...this.settling]);
    await Promise.race([all(), new Promise((resolve) => setTimeout(resolve, drainMs).unref())]);
    for (const delivery of this.running) delivery.stop('shutdown');
    await all();
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      this.roused = false;
      const free = this.options.concurrency - this.running.size;
      const fetched = free > 0 ? await this.fetch(free) : 0;
      if (fetched === 0 && !this.stopped) await this.sleep();
    }
  }

  private async fetch(free: number): Promise<number> {
    const { boss, job, logger } = this.options;
    try {
      const list = await boss.fetch<object>(job.name, { batchSize: free, includeMetadata: true });
      if (list.length > 0) await turnCame(boss.getDb(), job.name, Math.max(...list.map(({ priority }) => turnOf(priority))));
      for (const fetched of list) {
        const settled: Promise<void> = this.deliver(fetched).finally(() => {
          this.settling.delete(settled);
          this.wake();
        });
        this.settling.add(settled);
      }
      return list.length;
    } catch (error) {
      logger.warn({ error, queue: job.name }, 'no job could be fetched');
      return 0;
    }
  }

  private async deliver(fetched: JobWithMetadata<object>): Promise<void> {
    const { boss, job, handler, notes, logger, heartbeatSeconds } = this.options;
    const attempt = { id: fetched.id, retryCount: fetched.retryCount };
    const delivery = new Delivery({
      job,
      handler,
      notes,
      id: fetched.id,
      payload: fetched.data,
      attempt: fetched.retryCount + 1,
      beat: async () => ((await boss.touch(job.name, attempt)) as { affected?: number }).affected !== 0,
      beatMs: BEAT_MS,
      logger,
    });
    this.running.add(delivery);
    const outcome = await delivery.ended.finally(() => this.running.delete(delivery));
    // A server that is started again answers within seconds; once the lease has lapsed, the job is delivered again.
    for (const lapses = performance.now() + heartbeatSeconds * 1000; ;) {
      try {
        return await this.settle(fetched, attempt, outcome);
      } catch (error) {
        logger.warn({ error, job: fetched.id, queue: job.name }, 'the queue could not be notified of the end of a job');
        if (this.stopped || performance.now() > lapses) return;
        await new Promise((resolve) => setTimeout(resolve, SETTLE_AGAIN_MS));
      }
    }
  }

  private async settle(
    { id, groupId, priority }: JobWithMetadata<object>,
    attempt: { id: string; retryCount: number },
    outcome: Outcome,
  ): Promise<void> {
    const { boss, job, notes } = this.options;
    switch (outcome.kind) {
      case 'done':
      case 'cancelled':
        await boss.deleteJob(job.name, attempt);
        return await notes.forget(id);
      case 'failed':
        return void (await boss.fail(job.name, attempt, { message: outcome.error.message }));
      case 'released':
        return await this.handBack(attempt);
      case 'yielded': {
        const turn = (await takeTurns(boss.getDb(), job.name, groupId, [id], true)).get(id)!;
        return await this.handBack(attempt, { priority: inTurn(priority, turn), afterMs: outcome.afterMs });
      }
      case 'lost':
        return;
    }
  }

  /** As if it had never been fetched: handing back is no failure. */
  private async handBack(
    attempt: { id: string; retryCount: number },
    { priority, afterMs = 0 }: { priority?: number; afterMs?: number } = {},
  ): Promise<void> {
    const { boss, job } = this.options;
    const state = attempt.retryCount > 0 ? 'retry' : 'created';
    await boss.getDb().executeSql(
      `update ${SCHEMA}.job set state = $1::${SCHEMA}.job_state, started_on = null, heartbeat_on = null,
         start_after = now() + $5 * interval '1 millisecond', priority = coalesce($6, priority),
         retry_count = greatest(0, retry_count - case when $1 = 'retry' then 1 else 0 end)
       where name = $2 and id = $3 and state = 'active' and retry_count = $4`,
      [state, job.name, attempt.id, attempt.retryCount, afterMs, priority ?? null],
    );
    await notify(boss.getDb(), job.name);
  }

  private async sleep(): Promise<void> {
    if (this.roused) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, POLL_MS);
      this.rouse = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function stateOf(job: JobWithMetadata<object> | undefined): JobState {
  if (job === undefined) return 'absent';
  if (job.state === 'active') return 'active';
  if (job.state === 'failed') return 'parked';
  return job.state === 'created' || job.state === 'retry' ? 'waiting' : 'absent';
}

/** pg-boss keeps `{message}` of an error, or `{value: {message}}` of its own verdicts. */
function reasonOf(output: unknown): string {
  const value = output as { message?: string; value?: { message?: string } } | null;
  return value?.message ?? value?.value?.message ?? 'unknown';
}
