/**
 * Where the threads of a run wait for each other. Arrivals are counted once and for ever, so the number that ends a wait is
 * known beforehand and no reset can be missed. A failed thread fails all of them.
 */
import { AlmanacError } from '@almanac/series';

const ARRIVED = 0;
const STATUS = 1;
const RUNNING = 0;
const STOPPED = 1;
const FAILED = 2;

export class Barrier {
  private passed = 0;

  /** @param control shared by the threads, `Barrier.SIZE` numbers, zero at the start */
  constructor(
    private readonly control: Int32Array,
    private readonly ranks: number,
  ) {}

  static readonly SIZE = 2;

  /** Blocks this thread. Returns false when the run has been stopped. */
  wait(): boolean {
    const target = this.arrive();
    for (let seen = Atomics.load(this.control, ARRIVED); seen < target && this.running(); seen = Atomics.load(this.control, ARRIVED))
      Atomics.wait(this.control, ARRIVED, seen);
    return this.outcome();
  }

  /** As `wait`, leaving this thread's event loop alive; for the thread that must see its workers die. */
  async waitAsync(): Promise<boolean> {
    const target = this.arrive();
    for (let seen = Atomics.load(this.control, ARRIVED); seen < target && this.running(); seen = Atomics.load(this.control, ARRIVED))
      await Atomics.waitAsync(this.control, ARRIVED, seen).value;
    return this.outcome();
  }

  stop(): void {
    this.end(STOPPED);
  }

  fail(): void {
    this.end(FAILED);
  }

  private arrive(): number {
    this.passed++;
    Atomics.add(this.control, ARRIVED, 1);
    Atomics.notify(this.control, ARRIVED);
    return this.passed * this.ranks;
  }

  private end(status: number): void {
    Atomics.compareExchange(this.control, STATUS, RUNNING, status);
    // The count changes too: a thread about to wait on the old one must not sleep.
    Atomics.add(this.control, ARRIVED, 1);
    Atomics.notify(this.control, ARRIVED);
  }

  private running(): boolean {
    return Atomics.load(this.control, STATUS) === RUNNING;
  }

  private outcome(): boolean {
    if (Atomics.load(this.control, STATUS) === FAILED)
      throw new AlmanacError('TRAINING_THREAD_FAILED', 'A training thread failed.', {
        hint: 'Its own error says why; fewer threads need less memory.',
        status: 500,
      });
    return this.running();
  }
}
