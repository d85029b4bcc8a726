import { describe, expect, it } from 'vitest';
import { Random } from '../../dataset/random.js';
import { normalQuantile } from '../../normal.js';
import { learnWidths, rescaled, type Window, WIDTH_LEVELS } from './widths.js';

const HORIZON = 4;

/** Members say so many deviations of what comes; `growing`, the truth spreads with each step and the members do not know it. */
const windows = (count: number, said: number, growing = false): Window[] => {
  const random = new Random(5, count);
  return Array.from({ length: count }, (_, series) => ({
    series,
    whole: true,
    quantiles: [Float64Array.from(WIDTH_LEVELS.flatMap((level) => Array.from({ length: HORIZON }, () => said * normalQuantile(level))))],
    actual: Float64Array.from({ length: HORIZON }, (_, t) => (growing ? 1 + t / 2 : 1) * random.normal()),
  }));
};
const learn = (of: Window[]): ReturnType<typeof learnWidths> => learnWidths(of, WIDTH_LEVELS, () => [1]);

describe('widths', () => {
  it('go half of the way to what was seen, and nowhere without evidence', () => {
    const narrow = learn(windows(400, 0.75));
    expect(narrow.inner).toBeGreaterThan(1.1);
    expect(narrow.inner).toBeLessThan(1 / 0.75);
    expect(narrow.outer / narrow.inner).toBeCloseTo(1, 1);
    const right = learn(windows(400, 1));
    for (const factor of [right.inner, right.outer, right.slope]) expect(Math.abs(factor - 1)).toBeLessThan(0.1);
    expect(learn([])).toEqual({ inner: 1, outer: 1, slope: 1 });
    expect(Math.abs(learn(windows(2, 0.5)).inner - 1)).toBeLessThan(0.15);
  });

  it('grow along the horizon where errors do', () => {
    const { slope } = learn(windows(400, 1.6, true));
    expect(slope).toBeGreaterThan(1.2);
    const quantiles = Float64Array.of(-1, -1, 0, 0, 1, 1);
    const wider = rescaled(quantiles, [0.1, 0.5, 0.9], { inner: 1.2, outer: 1.2, slope: 1.5 }, 2);
    expect([wider[2], wider[3]]).toEqual([0, 0]);
    expect(wider[5]! / wider[4]!).toBeCloseTo(Math.sqrt(1.5), 9);
  });

  it('say nothing of members that do not count, nor of a panel whose values never moved', () => {
    const [of] = windows(1, 1) as [Window];
    expect(learnWidths([{ ...of, quantiles: [undefined, of.quantiles[0]] }], WIDTH_LEVELS, () => [1, 0])).toEqual({
      inner: 1,
      outer: 1,
      slope: 1,
    });
    const still = { series: 0, whole: true, quantiles: [new Float64Array(WIDTH_LEVELS.length)], actual: new Float64Array(1) };
    expect(learn([still])).toMatchObject({ inner: 1, outer: 1 });
  });
});
