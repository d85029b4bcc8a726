/** Unknown is not certain: what a history does not tell of the width of an interval is borrowed, and said, or left out. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../dataset/random.js';
import { targetKindsOf } from '../../dataset/target.js';
import { type Panel, type SeriesForecast } from '../../forecaster.js';
import { createBaseline, loadBaseline } from './methods.js';
import { BASELINE_KINDS, type BaselineKind } from './plan.js';

const LEVELS = [0.025, 0.1, 0.5, 0.9, 0.975];
const panelOf = (series: Record<string, ArrayLike<number>>, seasonLength = 7): Panel => ({
  frequency: 'D',
  timeZone: 'UTC',
  seasonLengths: [seasonLength],
  series: Object.entries(series).map(([id, values]) => ({ id, firstStep: 0, values: Float64Array.from(values) })),
});
const forecast = (kind: BaselineKind, panel: Panel, horizon = 14): Promise<SeriesForecast[]> =>
  createBaseline(kind).predict(panel, { horizon, levels: LEVELS });
const at = ({ quantiles }: SeriesForecast, level: number, step = 0): number =>
  quantiles[LEVELS.indexOf(level) * (quantiles.length / LEVELS.length) + step]!;
const width = (one: SeriesForecast, step = 0): number => at(one, 0.975, step) - at(one, 0.025, step);
const noise = (seed: number, length: number, of: (t: number) => number): number[] => {
  const random = new Random(seed);
  return Array.from({ length }, (_, t) => of(t) + random.normal());
};
const codes = ({ notes = [] }: SeriesForecast): string[] => notes.map(({ code }) => code);

describe.each(BASELINE_KINDS)('%s', (kind) => {
  it.each([2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20])('has an interval that means something after %i values', async (length) => {
    for (let seed = 1; seed <= 20; seed++) {
      const [one] = await forecast(kind, panelOf({ x: noise(seed, length, (t) => 40 + t) }));
      expect([...one!.quantiles].every(Number.isFinite)).toBe(true);
      for (let step = 0; step < 14; step++)
        for (let q = 1; q < LEVELS.length; q++) expect(at(one!, LEVELS[q]!, step)).toBeGreaterThanOrEqual(at(one!, LEVELS[q - 1]!, step));
      expect(width(one!)).toBeGreaterThan(0.02);
      expect(width(one!)).toBeLessThan(60);
    }
  });

  it.each<[string, ArrayLike<number>]>([
    ['a season', Array.from({ length: 70 }, (_, t) => [10, 20, 30, 40, 50, 5, 1][t % 7]!)],
    ['a season of fractions', Array.from({ length: 70 }, (_, t) => Math.sin((2 * Math.PI * t) / 7) + 0.1)],
    ['a line', Array.from({ length: 60 }, (_, t) => 1e6 + 2000 * t)],
    ['a line of few steps', [1, 2, 3, 4, 5]],
    ['a constant', new Float64Array(40).fill(5000)],
  ])('does not take %s that it meets exactly for certain', async (_, values) => {
    const [one] = await forecast(kind, panelOf({ x: values }));
    const spread = Math.max(...Array.from(values)) - Math.min(...Array.from(values));
    for (const step of [0, 13]) {
      expect(width(one!, step)).toBeGreaterThan(0);
      expect(width(one!, step)).toBeLessThan(Math.max(8 * spread, 50));
    }
  });

  it.each([2, 3, 4, 5, 6, 7, 8, 12])('knows the middle of a constant of %i values, and says of the width what it is', async (length) => {
    for (const value of [7, 5.5, 5000]) {
      const [one] = await forecast(kind, panelOf({ x: new Float64Array(length).fill(value) }));
      for (const step of [0, 13]) expect(at(one!, 0.5, step)).toBeCloseTo(value, 6);
      expect(codes(one!)).toEqual([length < 8 ? 'SPREAD_UNKNOWN' : 'SPREAD_BORROWED']);
    }
  });

  it('makes no certainty of a constant count by rounding', async () => {
    const panel = panelOf({ x: new Float64Array(60).fill(5) });
    const [one] = await createBaseline(kind).predict(panel, { horizon: 3, levels: LEVELS, targets: targetKindsOf(panel.series) });
    for (const step of [0, 2]) {
      expect([0.1, 0.5, 0.9].map((level) => at(one!, level, step))).toEqual([4, 5, 6]);
    }
    expect(codes(one!)).toEqual(['SPREAD_BORROWED']);
  });

  it('knows nothing of the width after one value alone, and says so', async () => {
    const [one] = await forecast(kind, panelOf({ x: [9.8] }));
    expect(at(one!, 0.5)).toBe(9.8);
    for (const level of [0.025, 0.1, 0.9, 0.975]) expect(at(one!, level)).toBeNaN();
    expect(codes(one!)).toEqual(['SPREAD_UNKNOWN']);
  });

  it('borrows the width of one value from the other series, by their size, and says so', async () => {
    const others = { a: noise(1, 60, () => 100), b: noise(2, 60, () => 100) };
    const [one] = await forecast(kind, panelOf({ x: [1000], ...others }));
    expect(at(one!, 0.5)).toBe(1000);
    // The others differ by √2 from one step to the next, at a size of 100.
    expect(width(one!) / (2 * 1.96 * 10 * Math.SQRT2)).toBeCloseTo(1, 0);
    expect(codes(one!)).toEqual(['SPREAD_BORROWED']);
  });

  it('has learned what to borrow where it was fitted', async () => {
    const model = createBaseline(kind);
    await model.fit(panelOf({ a: noise(1, 60, () => 100) }), { seed: 1 });
    const [fitted] = await model.predict(panelOf({ x: [1000] }), { horizon: 2, levels: LEVELS });
    const [loaded] = await loadBaseline(model.save()).predict(panelOf({ x: [1000] }), { horizon: 2, levels: LEVELS });
    expect(width(fitted!)).toBeGreaterThan(10);
    expect(loaded).toEqual(fitted);
  });

  it('stays within 25 of a constant of 5,000, and at 0', async () => {
    const [constant, zeros] = await forecast(kind, panelOf({ c: new Float64Array(140).fill(5000), z: new Float64Array(140) }));
    for (const value of constant!.quantiles) expect(Math.abs(value - 5000)).toBeLessThan(25);
    for (const value of zeros!.quantiles) expect(value).toBe(0);
  });

  it('has the median 0 for what is mostly 0, and no value that never occurs', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const random = new Random(seed);
      const values = Array.from({ length: 120 }, () => (random.next() < 0.25 ? 2 + Math.floor(3 * random.next()) : 0));
      const [one] = await forecast(kind, panelOf({ x: [...values, 4] }));
      for (let step = 0; step < 14; step++) expect(at(one!, 0.5, step)).toBe(0);
      for (const value of one!.quantiles) expect([0, 2, 3, 4]).toContain(value);
    }
  });

  it('still forecasts noon of what is 0 at night', async () => {
    const values = noise(5, 24 * 20, (t) => (t % 24 >= 8 && t % 24 < 18 ? 30 : -100)).map((value) => Math.max(0, value));
    const [one] = await forecast(kind, panelOf({ x: values }, 24), 24);
    expect(at(one!, 0.5, 3)).toBe(0);
    if (kind === 'seasonalNaive' || kind === 'autoEts') expect(at(one!, 0.5, 12)).toBeGreaterThan(20);
  });
});

describe('the naive method', () => {
  it('has the width of its differences, bit for bit, as soon as there is one', async () => {
    const [one] = await forecast('naive', panelOf({ x: [1, 2, 4, 3] }));
    expect(width(one!, 8) / (2 * 1.959963984540054)).toBeCloseTo(3 * Math.SQRT2, 12);
    expect(one!.notes).toBeUndefined();
  });
});

describe.each(['theta', 'optimisedTheta', 'autoEts', 'drift'] as const)('%s', (kind) => {
  it.each([
    [1e6, 2000, 300],
    [5, -0.01, 60],
    [0, 1, 12],
  ])('goes on along a line from %f by %f a step, of %i steps', async (from, slope, length) => {
    const [one] = await forecast(kind, panelOf({ x: Array.from({ length }, (_, t) => from + slope * t) }));
    for (let step = 0; step < 14; step++) expect((at(one!, 0.5, step) - (from + slope * (length + step))) / (14 * slope)).toBeCloseTo(0, 1);
  });
});
