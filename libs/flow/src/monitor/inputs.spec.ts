import { describe, expect, it } from 'vitest';
import { inputDrift, type Observed } from './inputs.js';

const SEASON = 168;
const LEARNED = 20 * SEASON;
const noise = (series: number, t: number): number => ((Math.sin(t * 12.9898 + series * 78.233) * 43_758.5453) % 1) * 2;

/** Hourly series with a day and a week, changed from some step on. */
function panel(change: (value: number, t: number) => number = (value) => value, count = 3, length = LEARNED + 2 * SEASON): Observed[] {
  return Array.from({ length: count }, (_, series) => ({
    firstStep: 1_000,
    values: Float64Array.from({ length }, (_, t) => {
      const usual =
        100 * (series + 1) + 20 * Math.sin((2 * Math.PI * t) / 24) + 10 * Math.sin((2 * Math.PI * t) / SEASON) + 5 * noise(series, t);
      return t < LEARNED ? usual : change(usual, t);
    }),
  }));
}
const drift = (series: Observed[]): ReturnType<typeof inputDrift> => inputDrift(series, 1_000 + LEARNED - 1, SEASON);

describe('input drift', () => {
  it('is not found while the world stays as it was learned, whatever the units, and gaps teach nothing', () => {
    expect(drift(panel())).toMatchObject({ drift: false });
    expect(drift(panel((value, t) => (t % 3 === 0 ? Number.NaN : value)))).toMatchObject({ drift: false });
    expect(drift(panel((value) => value, 1))!.values).toBeLessThan(0.25);
  });

  it('is found in a level that moved, a spread that grew, and a day that turned round', () => {
    expect(drift(panel((value) => value + 25))).toMatchObject({ drift: true });
    expect(drift(panel((value, t) => value + 60 * noise(9, t)))).toMatchObject({ drift: true });
    const turned = drift(panel((value, t) => value - 40 * Math.sin((2 * Math.PI * t) / 24), 3, LEARNED + SEASON))!;
    expect(turned.drift).toBe(true);
    expect(turned.differences!).toBeGreaterThan(turned.values);
  });

  it('says nothing where there is nothing new to compare', () => {
    expect(drift(panel((value) => value, 1, LEARNED + 10))).toBeNull();
    // Two days of three series are enough values, and no week.
    expect(drift(panel((value) => value, 3, LEARNED + 48))).toBeNull();
    expect(drift([])).toBeNull();
    expect(drift([{ firstStep: 1_000, values: new Float64Array(LEARNED + SEASON).fill(7) }])).toBeNull();
  });
});
