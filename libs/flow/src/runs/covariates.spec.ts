import { describe, expect, it } from 'vitest';
import { Frequency } from '@almanac/series';
import { withoutHoles } from './covariates.js';

const grid = Frequency.parse('D', 'UTC');
const names = { static: [], past: [], future: ['promo'] };
/** Ten days of history, and a covariate that is known so many days. */
const series = (promo: number[]): Parameters<typeof withoutHoles>[0] => ({
  id: 's',
  firstStep: 19_723,
  values: new Float64Array(10),
  futureCovariates: { promo: Float64Array.from(promo) },
});
const known = (days: number): number[] => Array.from({ length: days }, () => 1);

describe('a future covariate that', () => {
  it('ends before the horizon does is refused as a hole is: by series, times and the way out', () => {
    for (const promo of [known(12), [...known(12), NaN, NaN, NaN]])
      expect(() => withoutHoles(series(promo), names, 5, grid, 'none')).toThrow(
        expect.objectContaining({
          code: 'COVARIATE_HOLE',
          message: expect.stringContaining('promo of series s has no value at 2024-01-13, 2024-01-14, 2024-01-15') as string,
          hint: expect.stringContaining('covariateFill') as string,
          subject: { series: 's', covariate: 'promo', ds: ['2024-01-13', '2024-01-14', '2024-01-15'] },
        }),
      );
  });

  it('ends early is filled by a declared rule, and one that is whole is left as it is', () => {
    const filled = withoutHoles(series([...known(11), 3]), names, 5, grid, 'last');
    expect([...filled.series.futureCovariates!['promo']!]).toEqual([...known(11), 3, 3, 3, 3]);
    expect(filled.notes).toMatchObject([{ code: 'COVARIATES_FILLED' }]);
    expect(withoutHoles(series(known(15)), names, 5, grid, 'none').notes).toEqual([]);
  });
});
