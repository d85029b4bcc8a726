/**
 * Parts of a run: runs of their own that any worker takes. The run that made them waits, and joins their results.
 * Invariants: the parts of a run are written down once, so a run that is delivered again finds them and what they have done;
 * a part that fails ends the others and the run, with its reason; a worker that stops leaves the parts to whoever joins them next.
 */
import type { JobName, RunKind } from '@almanac/contracts';
import { JobStopped } from '@almanac/platform';
import { AlmanacError } from '@almanac/series';
import { isPassing, type Json, type PartState, type RunRecord } from '@almanac/store';
import { type PlannedRun, type Plans, readRun } from '../kinds.js';
import { carryAll } from '../runs.js';
import { forgetAsides } from './aside.js';
import type { RunContext } from './context.js';

export interface NewPart {
  queue: Extract<JobName, 'part' | 'train' | 'gpu'>;
  config: Plans['part'];
}

/** A change is announced; a look this often makes up for a lost announcement. */
const LOOK_MS = 1_000;
const LEAST_PAUSE_MS = 50;

/**
 * Has the parts done, by whichever workers there are.
 * @param onChange receives the progress of all of them, now and then
 * @returns all parts in order, each with its result
 * @throws AlmanacError what a part failed with
 */
export async function runParts(
  context: RunContext,
  parts: readonly NewPart[],
  onChange: (states: readonly PartState[]) => void,
): Promise<RunRecord[]> {
  const { store, run, signal } = context;
  const { dataset, model, seed, codeVersion } = run;
  const records = await store.runs.createParts(
    run.id,
    parts.map((part) => ({ ...part, kind: 'part', dataset, model, seed, codeVersion })),
  );
  await carryAll(
    context,
    records.filter(({ status }) => status === 'queued'),
  );
  try {
    await untilEnded(context, new Set(records.map(({ id }) => id)), onChange);
  } catch (error) {
    const { reason } = signal as { reason: unknown };
    const goesOn = reason instanceof JobStopped ? reason.why === 'lost' || reason.why === 'shutdown' : isPassing(error);
    if (!goesOn) {
      await store.runs.cancelParts(run.id);
      await forgetAsides(context, await store.runs.parts(run.id));
    }
    throw error;
  }
  return store.runs.parts(run.id);
}

/** The run that a part belongs to, with its plan. @throws AlmanacError RUN_ABANDONED where that has ended without it */
export async function wholeOf<K extends RunKind>({ store, run }: Pick<RunContext, 'store' | 'run'>, kind: K): Promise<PlannedRun<K>> {
  const whole = await store.runs.get(run.parentId!);
  if (whole.finishedAt === null) return readRun(kind, whole);
  throw new AlmanacError('RUN_ABANDONED', `Run ${whole.id}, which this is a part of, is ${whole.status}.`, {
    hint: 'Start the whole run again.',
    subject: { run: whole.id },
  });
}

/** Message and share of parts that are done, and how long the rest will take at their pace. */
export function shareDone(states: readonly PartState[], startedAt: number): { done: number; fraction: number; etaSeconds?: number } {
  const done = states.filter(({ status }) => status === 'succeeded').length;
  const fraction = done / states.length;
  const seconds = (performance.now() - startedAt) / 1000;
  return { done, fraction, ...(done > 0 ? { etaSeconds: Math.round((seconds * (1 - fraction)) / fraction) } : {}) };
}

async function untilEnded(
  { store, run, signal }: RunContext,
  ids: ReadonlySet<string>,
  onChange: (states: readonly PartState[]) => void,
): Promise<void> {
  let wake: () => void = () => undefined;
  let changed: boolean;
  const rouse = (): void => {
    changed = true;
    wake();
  };
  const stop = await store.runs.onChange((id) => ids.has(id) && rouse());
  signal.addEventListener('abort', rouse);
  try {
    for (;;) {
      signal.throwIfAborted();
      changed = false;
      const states = await store.runs.partStates(run.id);
      const broken = states.find(({ status }) => status === 'failed' || status === 'cancelled');
      // Parts are cancelled with their run, which its own signal shows.
      if (broken && !(await store.runs.get(run.id)).cancelRequested) throw await failureOf(store, broken.id);
      onChange(states);
      if (states.every(({ status }) => status === 'succeeded')) return;
      await pause(LEAST_PAUSE_MS);
      if (!changed)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, LOOK_MS);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
    }
  } finally {
    signal.removeEventListener('abort', rouse);
    await stop();
  }
}

async function failureOf(store: RunContext['store'], id: string): Promise<AlmanacError> {
  const { status, error } = await store.runs.get(id);
  if (error === null) return new AlmanacError('RUN_PART_ENDED', `Part ${id} of the run was ${status}.`, { subject: { part: id } });
  const {
    code,
    detail,
    hint,
    subject,
    status: http,
  } = error as { code: string; detail: string; hint?: string; subject?: Json; status: number };
  return new AlmanacError(code, detail, { ...(hint === undefined ? {} : { hint }), subject: { ...subject, part: id }, status: http });
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
