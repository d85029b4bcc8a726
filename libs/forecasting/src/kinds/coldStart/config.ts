/** The settings of the `coldStart` forecaster; loads no TensorFlow.js. */
import { AlmanacError } from '@almanac/series';
import type { CovariateNames } from '../../dataset/covariates.js';

export type ColdStartConfig = {
  /** Forecasts the series that have a history. */
  member: { kind: string; config: Record<string, unknown> };
  horizon: number;
  seasonLengths: number[];
  /** Static and future ones are used. */
  covariates: CovariateNames;
  /** Series with fewer observations are started cold. Default 2. */
  fewest?: number;
  levels?: number[];
  /** Default `OWN_HIDDEN`. */
  hidden?: number;
  /** Default `OWN_STEPS`. */
  steps?: number;
};

/** Of the network for the series that have no history. */
export const OWN_HIDDEN = 32;
export const OWN_STEPS = 600;

/** Throws `INVALID_CONFIG` naming the first setting that cannot work. */
export function checkColdStartConfig({ member, horizon, covariates }: ColdStartConfig): void {
  const fail = (setting: string, message: string, hint: string): never => {
    throw new AlmanacError('INVALID_CONFIG', message, { hint, subject: { setting } });
  };
  if (!member) fail('member', 'A cold start needs a member for the series that have a history.', 'Give member as { kind, config }.');
  if (!Number.isInteger(horizon) || horizon < 1)
    fail('horizon', `A cold start cannot forecast ${horizon} steps.`, 'Give a whole number, at least 1.');
  if (!covariates || covariates.static.length === 0)
    fail(
      'covariates',
      'A series without history is known by its static covariates, and none are named.',
      'Name them in covariates.static.',
    );
}
