/**
 * The one way from what somebody wants to a run that is queued: plan -> admit -> write -> carry. What is refused is refused before
 * anything is written; what is written is carried sooner or later, by this or by the reconciler.
 */
import { type Run, toProblem } from '@almanac/contracts';
import { isPassing, type Json, type NewRun, type RunRecord, type Store } from '@almanac/store';
import { admit } from './admit/admit.js';
import { refuseOver } from './quota/refuse.js';
import type { FlowContext } from './runs/context.js';
import type { NewPlannedRun } from './runs/kinds.js';
import { carry } from './runs/runs.js';
import { toRun } from './runs/wire.js';

export interface Asking {
  priority?: number | undefined;
  /** The run that it waits for, looked up in the transaction that writes it. */
  after?: (within: Store) => Promise<string | null>;
  /** Written with the run: all of it is there, or nothing. */
  beside?: (within: Store, run: RunRecord) => Promise<unknown>;
}

/** @throws AlmanacError what the plan is refused for; RUN_TOO_LARGE, RUN_TOO_LONG, RUN_TOO_COSTLY, GPU_UNAVAILABLE, QUOTA_EXCEEDED */
export async function ask(context: FlowContext, plan: NewPlannedRun | Promise<NewPlannedRun>, asking: Asking = {}): Promise<Run> {
  const { store, codeVersion } = context;
  const admitted = await admit(context, await plan);
  const record = await store.transaction(async (within) => {
    const afterId = (await asking.after?.(within)) ?? null;
    await refuseOver(context, within, 'openRuns');
    const run = await within.runs.create({ codeVersion, ...admitted, afterId });
    await asking.beside?.(within, run);
    return run;
  });
  // Whoever ended the run before may have looked for followers when this one was not there yet.
  const waits = record.afterId !== null && (await store.runs.get(record.afterId)).finishedAt === null;
  if (!waits) await carry(context, record, asking);
  return toRun(record);
}

/** What somebody asked for beforehand, without being there now: a run that can start, or why there is none. */
export interface Planned {
  run: NewRun;
  error?: unknown;
}

/** @param otherwise what the run is about, where it is refused. @throws transient errors only: a database that does not answer just now */
export async function planned(
  context: Pick<FlowContext, 'store' | 'limits'>,
  plan: () => Promise<NewPlannedRun>,
  otherwise: NewRun,
): Promise<Planned> {
  try {
    return { run: await admit(context, await plan()) };
  } catch (error) {
    if (isPassing(error)) throw error;
    return { run: otherwise, error };
  }
}

/** Writes it down: queued, or failed with what it was refused for. It has yet to be carried. */
export async function writeDown(
  { codeVersion }: Pick<FlowContext, 'codeVersion'>,
  within: Store,
  { run, error }: Planned,
): Promise<RunRecord> {
  const made = await within.runs.create({ codeVersion, ...run });
  return error === undefined ? made : within.runs.fail(made.id, toProblem(error) as unknown as Json);
}
