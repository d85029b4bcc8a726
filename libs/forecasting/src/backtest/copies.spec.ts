import { describe, expect, it } from 'vitest';
import { Random } from '../dataset/random.js';
import type { SeriesData } from '../forecaster.js';
import { suspectCovariates } from './copies.js';

const LENGTH = 300;
const HORIZON = 12;

/** A series with covariates made of its own values; those beyond its end are known for the future ones. */
function series(
  id: string,
  seed: number,
  covariates: (value: (t: number) => number, noise: () => number) => Partial<SeriesData>,
): SeriesData {
  const random = new Random(seed);
  const all = Float64Array.from({ length: LENGTH + 2 * HORIZON }, (_, t) => 50 + 10 * Math.sin((2 * Math.PI * t) / 12) + random.normal());
  const value = (t: number): number => all[t] ?? Number.NaN;
  return { id, firstStep: 0, values: all.slice(0, LENGTH), ...covariates(value, () => random.normal()) };
}
const filled = (length: number, of: (t: number) => number): Float64Array => Float64Array.from({ length }, (_, t) => of(t));

describe('covariates that are the target in disguise', () => {
  it('are named with their shift, whatever their unit and though they are rounded', () => {
    const two = [1, 2].map((seed) =>
      series(`s${seed}`, seed, (value, noise) => ({
        pastCovariates: {
          tomorrow: filled(LENGTH, (t) => 3 * value(t + 1) - 7),
          yesterday: filled(LENGTH, (t) => value(t - 1)),
          load: filled(LENGTH, (t) => value(t) + noise()),
        },
        futureCovariates: {
          plan: filled(LENGTH + HORIZON, (t) => Math.round(100 * value(t)) / 100),
          recent: filled(LENGTH + HORIZON, (t) => value(t - 3)),
          lastYear: filled(LENGTH + HORIZON, (t) => value(t - HORIZON)),
          weather: filled(LENGTH + HORIZON, () => noise()),
        },
      })),
    );
    expect(suspectCovariates(two, HORIZON)).toEqual([
      { name: 'tomorrow', kind: 'past', shift: 1, series: 2, of: 2, examples: ['s1', 's2'] },
      { name: 'plan', kind: 'future', shift: 0, series: 2, of: 2, examples: ['s1', 's2'] },
      { name: 'recent', kind: 'future', shift: -3, series: 2, of: 2, examples: ['s1', 's2'] },
    ]);
  });

  it('are not what is constant, short, or like the target only by its season', () => {
    const one = series('s', 3, () => ({
      pastCovariates: { constant: filled(LENGTH, () => 4) },
      futureCovariates: { season: filled(LENGTH + HORIZON, (t) => Math.sin((2 * Math.PI * t) / 12)) },
    }));
    expect(suspectCovariates([one], HORIZON)).toEqual([]);
    const short = { id: 'short', firstStep: 0, values: Float64Array.of(1, 2, 3), pastCovariates: { copy: Float64Array.of(2, 3, 4) } };
    expect(suspectCovariates([short], HORIZON)).toEqual([]);
  });
});
