/** The request side of monitoring. */
import { monitorRequest, type MonitorRequestInput, type Run } from '@almanac/contracts';
import { ask } from '../ask.js';
import type { FlowContext } from '../runs/context.js';
import type { NewPlannedRun } from '../runs/kinds.js';
import { planTrainingRun } from '../train/request.js';
import { monitorPlanOf } from './plan.js';

/** @throws AlmanacError MODEL_NOT_FOUND, and what the training after a drift is refused for */
export async function requestMonitoring(context: FlowContext, input: MonitorRequestInput): Promise<Run> {
  return ask(context, planMonitorRun(context, input));
}

/** The run that a request asks for, before it is written down. */
export async function planMonitorRun(context: Pick<FlowContext, 'store'>, input: MonitorRequestInput): Promise<NewPlannedRun<'monitor'>> {
  const plan = monitorPlanOf(monitorRequest.parse(input));
  const { name, dataset } = await context.store.models.get(plan.model);
  if (plan.retrainOnDrift) await planTrainingRun(context, plan.retrainOnDrift);
  return { kind: 'monitor', dataset, model: name, config: plan };
}
