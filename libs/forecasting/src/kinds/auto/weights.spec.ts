import { describe, expect, it } from 'vitest';
import { combine } from './combine.js';
import { learnWeights } from './weights.js';

const rows = (losses: number[][]): { series: number; losses: number[] }[] => losses.map((each, series) => ({ series, losses: each }));

describe('weights', () => {
  it('are numbers where members err by nothing at all, as on constant series', () => {
    for (const losses of [
      [[0, 0, 0]],
      [
        [0, 0, 1e-9],
        [0, 2, 1],
      ],
      [[0, Number.NaN, 3]],
    ]) {
      const { panel, own } = learnWeights([1, 1, 0.5], rows(losses));
      for (const shares of [panel, ...own.values()]) {
        expect(shares.every(Number.isFinite)).toBe(true);
        expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
      }
    }
  });

  it('are the prior where all err alike, and less for who errs far more', () => {
    expect(learnWeights([2, 1, 1], rows([[1, 1, 1]])).panel).toEqual([0.5, 0.25, 0.25]);
    const many = Array.from({ length: 100 }, () => [1, 1, 4]);
    expect(learnWeights([1, 1, 1], rows(many)).panel[2]).toBeLessThan(0.05);
  });
});

describe('notes of a mix', () => {
  const part = (label: string, share: number, code?: string) => ({
    ...{ label, share },
    forecast: { id: 'a', cutoff: 0, quantiles: Float64Array.of(1), ...(code ? { notes: [{ code, detail: label }] } : {}) },
  });

  it('are those of at least half of it', () => {
    expect(combine([part('theta', 0.3, 'SPREAD_BORROWED'), part('ets', 0.3, 'SPREAD_BORROWED'), part('network', 0.4)], 1, 1).notes).toEqual(
      [{ code: 'SPREAD_BORROWED', detail: 'theta' }],
    );
    expect(combine([part('theta', 0.3, 'SPREAD_BORROWED'), part('network', 0.7)], 1, 1).notes).toEqual([]);
  });
});
