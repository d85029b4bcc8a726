/** Batches of synthetic windows, drawn a few steps ahead in a thread of their own. */
import { Worker } from 'node:worker_threads';
import type { Batch } from '../kinds/pretrained/windows.js';

const AHEAD = 3;

export class Batches {
  private readonly worker: Worker;
  private readonly ready = new Map<number, Batch>();
  private waiting: { step: number; resolve: (batch: Batch) => void; reject: (error: Error) => void } | undefined;
  private asked: number;

  /** @param first step that is asked for first */
  constructor(seed: number, first: number) {
    this.worker = new Worker(new URL('./producer.js', import.meta.url), { workerData: { seed } });
    this.asked = first;
    this.worker.on('message', ({ step, batch }: { step: number; batch: Batch }) => {
      this.ready.set(step, batch);
      this.hand();
    });
    this.worker.on('error', (error) => this.waiting?.reject(error as Error));
  }

  /** The batch of a step; steps are asked for in order. */
  of(step: number): Promise<Batch> {
    while (this.asked <= step + AHEAD) this.worker.postMessage(this.asked++);
    return new Promise((resolve, reject) => {
      this.waiting = { step, resolve, reject };
      this.hand();
    });
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }

  private hand(): void {
    const { waiting } = this;
    const batch = waiting && this.ready.get(waiting.step);
    if (!batch) return;
    this.ready.delete(waiting.step);
    this.waiting = undefined;
    waiting.resolve(batch);
  }
}
