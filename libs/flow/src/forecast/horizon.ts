/** How far a model forecasts is said by the plan of its kind. */
import { plans } from '@almanac/forecasting/plan';
import { AlmanacError } from '@almanac/series';
import type { ModelVersionRecord } from '@almanac/store';

/** @throws AlmanacError HORIZON_TOO_LONG */
export function checkHorizon(
  {
    kind,
    model,
    no,
    horizon: trained,
    config,
  }: Pick<ModelVersionRecord, 'kind' | 'model' | 'horizon' | 'config'> & { no: number | string },
  horizon: number,
): void {
  const longest = plans.of(kind).longestHorizon(trained, config, plans);
  if (horizon <= longest) return;
  throw new AlmanacError(
    'HORIZON_TOO_LONG',
    `The model ${model}/${no} was trained for ${trained} steps and forecasts up to ${longest}, not ${horizon}.`,
    {
      hint: 'Ask for fewer steps, or train a model with a longer horizon.',
      subject: { model, horizon: longest },
    },
  );
}

/** Of a kind that forecasts without training. @throws AlmanacError HORIZON_TOO_LONG */
export function checkKindHorizon(kind: string, horizon: number): void {
  const longest = plans.of(kind).longestHorizon(horizon, {}, plans);
  if (horizon <= longest) return;
  throw new AlmanacError('HORIZON_TOO_LONG', `${kind} forecasts up to ${longest} steps, not ${horizon}.`, {
    hint: 'Ask for fewer steps, or of another kind.',
    subject: { model: kind, horizon: longest },
  });
}
