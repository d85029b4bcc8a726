/**
 * Computes in a process of its own, so that heartbeats, cancels and shutdowns go on while every core is busy, and so that
 * a computation that runs out of memory takes nothing else with it.
 * Invariants: one task at a time in a process, and none without its place in the ledger of the worker; a process whose task was
 * stopped or failed is not used again; a process whose parent is gone ends.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type EngineInfo, fromProblem, type RunProgress } from '@almanac/contracts';
import type { Checkpoint } from '@almanac/forecasting';
import { AlmanacError } from '@almanac/series';
import { demandOf } from './demand.js';
import { type Demand, Ledger } from './ledger.js';
import type { EngineWish, FromChild, OutcomeOf, Task, ToChild } from './tasks.js';

export interface ComputeOptions {
  signal: AbortSignal;
  /** The workspace that it is for; `Compute.of` says it for a whole run. */
  whose?: string;
  /** Whether it may lend its threads to what waits for an answer; trainings may, unless this says otherwise. */
  canWait?: boolean;
  /** Other than those of the worker, where the result must not depend on which worker it is. */
  threads?: number | undefined;
  onEngine?: (engine: EngineInfo) => void;
  onProgress?: (progress: RunProgress) => void;
  /** What resuming a training would need, every so often. */
  onState?: (state: Checkpoint) => void;
}

export interface Compute {
  /**
   * Starts once there are threads and memory for it.
   * @throws what the task throws, the reason of the signal, or AlmanacError COMPUTE_DIED
   */
  run<T extends Task>(task: T, options: ComputeOptions): Promise<OutcomeOf<T>>;
  /** How many tasks of one thread may run at a time without crowding the machine. */
  readonly threads: number;
  /** Takes a place for what computes elsewhere, such as a reader of files. */
  hold<T>(demand: Omit<Demand, 'whose'> & { whose?: string }, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  /** The same, computing for a workspace: it takes turns with the others. */
  of(workspaceId: string): Compute;
  /** Memory that its processes hold now; 0 where the system does not tell. */
  residentBytes(): number;
  close(): Promise<void>;
}

/** Between being asked to stop and being stopped. */
const STOP_PATIENCE_MS = 3_000;
/** An idle process gives its memory back. */
const IDLE_MS = 60_000;
const PAGE_BYTES = 4096;

/** Linux tells in pages; elsewhere nobody does. */
function residentOf(pid: number | undefined): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES;
  } catch {
    return 0;
  }
}

interface Idle {
  child: ChildProcess;
  checkpointKey: string | undefined;
  timer: NodeJS.Timeout;
}

/** What can wait between its steps. */
const LONG: readonly Task['task'][] = ['train', 'member', 'backtest', 'trial'];

export const DEFAULT_TURN_SECONDS = 30;

export interface StartCompute extends EngineWish {
  /** Of the processes; that of the worker unless given. */
  env?: Record<string, string | undefined>;
  /** Of the worker, shared by all that computes for it; unless given, one of its own with so many threads and memory without end. */
  ledger?: Ledger;
}

/** Keeps a process warm for each thread between tasks; more tasks at once get processes of their own. */
export function startCompute({ env, ledger: shared, ...wish }: StartCompute): Compute {
  const ledger =
    shared ?? new Ledger({ threads: wish.threads, memoryBytes: () => Number.POSITIVE_INFINITY, turnSeconds: DEFAULT_TURN_SECONDS });
  const idle: Idle[] = [];
  const all = new Set<ChildProcess>();

  const forget = (child: ChildProcess): void => {
    const place = idle.findIndex((one) => one.child === child);
    if (place >= 0) idle.splice(place, 1);
  };
  /** Best one that knows the model already. */
  const take = (task: Task): Pick<Idle, 'child' | 'checkpointKey'> => {
    const knowing = task.task === 'predict' ? idle.findIndex(({ checkpointKey }) => checkpointKey === task.checkpointKey) : -1;
    const [warm] = idle.splice(knowing < 0 ? idle.length - 1 : knowing, 1);
    if (warm) {
      clearTimeout(warm.timer);
      return warm;
    }
    const child = fork(new URL('./child.js', import.meta.url), [], {
      ...(env ? { env } : {}),
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    all.add(child);
    child.once('exit', () => {
      all.delete(child);
      forget(child);
    });
    return { child, checkpointKey: undefined };
  };
  const giveBack = (child: ChildProcess, checkpointKey: string | undefined): void => {
    if (idle.length >= wish.threads || child.exitCode !== null || child.signalCode !== null) {
      child.kill('SIGKILL');
      return;
    }
    const timer = setTimeout(() => {
      // Before it is killed: nobody may take a process that is about to end.
      forget(child);
      child.kill('SIGKILL');
    }, IDLE_MS).unref();
    idle.push({ child, checkpointKey, timer });
  };

  return {
    threads: wish.threads,
    async run<T extends Task>(task: T, options: ComputeOptions): Promise<OutcomeOf<T>> {
      const { signal, whose = '', threads = wish.threads } = options;
      let child: ChildProcess | undefined;
      const tell = (message: ToChild): void => void child?.send(message, () => undefined);
      const pausing =
        (options.canWait ?? LONG.includes(task.task))
          ? { pause: () => tell({ kind: 'pause' }), goOn: () => tell({ kind: 'goOn' }) }
          : undefined;
      const place = await ledger.enter({ ...demandOf(task, threads), whose }, signal, pausing);
      try {
        const warm = take(task);
        child = warm.child;
        const known = task.task === 'predict' && warm.checkpointKey === task.checkpointKey;
        const message: ToChild = { kind: 'run', task: known ? { ...task, checkpoint: undefined } : task, wish: { ...wish, threads } };
        const outcome = await runIn(child, message, { ...options, onPaused: () => place.paused() });
        giveBack(child, task.task === 'predict' ? task.checkpointKey : undefined);
        return outcome as OutcomeOf<T>;
      } catch (error) {
        child?.kill('SIGKILL');
        throw error;
      } finally {
        place.leave();
      }
    },
    async hold(demand, signal, work) {
      const place = await ledger.enter({ whose: '', ...demand }, signal);
      try {
        return await work();
      } finally {
        place.leave();
      }
    },
    of(whose) {
      return {
        ...this,
        run: (task, options) => this.run(task, { ...options, whose }),
        hold: (demand, signal, work) => this.hold({ ...demand, whose }, signal, work),
      };
    },
    residentBytes: () => [...all].reduce((sum, { pid }) => sum + residentOf(pid), 0),
    async close() {
      await Promise.all(
        [...all].map(async (child) => {
          const ended = new Promise((resolve) => child.once('exit', resolve));
          child.kill('SIGKILL');
          await ended;
        }),
      );
    },
  };
}

function runIn(
  child: ChildProcess,
  message: ToChild,
  { signal, onEngine, onProgress, onState, onPaused }: ComputeOptions & { onPaused: () => void },
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let force: NodeJS.Timeout | undefined;
    const settle = (end: () => void): void => {
      clearTimeout(force);
      signal.removeEventListener('abort', stop);
      child.off('message', hear);
      child.off('exit', died);
      end();
    };
    const stop = (): void => {
      child.send({ kind: 'stop' } satisfies ToChild, () => undefined);
      force = setTimeout(() => settle(() => reject(signal.reason as Error)), STOP_PATIENCE_MS);
    };
    const died = (code: number | null, how: NodeJS.Signals | null): void =>
      settle(() =>
        reject(
          signal.aborted
            ? (signal.reason as Error)
            : new AlmanacError('COMPUTE_DIED', `The process that computed ended before its task (${how ?? `exit code ${code}`}).`, {
                hint:
                  how === null
                    ? 'The log of the worker has what it printed last.'
                    : 'The machine may be out of memory: train on fewer series, with a smaller batch, or give it more memory.',
                status: 500,
              }),
        ),
      );
    const hear = (heard: FromChild): void => {
      if (heard.kind === 'engine') onEngine?.(heard.engine);
      else if (heard.kind === 'progress') onProgress?.(heard.progress);
      else if (heard.kind === 'state') onState?.(heard.state);
      else if (heard.kind === 'paused') onPaused();
      else if (heard.kind === 'done') settle(() => resolve(heard.outcome));
      else if (heard.kind === 'failed')
        settle(() => reject(signal.aborted ? (signal.reason as Error) : fromProblem(heard.problem, heard.stack)));
    };
    child.on('message', hear);
    child.once('exit', died);
    signal.addEventListener('abort', stop);
    child.send(message, (error) => error && settle(() => reject(error)));
  });
}
