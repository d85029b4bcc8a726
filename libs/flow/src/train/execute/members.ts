/**
 * The members of an ensemble, trained apart by whichever workers are free.
 * Invariant: members have the seeds, and all of them the number of threads, that training in one go would give them, so the
 * ensemble has the same weights however many workers shared it.
 */
import type { RunProgress } from '@almanac/contracts';
import { plans } from '@almanac/forecasting/plan';
import type { Json, PartState } from '@almanac/store';
import type { Compute, MemberOutcome, MemberTask } from '../../compute/index.js';
import { engineNote, fetchAside, type NewPart, putAside, type RunContext, runParts, wholeOf } from '../../runs/execute/index.js';
import { readPanel } from '../../runs/panel.js';
import type { PartOf } from '../../part/plan.js';
import type { TrainPlan } from '../plan.js';
import { InterruptedTraining } from './interrupted.js';
import { leaveToLarger } from './threads.js';

/** Has every member trained. @param threads of each, wherever it is trained */
export async function trainMembers(context: RunContext, plan: TrainPlan, threads: number): Promise<MemberOutcome[]> {
  const queue = plan.device === 'gpu' ? 'gpu' : 'train';
  const parts = await runParts(
    context,
    Array.from({ length: plans.of(plan.kind).apart(plan) }, (_, member): NewPart => ({
      queue,
      config: { task: 'member', member, threads },
    })),
    (states) => void context.report(together(states)),
  );
  return Promise.all(parts.map((part) => fetchAside<MemberOutcome>(context, part)));
}

/** A part of a training run: one member. */
export async function executeMember(context: RunContext, { member, threads }: PartOf<'member'>, compute: Compute): Promise<Json> {
  const { store, signal } = context;
  await leaveToLarger(context, threads, compute.threads);
  const { config: plan } = await wholeOf(context, 'train');
  const interrupted = new InterruptedTraining(context);
  const { onEngine, noted } = engineNote(context);
  const dataset = await store.datasets.get(plan.dataset);
  const { panel } = await readPanel(store, dataset, { version: plan.datasetVersion, signal });
  const { kind, horizon, holdout, contextLength, steps, config, seed } = plan;
  const outcome = await interrupted.resume(threads, (resume) =>
    compute.run<MemberTask>(
      { task: 'member', panel, kind, horizon, holdout, contextLength, steps, config, seed, member, resume },
      {
        signal,
        threads,
        onProgress: (progress) => void interrupted.report(progress),
        onState: (state) => interrupted.keep(state),
        onEngine,
      },
    ),
  );
  await noted();
  return putAside(context, outcome);
}

/** Steps of all members as one training; those that wait are taken to be as long as the longest that runs. */
function together(states: readonly PartState[]): RunProgress {
  const each = states.map(({ progress }) => progress as RunProgress | null);
  const longest = Math.max(0, ...each.map((progress) => progress?.totalSteps ?? 0));
  const steps = states.map(({ status }, no) => (status === 'succeeded' ? longest : (each[no]?.step ?? 0)));
  const step = steps.reduce((sum, one) => sum + one, 0);
  const running = each.filter((progress, no) => progress && states[no]!.status === 'running') as RunProgress[];
  const stepsPerSecond = running.reduce((sum, progress) => sum + (progress.stepsPerSecond ?? 0), 0);
  const totalSteps = longest * states.length;
  const losses = running.flatMap(({ loss }) => (loss === undefined ? [] : [loss]));
  return {
    phase: 'training',
    message: `${states.filter(({ status }) => status === 'succeeded').length} of ${states.length} members`,
    fraction: totalSteps > 0 ? Math.min(1, step / totalSteps) : null,
    ...(totalSteps > 0 ? { step, totalSteps } : {}),
    ...(losses.length > 0 ? { loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length } : {}),
    ...(stepsPerSecond > 0 ? { stepsPerSecond, etaSeconds: Math.max(0, (totalSteps - step) / stepsPerSecond) } : {}),
  };
}
