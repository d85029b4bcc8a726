/**
 * When a long training gives its place to others: to a workspace that waits, and within a workspace to what is clearly shorter. It is
 * stopped at its next step with its state kept, goes back to the queue behind those that wait, and ends with the weights that it would
 * have had; whichever worker takes it.
 * Invariants: nobody gives way before it has had its turn, and five times as long as it took to get going; nor for nothing, nor when
 * it is about to end.
 */
import type { RunRecord } from '@almanac/store';
import { estimateRun } from '../../admit/admit.js';
import type { FlowContext } from '../../runs/context.js';
import type { HeldRun } from '../../runs/execute/index.js';
import { inWorkspaces, jobOf, readRun } from '../../runs/index.js';

/** By then a worker that is idle would have taken it. */
const WAITED_MS = 2_000;
/** Of the time that stopping and going on costs. */
const WORTH = 5;
/** Of what the other has left: of two that are as long, the one that came first ends first. */
const CLEARLY_SHORTER = 0.5;
const REMEMBERED = 1_000;

export interface HeldRuns {
  /** All runs that the worker has at the moment. */
  held(): readonly HeldRun[];
  turnSeconds: number;
  /** Whether something on the worker waits for memory that pausing does not give back. */
  shortOfMemory(): boolean;
}

/** @returns what a worker does every second or so */
export function givingWay(flow: FlowContext, { held, turnSeconds, shortOfMemory }: HeldRuns): () => Promise<void> {
  const estimates = new Map<string, number>();

  const secondsOf = async (within: FlowContext, run: RunRecord): Promise<number> => {
    const { etaSeconds } = (run.progress ?? {}) as { etaSeconds?: number };
    if (etaSeconds !== undefined) return etaSeconds;
    // How long a member takes is known with its run.
    if (run.kind !== 'train') return Number.POSITIVE_INFINITY;
    const known = estimates.get(run.id);
    if (known !== undefined) return known;
    const { seconds } = await estimateRun(within, readRun('train', run));
    if (estimates.size >= REMEMBERED) estimates.clear();
    estimates.set(run.id, seconds ?? Number.POSITIVE_INFINITY);
    return seconds ?? Number.POSITIVE_INFINITY;
  };

  const isWaitedFor = async (one: HeldRun): Promise<boolean> => {
    const left = one.progress?.etaSeconds ?? Number.POSITIVE_INFINITY;
    let waits = false;
    await inWorkspaces(flow, 'runs', async (within) => {
      if (waits) return;
      const queued = await within.store.runs.listQueued(WAITED_MS, ['train', 'part']);
      for (const run of queued.filter((other) => jobOf(other) === jobOf(one.run)))
        waits ||= within.store.workspaceId !== one.workspaceId || (await secondsOf(within, run)) < CLEARLY_SHORTER * left;
    });
    return waits;
  };

  return async () => {
    const able = held().filter((one) => keepsState(one) && hadItsTurn(one, turnSeconds));
    for (const [, list] of Map.groupBy(able, ({ run }) => jobOf(run))) {
      const longest = list.reduce((best, one) => (one.takenAt < best.takenAt ? one : best));
      if (shortOfMemory() || (await isWaitedFor(longest))) longest.giveWay();
    }
  };
}

/** Backtests, whose windows are fitted again, would have to begin anew. */
const keepsState = ({ run: { kind, config } }: HeldRun): boolean => kind === 'train' || (kind === 'part' && config['task'] === 'member');

function hadItsTurn({ progress, takenAt, stepsSince }: HeldRun, turnSeconds: number): boolean {
  if (stepsSince === undefined || progress?.phase !== 'training') return false;
  if ((progress.etaSeconds ?? Number.POSITIVE_INFINITY) < turnSeconds) return false;
  return performance.now() - stepsSince >= Math.max(1000 * turnSeconds, WORTH * (stepsSince - takenAt));
}
