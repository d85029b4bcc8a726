/** A run that goes on where a cancelled or failed one stopped: with the state of a training, with the trials of a search. */
import type { Run } from '@almanac/contracts';
import { AlmanacError } from '@almanac/series';
import { ask } from '../ask.js';
import type { FlowContext } from './context.js';
import { type NewPlannedRun, readRun } from './kinds.js';

/**
 * A training ends with the weights of one that never stopped, from the start where nothing was kept; of a search the trials that have a
 * score are not done again. @throws AlmanacError RUN_NOT_FOUND, RUN_NOT_RESUMABLE
 */
export async function resumeRun(context: FlowContext, runId: string): Promise<Run> {
  const before = await context.store.runs.get(runId);
  const { kind, status, dataset, model, seed } = before;
  if ((kind !== 'train' && kind !== 'search') || (status !== 'cancelled' && status !== 'failed'))
    throw new AlmanacError('RUN_NOT_RESUMABLE', `Run ${runId} is a ${kind} run that is ${status}; there is nothing to resume.`, {
      hint: 'Trainings and searches that were cancelled or that failed can be resumed.',
      subject: { run: runId, kind, status },
      status: 409,
    });
  const about = { dataset, model, seed };
  const wanted: NewPlannedRun =
    kind === 'train'
      ? { kind, ...about, config: { ...readRun(kind, before).config, resumes: runId } }
      : { kind, ...about, config: { ...readRun(kind, before).config, resumes: runId } };
  return ask(context, wanted, kind === 'train' ? { beside: (within, run) => within.runs.copyCurve(runId, run.id) } : {});
}
