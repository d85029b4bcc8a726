import { describe, expect, it } from 'vitest';
import { changepoints } from './changepoints.js';

/** Normal numbers, the same for a seed. */
function normal(seed: number): () => number {
  let state = seed;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return (((bits ^ (bits >>> 14)) >>> 0) + 1) / 4294967297;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

interface Shape {
  days?: number;
  noise?: number;
  autocorrelation?: number;
  trend?: number;
  level?: (hour: number) => number;
}

/** Hours with a daily and a weekly cycle. */
function hours(seed: number, { days = 120, noise = 1, autocorrelation = 0, trend = 0, level = () => 0 }: Shape = {}): Float64Array {
  const draw = normal(seed);
  let carried = 0;
  return Float64Array.from({ length: 24 * days }, (_, hour) => {
    carried = autocorrelation * carried + draw() * Math.sqrt(1 - autocorrelation ** 2);
    const cycle = 5 * Math.sin((2 * Math.PI * hour) / 24) + (Math.floor(hour / 24) % 7 >= 5 ? -6 : 0);
    return 50 + cycle + trend * hour + level(hour) + noise * carried;
  });
}
const SEASONS = [24, 168];
const seeds = Array.from({ length: 20 }, (_, k) => 11 + 7 * k);

describe('changepoints', () => {
  it('finds a level shift within a few hours of where it happened, and nothing else', () => {
    for (const seed of seeds) {
      const found = changepoints(hours(seed, { level: (hour) => (hour >= 960 ? 4 : 0) }), SEASONS);
      expect(found).toHaveLength(1);
      expect(Math.abs(found[0]!.index - 960)).toBeLessThanOrEqual(6);
      expect(found[0]!.after - found[0]!.before).toBeCloseTo(4, 0);
    }
  });

  it('finds nothing in cycles, noise that carries over and a steady trend', () => {
    for (const shape of [{}, { trend: 0.02 }, { autocorrelation: 0.7 }, { noise: 5 }, { noise: 0 }, { noise: 0, trend: 0.02 }])
      expect([shape, seeds.filter((seed) => changepoints(hours(seed, shape), SEASONS).length > 0).length]).toEqual([shape, 0]);
  });

  it('finds where a trend turns', () => {
    const found = changepoints(hours(3, { days: 200, level: (hour) => Math.abs(hour - 2400) * 0.02 }), SEASONS);
    expect(found).toHaveLength(1);
    expect(Math.abs(found[0]!.index - 2400)).toBeLessThanOrEqual(7 * 24);
  });

  it('takes summer and winter for what they are', () => {
    const yearly = (hour: number): number => 10 * Math.sin((2 * Math.PI * hour) / 8766);
    expect(changepoints(hours(4, { days: 1500, level: yearly }), SEASONS, 8766)).toEqual([]);
    const shifted = changepoints(hours(4, { days: 3000, level: (hour) => yearly(hour) + (hour >= 40_000 ? 5 : 0) }), SEASONS, 8766);
    expect(shifted.map(({ index }) => Math.round(index / 24))).toEqual([1667]);
  });

  it('finds two of them, across a gap', () => {
    const values = hours(5, { days: 150, level: (hour) => (hour >= 1200 && hour < 2400 ? -5 : 0) });
    values.fill(NaN, 1700, 1900);
    expect(changepoints(values, SEASONS).map(({ index }) => Math.round(index / 24))).toEqual([50, 100]);
  });

  it('works without a season, and over a hundred thousand steps', () => {
    const draw = normal(9);
    const plain = Float64Array.from({ length: 100_000 }, (_, i) => draw() + (i >= 70_000 ? 1 : 0));
    const found = changepoints(plain);
    expect(found).toHaveLength(1);
    expect(Math.abs(found[0]!.index - 70_000)).toBeLessThanOrEqual(50);
  });

  it('says nothing of a series that is short, empty, constant or all gaps', () => {
    for (const values of [new Float64Array(0), Float64Array.of(1, 2, 3), new Float64Array(500), new Float64Array(500).fill(NaN)])
      expect(changepoints(values, [7])).toEqual([]);
  });
});
