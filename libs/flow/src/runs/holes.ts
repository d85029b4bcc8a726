/** What is said of holes in future covariates; it loads nothing, as the side of requests wants it. */
import type { CovariateFill, ForecastNote } from '@almanac/contracts';
import { AlmanacError } from '@almanac/series';

const MOST_NAMED = 5;

export const filledNote = (names: readonly string[], fill: CovariateFill): ForecastNote => ({
  code: 'COVARIATES_FILLED',
  detail: `Holes of ${names.join(', ')} within the horizon were filled with ${fill === 'zero' ? '0' : 'the last known value'}, as was asked for.`,
});

export function covariateHole(series: string, covariate: string, times: readonly string[]): AlmanacError {
  const more = times.length > MOST_NAMED ? ` and at ${times.length - MOST_NAMED} more steps` : '';
  return new AlmanacError(
    'COVARIATE_HOLE',
    `The future covariate ${covariate} of series ${series} has no value at ${times.slice(0, MOST_NAMED).join(', ')}${more}, which the forecast needs.`,
    {
      hint: 'Give the values, or declare what a hole means with `covariateFill`: "zero", or "last" for the last known value.',
      subject: { series, covariate, ds: times },
    },
  );
}
