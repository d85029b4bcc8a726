/** What an action would take, without doing it. */
import type { RunPrediction, ScheduleAction } from '@almanac/contracts';
import { predictRun } from '../admit/admit.js';
import type { FlowContext } from '../runs/context.js';
import { planRun } from './actions.js';

/** @throws AlmanacError what the request itself is refused for */
export async function predictAction(context: FlowContext, action: ScheduleAction): Promise<RunPrediction> {
  return predictRun(context, await planRun(context, action));
}
