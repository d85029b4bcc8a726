/** What a schedule does when it is due, as a run that has yet to be written down. */
import type { RunKind, ScheduleAction } from '@almanac/contracts';
import type { NewRun } from '@almanac/store';
import { planForecastRun } from '../forecast/request.js';
import type { FlowContext } from '../runs/context.js';
import { planTrainingRun } from '../train/request.js';

/** @throws AlmanacError what the request is refused for */
export async function planRun(context: FlowContext, action: ScheduleAction): Promise<NewRun & { kind: RunKind }> {
  return action.kind === 'train' ? planTrainingRun(context, action.request) : planForecastRun(context, action.request);
}
