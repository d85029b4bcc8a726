/** Admission: what a run would take is predicted before it is queued, and what cannot fit is refused with its reason. */
import type { RunPrediction, ScheduleAction } from '@almanac/contracts';
import type { FlowContext } from '../runs/context.js';
import { planRun } from '../schedule/actions.js';
import { predictRun } from './admit.js';

export { predictRun };

/** @throws AlmanacError what the request itself is refused for */
export async function predictAction(context: FlowContext, action: ScheduleAction): Promise<RunPrediction> {
  return predictRun(context, await planRun(context, action));
}
