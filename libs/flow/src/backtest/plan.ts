/** The plan of a backtest, and its rules: a request with everything decided that its run rests on. */
import { type BacktestRequest, backtestRequest } from '@almanac/contracts';
import { AlmanacError } from '@almanac/series';
import { z } from 'zod';

const plannedModel = z.object({ kind: z.string(), label: z.string(), config: z.record(z.string(), z.unknown()) });
export type BacktestedModel = z.infer<typeof plannedModel>;

export const backtestPlan = z.object({
  ...backtestRequest.shape,
  datasetVersion: z.number().int(),
  horizon: z.number().int(),
  stepSize: z.number().int(),
  models: z.array(plannedModel).min(1),
});
export type BacktestPlan = z.infer<typeof backtestPlan>;

/**
 * @param on dataset version, its length in steps, and the horizon unless the request names one
 * @throws AlmanacError LABEL_TAKEN, SERIES_TOO_SHORT
 */
export function backtestPlanOf(request: BacktestRequest, on: { version: number; span: number; horizon: number }): BacktestPlan {
  const horizon = request.horizon ?? on.horizon;
  const stepSize = request.stepSize ?? horizon;
  const models = request.models.map(({ kind, label = kind, config }) => ({ kind, label, config }));
  const twice = models.find(({ label }, index) => models.findIndex((other) => other.label === label) !== index);
  if (twice)
    throw new AlmanacError('LABEL_TAKEN', `Two models of the backtest are called "${twice.label}".`, {
      hint: 'Give each a label of its own.',
    });
  const needed = horizon + (request.windows - 1) * stepSize;
  if (on.span <= needed)
    throw new AlmanacError('SERIES_TOO_SHORT', `The dataset spans ${on.span} steps; ${request.windows} windows need more than ${needed}.`, {
      hint: 'Use fewer windows, a smaller stepSize or a shorter horizon.',
      subject: { length: on.span, needed },
    });
  return { ...request, datasetVersion: on.version, horizon, stepSize, models };
}
