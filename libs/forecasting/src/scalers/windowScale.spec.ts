import { describe, expect, it } from 'vitest';
import { bend, SCALER_KINDS, unbend, windowScale, deviationOf, seriesScale } from './windowScale.js';

const values = Float64Array.from({ length: 48 }, (_, t) => 10 + Math.sin((2 * Math.PI * t) / 12) + t / 10);

describe.each(SCALER_KINDS)('the scaler %s', (kind) => {
  it('follows the unit of the data', () => {
    const { center, scale } = windowScale(kind, values, 0, 48, 12);
    for (const unit of [1e-30, 1e30]) {
      const moved = windowScale(
        kind,
        values.map((value) => value * unit),
        0,
        48,
        12,
      );
      expect(moved.center / unit).toBeCloseTo(center, 9);
      expect(moved.scale / unit).toBeCloseTo(scale, 9);
    }
  });

  it('reads only what is observed in the window', () => {
    const changed = values.slice();
    changed[4] = NaN;
    const before = windowScale(kind, changed, 6, 40, 12);
    changed.fill(1e9, 0, 6);
    changed.fill(1e9, 40);
    expect(windowScale(kind, changed, 6, 40, 12)).toEqual(before);
  });

  it('is positive and finite for constant, empty and single-valued windows', () => {
    for (const window of [
      new Float64Array(20).fill(7),
      new Float64Array(20).fill(0),
      new Float64Array(20).fill(NaN),
      Float64Array.of(-3),
    ]) {
      const { center, scale } = windowScale(kind, window, 0, window.length, 12);
      expect(Number.isFinite(center)).toBe(true);
      expect(scale).toBeGreaterThan(0);
      expect(scale).toBeLessThan(Infinity);
    }
  });
});

it('revin gives a window mean 0 and deviation 1', () => {
  const { center, scale } = windowScale('revin', values, 0, 48, 12);
  const scaled = values.map((value) => (value - center) / scale);
  expect(scaled.reduce((sum, value) => sum + value, 0) / 48).toBeCloseTo(0, 9);
  expect(scaled.reduce((sum, value) => sum + value * value, 0) / 48).toBeCloseTo(1, 9);
});

it('robustArcsinh is not moved by a spike, keeps it within reach, and gives every value back', () => {
  const spiked = values.slice();
  spiked[20] = 1e6;
  const [calm, shaken] = [values, spiked].map((window) => windowScale('robustArcsinh', window, 0, 48, 12)) as [
    ReturnType<typeof windowScale>,
    ReturnType<typeof windowScale>,
  ];
  expect(Math.abs(shaken.center - calm.center)).toBeLessThan(0.2 * calm.scale);
  expect(shaken.scale / calm.scale).toBeCloseTo(1, 1);
  expect(windowScale('revin', spiked, 0, 48, 12).scale / windowScale('revin', values, 0, 48, 12).scale).toBeGreaterThan(1000);
  const bent = Array.from(spiked, (value) => bend('robustArcsinh', (value - shaken.center) / shaken.scale));
  expect(Math.max(...bent)).toBeLessThan(15);
  bent.forEach((value, t) => {
    if (t !== 20) expect(shaken.center + shaken.scale * unbend('robustArcsinh', value)).toBeCloseTo(spiked[t]!, 6);
  });
  expect(unbend('robustArcsinh', 1e9)).toBeLessThan(1e5);
  expect(bend('revin', 3)).toBe(3);
});

it('centres on the mean of the last season, on the last value, or nowhere', () => {
  const last = values.slice(36).reduce((sum, value) => sum + value, 0) / 12;
  expect(windowScale('seasonalDifference', values, 0, 48, 12).center).toBeCloseTo(last, 9);
  expect(windowScale('lastValue', values, 0, 48, 12).center).toBe(values[47]);
  expect(windowScale('meanAbs', values, 0, 48, 12).center).toBe(0);
});

it('takes the line out of what is nearly one, and scales what a line explains by what is left or by what the line moves', () => {
  const of = (value: (t: number) => number, length = 300): Float64Array => Float64Array.from({ length }, (_, t) => value(t));
  const exact = seriesScale(
    of((t) => 1_000_000 + 2_000 * t),
    14,
  );
  expect(exact.slope).toBeCloseTo(2_000, 6);
  // A twentieth of 14 steps of 2,000: what is left of the line itself is rounding.
  expect(exact.deviation).toBeCloseTo(1_400, 6);
  // The same with a season of deviation 30,000 about it.
  const seasonal = seriesScale(
    of((t) => 1_000_000 + 2_000 * t + 42_426 * Math.sin((2 * Math.PI * t) / 12)),
    14,
  );
  expect(seasonal.slope).toBe(0);
  expect(seasonal.deviation).toBeGreaterThan(29_000);
  expect(seasonal.deviation).toBeLessThan(31_000);
  // Noise of 5,000 about it: half of what the line moves is more.
  const noisy = seriesScale(
    of((t) => 1_000_000 + 2_000 * t + (t % 2 === 0 ? 5_000 : -5_000)),
    14,
  );
  expect(noisy.slope).toBe(0);
  expect(noisy.deviation).toBeCloseTo(14_000, -2);
  // With gaps, and without the last ten steps, which turn away.
  const turning = of((t) => (t % 3 === 0 ? NaN : t < 290 ? 5 * t : -1e6));
  expect(seriesScale(turning, 8, 10).slope).toBeCloseTo(5, 9);
  const wave = of((t) => Math.sin(t / 9));
  expect(seriesScale(wave, 14)).toEqual({ deviation: deviationOf(wave), slope: 0 });
  expect(seriesScale(new Float64Array(20).fill(7), 14)).toEqual({ deviation: 0, slope: 0 });
});
