/**
 * A fixed set of threads that add up arrays together: the exchange of gradients in synchronous data parallelism. Sums are
 * formed in rank order, so that every thread gets the same bits, run after run. All memory is shared; nothing is posted.
 */
import { AlmanacError } from '@almanac/series';

/** What a thread needs to join; travels as worker data. */
export interface GroupMemory {
  size: number;
  /** ARRIVED, GENERATION, FAILED */
  control: SharedArrayBuffer;
  /** One array for each rank, then the sum. */
  arrays: SharedArrayBuffer;
  floats: number;
}

const [ARRIVED, GENERATION, FAILED] = [0, 1, 2];
/** Polls before a thread goes to sleep: about a millisecond. Ranks seldom differ by more, and a core that slept wakes late and slow. */
const POLLS = 400_000;

export function allocateGroup(size: number, floats: number): GroupMemory {
  return { size, floats, control: new SharedArrayBuffer(12), arrays: new SharedArrayBuffer(4 * floats * (size + 1)) };
}

export class Group {
  readonly size: number;
  private readonly control: Int32Array;
  private readonly arrays: Float32Array[];
  private readonly total: Float32Array;
  private failure: AlmanacError | undefined;

  constructor(
    memory: GroupMemory,
    readonly rank: number,
  ) {
    this.size = memory.size;
    this.control = new Int32Array(memory.control);
    const array = (i: number): Float32Array => new Float32Array(memory.arrays, 4 * memory.floats * i, memory.floats);
    this.arrays = Array.from({ length: memory.size }, (_, i) => array(i));
    this.total = array(memory.size);
  }

  /**
   * Replaces `values` by the sum over all ranks. Every rank must call it, with arrays of the same length.
   *
   * @throws REPLICA_DIED when a thread of the group has failed
   */
  async sum(values: Float32Array): Promise<void> {
    if (values.length > this.total.length) {
      throw new AlmanacError('GROUP_TOO_SMALL', `the group adds up to ${this.total.length} numbers, not ${values.length}`, {
        hint: 'Start the replicas with a larger `floats`.',
      });
    }
    if (this.size === 1) return;
    this.arrays[this.rank]!.set(values);
    await this.barrier();
    // Each rank adds one part of the arrays.
    const from = Math.floor((this.rank * values.length) / this.size);
    const to = Math.floor(((this.rank + 1) * values.length) / this.size);
    const total = this.total.subarray(from, to);
    total.set(this.arrays[0]!.subarray(from, to));
    for (let rank = 1; rank < this.size; rank++) {
      const part = this.arrays[rank]!.subarray(from, to);
      for (let i = 0; i < part.length; i++) total[i]! += part[i]!;
    }
    await this.barrier();
    // No third barrier: nobody writes `total` again before everyone has arrived with the next arrays.
    values.set(this.total.subarray(0, values.length));
  }

  /** Returns when every rank has called it. */
  async barrier(): Promise<void> {
    this.check();
    const generation = Atomics.load(this.control, GENERATION);
    if (Atomics.add(this.control, ARRIVED, 1) + 1 === this.size) {
      Atomics.store(this.control, ARRIVED, 0);
      Atomics.add(this.control, GENERATION, 1);
      Atomics.notify(this.control, GENERATION);
      return;
    }
    for (let i = 0; i < POLLS; i++) if (Atomics.load(this.control, GENERATION) !== generation) return;
    while (Atomics.load(this.control, GENERATION) === generation) {
      this.check();
      // Rank 0 keeps its event loop, which is where the death of another thread is heard of.
      if (this.rank > 0) Atomics.wait(this.control, GENERATION, generation, 1000);
      else await Atomics.waitAsync(this.control, GENERATION, generation, 1000).value;
    }
    // Everyone has arrived: a thread that ended since then is the next exchange's business.
  }

  /** Lets every rank throw at its next exchange. */
  fail(error: AlmanacError): void {
    this.failure ??= error;
    Atomics.store(this.control, FAILED, 1);
    Atomics.notify(this.control, GENERATION);
  }

  private check(): void {
    if (this.failure) throw this.failure;
    if (Atomics.load(this.control, FAILED) === 0) return;
    throw new AlmanacError('REPLICA_DIED', 'another training thread has failed', { status: 500 });
  }
}
