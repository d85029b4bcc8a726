import { describe, expect, it } from 'vitest';
import { Random } from '../dataset/random.js';
import { normalQuantile } from '../normal.js';
import { applyWidths, widthFactors } from './widths.js';

const levels = [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975];

/** Standard normal outcomes beside the quantiles of a normal with another deviation. */
function scored(rows: number, deviation: number): { quantiles: Float32Array; actual: Float32Array } {
  const random = new Random(5);
  return {
    quantiles: Float32Array.from({ length: rows * levels.length }, (_, i) => deviation * normalQuantile(levels[i % levels.length]!)),
    actual: Float32Array.from({ length: rows }, () => random.normal()),
  };
}

describe('widthFactors', () => {
  it.each([0.6, 1, 1.4])('brings quantiles of a deviation of %f to that of the outcomes', (deviation) => {
    widthFactors(scored(20_000, deviation), levels, 3).forEach((factor, q) => {
      expect(factor * (q === 3 ? deviation : 1)).toBeCloseTo(q === 3 ? deviation : 1 / deviation, 1);
    });
  });

  it('changes nothing on too few outcomes', () => {
    expect(widthFactors(scored(50, 0.5), levels, 3)).toEqual(levels.map(() => 1));
  });
});

describe('applyWidths', () => {
  it('keeps the median and the order whatever the factors', () => {
    const row = Float64Array.of(-3, -2, -1, 0.5, 1, 2, 3);
    applyWidths(row, [0.7, 2, 0.7, 1, 2, 0.7, 0.7], 3);
    expect(row[3]).toBe(0.5);
    for (let q = 1; q < row.length; q++) expect(row[q]!).toBeGreaterThanOrEqual(row[q - 1]!);
  });
});
