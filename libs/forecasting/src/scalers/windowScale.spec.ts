import { describe, expect, it } from 'vitest';
import { windowScale, type ScalerKind } from './windowScale.js';

const kinds: ScalerKind[] = ['seasonalDifference', 'lastValue', 'seriesDeviation', 'meanAbs'];
const values = Float64Array.from({ length: 48 }, (_, t) => 10 + Math.sin((2 * Math.PI * t) / 12) + t / 10);

describe.each(kinds)('the scaler %s', (kind) => {
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

it('centres on the mean of the last season, on the last value, or nowhere', () => {
  const last = values.slice(36).reduce((sum, value) => sum + value, 0) / 12;
  expect(windowScale('seasonalDifference', values, 0, 48, 12).center).toBeCloseTo(last, 9);
  expect(windowScale('lastValue', values, 0, 48, 12).center).toBe(values[47]);
  expect(windowScale('meanAbs', values, 0, 48, 12).center).toBe(0);
});
