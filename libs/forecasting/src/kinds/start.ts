/** What cannot go on from the weights of another model says so. */
import { AlmanacError } from '@almanac/series';
import type { FitOptions } from '../forecaster.js';

/** @throws AlmanacError START_NOT_POSSIBLE */
export function refuseStart(kind: string, { start }: Pick<FitOptions, 'start'>): void {
  if (!start) return;
  throw new AlmanacError('START_NOT_POSSIBLE', `A ${kind} model cannot start from the weights of another one.`, {
    hint: 'Train it anew, or choose the kind segment.',
    subject: { kind },
    status: 409,
  });
}
