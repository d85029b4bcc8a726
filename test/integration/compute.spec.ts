/** Processes that compute are kept for a while, and given to nobody once they are to end. */
import { startCompute } from '@almanac/flow/compute';
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
    // The process has been told to end, and nobody has heard yet that it did.
    vi.advanceTimersByTime(60_000);
    await expect(compute.run({ task: 'probe' }, { signal })).resolves.toBeNull();
  } finally {
    await compute.close();
  }
});
