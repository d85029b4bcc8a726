/** Processes that compute: how long they are kept, and how they share the threads of a worker. */
import { type Compute, Ledger, startCompute, type TrainTask } from '@almanac/flow/compute';
import type { Panel } from '@almanac/forecasting';
import { afterEach, expect, it, vi } from 'vitest';

afterEach(() => {
  vi.useRealTimers();
});

it('never gives a task to a process that has been idle for too long and is about to end', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const compute = startCompute({ threads: 1 });
  const { signal } = new AbortController();
  try {
    await compute.run({ task: 'probe' }, { signal });
    // The process was asked to end, and nobody has heard yet that it did.
    vi.advanceTimersByTime(60_000);
    await expect(compute.run({ task: 'probe' }, { signal })).resolves.toBeNull();
  } finally {
    await compute.close();
  }
});

const panel: Panel = {
  frequency: 'h',
  timeZone: 'UTC',
  seasonLengths: [24],
  series: [0, 1].map((series) => ({
    id: `s${series}`,
    firstStep: 0,
    values: Float64Array.from({ length: 900 }, (_, t) => 10 + series + Math.sin((2 * Math.PI * t) / 24)),
  })),
};
const { signal: never } = new AbortController();

it('lends the threads of a training to short work, and trains the same weights', async () => {
  // Two ranks, of which one waits inside a step for the other.
  const ledger = new Ledger({ threads: 2, memoryBytes: () => 2 ** 33, turnSeconds: 1 });
  const compute: Compute = startCompute({ threads: 2, ledger });
  const training: TrainTask = {
    task: 'train',
    panel,
    kind: 'segment',
    horizon: 24,
    holdout: 24,
    contextLength: 96,
    steps: 120,
    config: { hidden: 16 },
    seed: 4,
  };
  const answer = (): Promise<unknown> =>
    compute.run(
      { task: 'choose', panel, kind: 'seasonalNaive', config: { seasonLength: 24 }, horizon: 24, levels: [0.5] },
      { signal: never },
    );
  try {
    const undisturbed = await compute.run(training, { signal: never });
    let ended = false;
    let step = 0;
    const disturbed = compute
      .run(training, { signal: never, onProgress: (progress) => (step = progress.step ?? step) })
      .finally(() => (ended = true));
    await expect.poll(() => step, { timeout: 60_000 }).toBeGreaterThan(5);
    const busiest: number[] = [];
    const watch = setInterval(() => busiest.push(ledger.reserved.threads), 5);
    let answers = 0;
    while (!ended && answers < 5) {
      await answer();
      if (!ended) answers++;
    }
    clearInterval(watch);
    expect((await disturbed).checkpoint.weights).toEqual(undisturbed.checkpoint.weights);
    // In the middle of the training, not after it; and never with more threads than there are.
    expect(answers).toBeGreaterThan(0);
    expect(Math.max(...busiest)).toBeLessThanOrEqual(2);
    expect(ledger.reserved).toEqual({ threads: 0, memoryBytes: 0, paused: 0, waiting: 0 });
  } finally {
    await compute.close();
  }
});

it('waits for memory that another computation has reserved', async () => {
  const ledger = new Ledger({ threads: 2, memoryBytes: () => 2 ** 30, turnSeconds: 30 });
  const compute = startCompute({ threads: 2, ledger });
  try {
    let free: () => void = () => undefined;
    const reader = compute.hold({ threads: 1, memoryBytes: 2 ** 30 }, never, () => new Promise<void>((resolve) => (free = resolve)));
    let answered = false;
    const answer = compute
      .run({ task: 'choose', panel, kind: 'seasonalNaive', config: { seasonLength: 24 }, horizon: 24, levels: [0.5] }, { signal: never })
      .finally(() => (answered = true));
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect([answered, ledger.reserved.waiting]).toEqual([false, 1]);
    free();
    await Promise.all([reader, answer]);
    expect(answered).toBe(true);
  } finally {
    await compute.close();
  }
});
