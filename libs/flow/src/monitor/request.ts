/** The request side of monitoring. */
import { monitorRequest, type MonitorRequestInput, type Run } from '@almanac/contracts';
import type { Json, NewRun } from '@almanac/store';
import type { FlowContext } from '../runs/context.js';
import { startRun } from '../runs/runs.js';
import { planTrainingRun } from '../train/request.js';

/** @throws AlmanacError MODEL_NOT_FOUND, and what the training after a drift is refused for */
export async function requestMonitoring(context: FlowContext, input: MonitorRequestInput): Promise<Run> {
  return startRun(context, await planMonitorRun(context, input));
}

/** The run that a request asks for, before it is written down. */
export async function planMonitorRun(
  context: Pick<FlowContext, 'store'>,
  input: MonitorRequestInput,
): Promise<NewRun & { kind: 'monitor' }> {
  const request = monitorRequest.parse(input);
  const model = await context.store.models.get(request.model);
  const { retrainOnDrift } = request;
  // Of this model unless it says otherwise, and always behind the gate.
  const plan = retrainOnDrift
    ? { ...request, retrainOnDrift: { ...retrainOnDrift, model: retrainOnDrift.model ?? model.name, gate: true } }
    : request;
  if (plan.retrainOnDrift) await planTrainingRun(context, plan.retrainOnDrift);
  return { kind: 'monitor', dataset: model.dataset, model: model.name, config: plan as unknown as Json };
}
