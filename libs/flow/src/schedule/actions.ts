/** What a schedule does when it is due, as a run that has yet to be written down. */
import type { ScheduleAction } from '@almanac/contracts';
import { planBacktestRun } from '../backtest/request.js';
import { planForecastRun } from '../forecast/request.js';
import { planLearnRun } from '../learn/request.js';
import { planMonitorRun } from '../monitor/request.js';
import { planPullRun } from '../pull/request.js';
import type { FlowContext } from '../runs/context.js';
import type { NewPlannedRun } from '../runs/kinds.js';
import { planSearchRun } from '../search/request.js';
import { planTrainingRun } from '../train/request.js';

/** @throws AlmanacError what the request is refused for */
export async function planRun(context: FlowContext, action: ScheduleAction): Promise<NewPlannedRun> {
  switch (action.kind) {
    case 'train':
      return planTrainingRun(context, action.request);
    case 'forecast':
      return planForecastRun(context, action.request);
    case 'backtest':
      return planBacktestRun(context, action.request);
    case 'search':
      return planSearchRun(context, action.request);
    case 'monitor':
      return planMonitorRun(context, action.request);
    case 'learn':
      return planLearnRun(context, action.request);
    case 'pull':
      return planPullRun(context, action.request);
  }
}
