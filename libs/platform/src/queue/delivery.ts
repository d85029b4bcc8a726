/**
 * One delivery of a job to its handler, the same for every driver: it beats while the handler runs, and turns a cancel
 * request, a deadline, a lost lease and the worker's shutdown into one AbortSignal.
 * Invariant: it never rejects; how the delivery ended is its result.
 */
import type { Logger } from '../logging.js';
import { type JobDefinition, type JobHandler, JobStopped } from './queue.js';

/** What a driver keeps beside its jobs: progress, and the wish that a job stop. */
export interface JobNotes {
  setProgress(id: string, progress: Record<string, unknown>): Promise<void>;
  progress(id: string): Promise<Record<string, unknown> | undefined>;
  askToCancel(id: string): Promise<void>;
  isCancelAsked(id: string): Promise<boolean>;
  forget(id: string): Promise<void>;
}

export type Outcome =
  | { kind: 'done' }
  | { kind: 'cancelled' }
  | { kind: 'released' }
  | { kind: 'yielded'; afterMs: number }
  | { kind: 'lost' }
  | { kind: 'failed'; error: Error };

export interface DeliveryOptions {
  job: JobDefinition;
  handler: JobHandler;
  notes: JobNotes;
  id: string;
  payload: unknown;
  attempt: number;
  /** Tells the queue that the worker lives; false: the job was taken away. */
  beat: () => Promise<boolean>;
  beatMs: number;
  logger: Logger;
}

export class Delivery {
  private readonly stopper = new AbortController();
  readonly ended: Promise<Outcome>;

  constructor(private readonly options: DeliveryOptions) {
    this.ended = this.run();
  }

  stop(why: JobStopped['why']): void {
    if (!this.stopper.signal.aborted) this.stopper.abort(new JobStopped(why));
  }

  private async run(): Promise<Outcome> {
    const { job, handler, notes, id, payload, attempt } = this.options;
    const deadline = setTimeout(() => this.stop('deadline'), job.deadlineSeconds * 1000);
    const beating = this.startBeating();
    try {
      if (await notes.isCancelAsked(id)) return { kind: 'cancelled' };
      const { signal } = this.stopper;
      await handler.handle(payload, { jobId: id, attempt, signal, report: (progress) => notes.setProgress(id, progress) });
      return { kind: 'done' };
    } catch (thrown) {
      return this.outcomeOf(thrown instanceof Error ? thrown : new Error(String(thrown)));
    } finally {
      clearTimeout(deadline);
      clearInterval(beating);
    }
  }

  private outcomeOf(error: Error): Outcome {
    const reason: unknown = this.stopper.signal.reason;
    if (!(reason instanceof JobStopped))
      return error instanceof JobStopped && error.why === 'yielded'
        ? { kind: 'yielded', afterMs: error.afterMs }
        : { kind: 'failed', error };
    if (reason.why === 'deadline') return { kind: 'failed', error: reason };
    return reason.why === 'cancelled' || reason.why === 'lost' ? { kind: reason.why } : { kind: 'released' };
  }

  private startBeating(): NodeJS.Timeout {
    let busy = false;
    const tick = async (): Promise<void> => {
      if (busy) return;
      busy = true;
      try {
        if (await this.options.notes.isCancelAsked(this.options.id)) this.stop('cancelled');
        if (!(await this.options.beat())) this.stop('lost');
      } catch (error) {
        // A queue that does not answer says nothing about the job; the lease decides whose it is.
        this.options.logger.warn({ error, job: this.options.id }, 'the queue did not take a heartbeat');
      } finally {
        busy = false;
      }
    };
    return setInterval(() => void tick(), this.options.beatMs);
  }
}
