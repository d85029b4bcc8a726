/**
 * The one queue of the platform. A queue only carries jobs: what a job is about, how far it is and how it ended stands in
 * Postgres, so that a queue that is lost loses no work.
 *
 * What both drivers promise: a job is delivered at least once, so a handler may meet a job again and must be idempotent;
 * higher priority first, and within a priority the groups in turn, so that one with many jobs keeps nobody with few waiting;
 * a failed job is retried with growing pauses; a worker that dies gives its jobs to others; a job
 * that fails or kills its worker too often is parked with its reason and hinders nothing; a second enqueue under the id
 * of a job that is waiting, running or parked does nothing.
 */
export interface JobDefinition<Name extends string = string> {
  name: Name;
  /** Deliveries before the job is parked. */
  attempts: number;
  /** Pause before the second delivery; it doubles with each. Whole seconds. */
  backoffSeconds: number;
  /** A delivery that takes longer is asked to stop, and counts as failed. */
  deadlineSeconds: number;
}

export interface EnqueueOptions {
  /** 0 (default) to 10; higher goes first. */
  priority?: number;
  delayMs?: number;
  /** Whose the job is. Groups take turns: a job goes before the second of a group that has as many waiting already. */
  group?: string;
}

export interface JobContext {
  readonly jobId: string;
  /** 1 on the first delivery. */
  readonly attempt: number;
  /** Aborts with a JobStopped: the handler should end soon, and throw. */
  readonly signal: AbortSignal;
  /** Kept until the job ends; `Queue.progress` reads it. */
  report(progress: Record<string, unknown>): Promise<void>;
}

export interface JobHandler<Name extends string = string> {
  name: Name;
  handle(payload: unknown, context: JobContext): Promise<void>;
}

export interface ParkedJob {
  id: string;
  payload: unknown;
  reason: string;
}

export type JobState = 'waiting' | 'active' | 'parked' | 'absent';

export interface Queue<Name extends string = string> {
  readonly driver: 'bull' | 'pg-boss';
  /** @param id a UUID */
  enqueue(name: Name, id: string, payload: object, options?: EnqueueOptions): Promise<void>;
  enqueueAll(name: Name, jobs: readonly { id: string; payload: object }[], options?: EnqueueOptions): Promise<void>;
  state(name: Name, id: string): Promise<JobState>;
  progress(name: Name, id: string): Promise<Record<string, unknown> | undefined>;
  /** A waiting job is taken out (`removed`), a running one is asked to stop (`asked`). */
  cancel(name: Name, id: string): Promise<'removed' | 'asked' | 'absent'>;
  /** Jobs that failed or killed their worker too often, with why. */
  parked(name: Name): Promise<ParkedJob[]>;
  /** Forgets a waiting or parked job, so that its id can be enqueued again. */
  remove(name: Name, id: string): Promise<void>;
  /** Jobs that wait for a worker, by name. */
  depth(): Promise<Record<Name, number>>;
  /**
   * Starts consuming, with so many at a time of each name; 0 or left out: not here.
   * @throws AlmanacError JOB_WITHOUT_HANDLER, JOB_WITH_TWO_HANDLERS, JOB_UNKNOWN
   */
  work(handlers: readonly JobHandler<Name>[], concurrency: Readonly<Partial<Record<Name, number>>>): Promise<void>;
  /** Takes no more jobs, waits so long for the running ones, hands the rest back, and closes its connections. */
  close(drainMs?: number): Promise<void>;
}

/**
 * Why a running job has to stop. `shutdown` and `lost` mean that it will be delivered again; `yielded`, which a handler throws, that
 * it gives its place to others: it is delivered again when its group's next turn comes, and no attempt is counted.
 */
export class JobStopped extends Error {
  /** @param afterMs a yielded job is not delivered before that */
  constructor(
    readonly why: 'cancelled' | 'deadline' | 'shutdown' | 'lost' | 'yielded',
    readonly afterMs = 0,
  ) {
    super(
      {
        cancelled: 'The job was cancelled.',
        deadline: 'The job took longer than its deadline.',
        shutdown: 'The worker is stopping; the job goes back to the queue.',
        lost: 'The job was given to another worker.',
        yielded: 'The job gives its place to others, and goes on later.',
      }[why],
    );
    this.name = 'JobStopped';
  }
}
