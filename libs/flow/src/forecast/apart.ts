/** Which forecasts can be taken apart. */
import { plans } from '@almanac/forecasting/plan';
import { AlmanacError } from '@almanac/series';
import type { ModelVersionRecord } from '@almanac/store';

/** @throws AlmanacError CONTRIBUTIONS_NOT_POSSIBLE */
export function refuseApart(
  { kind, model, no, horizon: trained, config }: Pick<ModelVersionRecord, 'kind' | 'model' | 'no' | 'horizon' | 'config'>,
  horizon: number,
): void {
  const refuse = (why: string, hint: string): AlmanacError =>
    new AlmanacError('CONTRIBUTIONS_NOT_POSSIBLE', `Forecasts of ${model}/${no} cannot be taken apart: ${why}.`, {
      hint,
      subject: { model, version: no, kind },
      status: 409,
    });
  if (plans.of(kind).hierarchy(config) !== undefined)
    throw refuse('it makes the series of a hierarchy add up, so a forecast depends on the others', 'Train a model without a hierarchy.');
  if (plans.of(kind).startsCold)
    throw refuse('it forecasts series without a history, of which there is nothing to take apart', 'Use a model that reads a history.');
  if (horizon > trained)
    throw refuse(`it was trained for ${trained} steps, and goes on from its own paths beyond them`, `Ask for ${trained} steps or fewer.`);
}
