/** What an action would take, without doing it. */
import type { RunEstimate, ScheduleAction } from '@almanac/contracts';
import { estimateRun } from '../admit/admit.js';
import type { FlowContext } from '../runs/context.js';
import { planRun } from './actions.js';

/** @throws AlmanacError what the request itself is refused for */
export async function estimateAction(context: FlowContext, action: ScheduleAction): Promise<RunEstimate> {
  return estimateRun(context, await planRun(context, action));
}
