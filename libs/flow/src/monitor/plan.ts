/** The plan of a monitoring run, and its rules. */
import { type MonitorRequest, monitorRequest } from '@almanac/contracts';
import { z } from 'zod';

export const monitorPlan = z.object(monitorRequest.shape);
export type MonitorPlan = z.infer<typeof monitorPlan>;

/** A training after a drift is one of this model unless it names another, and always goes through the gate. */
export function monitorPlanOf(request: MonitorRequest): MonitorPlan {
  const { model, retrainOnDrift } = request;
  return retrainOnDrift ? { ...request, retrainOnDrift: { ...retrainOnDrift, model: retrainOnDrift.model ?? model, gate: true } } : request;
}
