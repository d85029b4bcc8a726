/** Long loops let timers, messages and cancels through by `await`ing a turn in every round, or `letOthers` where a round is long. */

/** Milliseconds after which others get one. */
const TURN = 50;

let lent: () => Promise<void> | void = () => undefined;

/**
 * How a process that computes one task at a time waits while its threads are wanted elsewhere.
 * @param wait is called in every turn; what it returns is awaited
 */
export function lendThreads(wait: () => Promise<void> | void): void {
  lent = wait;
}

/** Returns at once where nothing else is to be done, and no thread is lent. */
export async function letOthers(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await lent();
}

/** @throws the reason of `signal`, at once or in a turn after it was aborted */
export function turns(signal: AbortSignal | undefined): () => Promise<void> | void {
  signal?.throwIfAborted();
  let last = performance.now();
  return () => {
    if (performance.now() - last < TURN) return;
    return letOthers().then(() => {
      signal?.throwIfAborted();
      last = performance.now();
    });
  };
}
