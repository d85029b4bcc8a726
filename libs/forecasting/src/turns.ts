/** Long loops let timers, heartbeats and cancels through by `await`ing a turn in every round. */

/** Milliseconds after which others get one. */
const TURN = 50;

/** @throws the reason of `signal`, at once or in a turn after it was aborted */
export function turns(signal: AbortSignal | undefined): () => Promise<void> | void {
  signal?.throwIfAborted();
  let last = performance.now();
  return () => {
    if (performance.now() - last < TURN) return;
    return new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      signal?.throwIfAborted();
      last = performance.now();
    });
  };
}
