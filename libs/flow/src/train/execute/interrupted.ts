/**
 * What an interrupted training had reached. The state lies in object storage and is named in the progress of the run, so
 * that whichever worker gets the run next goes on from there and ends with the weights of an undisturbed run. A run that was
 * cancelled or failed keeps it: another run may go on from there.
 */
import { deserialize, serialize } from 'node:v8';
import type { RunProgress } from '@almanac/contracts';
import type { Checkpoint } from '@almanac/forecasting';
import { JobStopped, type ObjectStore } from '@almanac/platform';
import { isAlmanacError } from '@almanac/series';
import { loadCheckpoint, type StoredCheckpoint } from '../../register/index.js';
import type { RunContext } from '../../runs/execute/index.js';

/** Beside the progress that everybody sees. Earlier versions kept no threads. */
type Remembered = RunProgress & { state?: StoredCheckpoint & { threads?: number } };

export class InterruptedTraining {
  private stored: Remembered['state'];
  private next: Checkpoint | undefined;
  private saving: Promise<void> | undefined;
  private last: RunProgress | undefined;
  private trainsOn = 1;
  /** Whether the state of the run that this one goes on from has been taken. */
  private resumed = false;

  /** @param resumes the cancelled or failed run that this one goes on from */
  constructor(
    private readonly context: RunContext,
    private readonly resumes?: string,
  ) {
    this.stored = (context.run.progress as Remembered | null)?.state;
  }

  /** Threads that the training began with, which it must go on with; undefined where it has yet to begin. */
  get threads(): number | undefined {
    return this.stored?.threads;
  }

  /** Undefined where there is nothing, or nothing that can be read any more. */
  private async load(): Promise<Checkpoint | undefined> {
    const { resumes } = this;
    if (!this.stored && resumes !== undefined && !this.resumed) {
      this.resumed = true;
      this.stored = ((await this.context.store.runs.get(resumes)).progress as Remembered | null)?.state;
    }
    if (!this.stored) return undefined;
    try {
      return await loadState(this.context.objects, this.stored);
    } catch (error) {
      if (!isAlmanacError(error)) throw error;
      this.context.logger.warn({ error, run: this.context.run.id }, 'the state of an interrupted training is gone; it starts anew');
      this.stored = undefined;
      return undefined;
    }
  }

  /**
   * Trains from where an interrupted delivery stopped, if there is such a place.
   * @param threads that it trains on
   */
  async resume<T>(threads: number, train: (from: Checkpoint | undefined) => Promise<T>): Promise<T> {
    const { signal } = this.context;
    const state = await this.load();
    this.trainsOn = threads;
    try {
      const outcome = await train(state);
      // Who was asked to give way, and has ended instead, has ended.
      if (!(signal.reason instanceof JobStopped && signal.reason.why === 'yielded')) signal.throwIfAborted();
      await this.forget();
      return outcome;
    } catch (error) {
      // The worker before had other threads: its state means nothing here, the result must not depend on it.
      if (state && isAlmanacError(error) && error.code === 'CHECKPOINT_MISMATCH') {
        await this.forget();
        return this.resume(threads, train);
      }
      await this.saving;
      const why = signal.reason instanceof JobStopped ? signal.reason.why : undefined;
      if (why === 'yielded' && this.last)
        await this.report({ ...this.last, message: `${this.last.message}; others have their turn before it goes on` });
      const ended = why === undefined || why === 'cancelled';
      // Parts are never resumed by themselves.
      if (ended && this.context.run.parentId !== null) await this.forget();
      throw error;
    }
  }

  report(progress: RunProgress): Promise<void> {
    this.last = progress;
    return this.context.report({ ...progress, ...(this.stored ? { state: this.stored } : {}) } as Remembered);
  }

  /** Keeps a state in place of the one before; of several that come while another is written the last. */
  keep(state: Checkpoint): void {
    this.next = state;
    this.saving ??= this.keepAll().finally(() => (this.saving = undefined));
  }

  private async keepAll(): Promise<void> {
    for (let state = this.next; state; state = this.next) {
      this.next = undefined;
      await this.replace(state).catch((error: unknown) =>
        this.context.logger.warn({ error, run: this.context.run.id }, 'the state of a training could not be kept'),
      );
    }
  }

  /** The training is over: nobody will resume it. */
  private async forget(): Promise<void> {
    await this.saving;
    if (this.stored) await deleteState(this.context.objects, this.stored);
    this.stored = undefined;
  }

  private async replace(state: Checkpoint): Promise<void> {
    const before = this.stored;
    const stored = { ...(await saveState(this.context.objects, this.context.run.id, state)), threads: this.trainsOn };
    this.stored = stored;
    // The row names it before the one before it goes, so that a kill in between leaves a state that is there.
    if (this.last) await this.report(this.last);
    // Whoever has the run by now may be reading the one before.
    const { reason } = this.context.signal as { reason: unknown };
    if (reason instanceof JobStopped && reason.why === 'lost') return;
    if (before && before.weightsKey !== stored.weightsKey) await deleteState(this.context.objects, before);
  }
}

/** One object, which carries the id of its run: an identical run has another, and neither can delete the other's. */
async function saveState(objects: ObjectStore, run: string, state: Checkpoint): Promise<StoredCheckpoint> {
  const { sha256 } = await objects.put(serialize({ run, state }));
  return { manifestKey: sha256, weightsKey: sha256, sha256 };
}

/** States of earlier versions lie as checkpoints do. */
async function loadState(objects: ObjectStore, stored: StoredCheckpoint): Promise<Checkpoint> {
  if (stored.manifestKey !== stored.weightsKey) return loadCheckpoint(objects, stored);
  return (deserialize(await objects.readAll(stored.weightsKey)) as { state: Checkpoint }).state;
}

/** A checkpoint may be somebody else's too, and stays. */
async function deleteState(objects: ObjectStore, { manifestKey, weightsKey }: StoredCheckpoint): Promise<void> {
  if (manifestKey === weightsKey) await objects.delete(weightsKey);
}
