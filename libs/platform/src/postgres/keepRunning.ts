/**
 * Keeps a server running that we started: when it ends by itself (killed for memory, a crash, a full disk), it is started
 * again, at once and then with growing pauses, until it is asked to stop. What uses it waits meanwhile, at the same address.
 */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** After so long the next end is a new matter, and is answered at once again. */
const SETTLED_MS = 10_000;

export interface KeptServer {
  /** The server as it runs now; undefined between two. */
  readonly process: ChildProcess | undefined;
  /** From now on its end is wanted. Resolves once no start is under way. */
  letEnd(): Promise<ChildProcess | undefined>;
}

/**
 * @param start brings the server up again and resolves when it answers
 * @param log receives a line when it ended and one when it is back
 */
export function keepRunning(first: ChildProcess, start: () => Promise<ChildProcess>, log: (line: string) => void): KeptServer {
  let current: ChildProcess | undefined = first;
  let starting: Promise<void> = Promise.resolve();
  const stopping = new AbortController();
  let pauseMs = 0;
  let since = performance.now();

  const watch = (child: ChildProcess): void => {
    const ended = (code: number | null, signal: NodeJS.Signals | null): void => {
      if (stopping.signal.aborted) return;
      current = undefined;
      if (performance.now() - since > SETTLED_MS) pauseMs = 0;
      log(`PostgreSQL ended (${signal ?? `exit code ${code}`}); it is started again. What needs it waits.`);
      starting = restart();
    };
    if (child.exitCode !== null || child.signalCode !== null) ended(child.exitCode, child.signalCode);
    else child.once('exit', ended);
  };

  async function restart(): Promise<void> {
    const endedAt = performance.now();
    while (!stopping.signal.aborted) {
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, 2 * pauseMs));
      try {
        current = await start();
        since = performance.now();
        log(`PostgreSQL answers again, after ${((since - endedAt) / 1000).toFixed(1)} s.`);
        watch(current);
        return;
      } catch (error) {
        log(`PostgreSQL does not start: ${lastLine(error)} It is tried again in ${pauseMs / 1000} s.`);
      }
    }
  }

  watch(first);
  return {
    get process() {
      return current;
    },
    async letEnd() {
      stopping.abort();
      await starting;
      return current;
    },
  };
}

/** The last thing that it said is why. */
const lastLine = (error: unknown): string =>
  String(error instanceof Error ? error.message : error)
    .trim()
    .split('\n')
    .at(-1)!
    .slice(0, 300);
