import { describe, expect, it } from 'vitest';
import { decompose } from './decompose.js';

/** Numbers that look drawn from a normal distribution, and are the same each time. */
function noise(seed: number): () => number {
  let state = seed;
  const uniform = (): number => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return (state + 0.5) / 4_294_967_296;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

const day = (t: number): number => 10 * Math.sin((2 * Math.PI * t) / 24);
const week = (t: number): number => (Math.floor(t / 24) % 7 >= 5 ? -5 : 2);

describe('the parts of a series', () => {
  const n = 24 * 7 * 12;
  const draw = noise(3);
  const trend = (t: number): number => 100 + 0.02 * t + (t >= 1000 ? 30 : 0);
  const values = Float64Array.from({ length: n }, (_, t) => trend(t) + day(t) + week(t) + draw());
  // Outliers and a gap, which no part may follow.
  for (const t of [100, 401, 777, 1500]) values[t]! += 80;
  values.fill(Number.NaN, 600, 640);
  const parts = decompose(values, { seasonLengths: [24, 168] });

  it('add up to what was observed, and have no rest at a gap', () => {
    values.forEach((value, t) => {
      const sum = parts.trend[t]! + parts.seasons.reduce((all, one) => all + one.values[t]!, 0) + parts.rest[t]!;
      if (Number.isNaN(value)) expect(parts.rest[t]).toBeNaN();
      else expect(Math.abs(sum - value)).toBeLessThan(1e-9);
    });
  });

  it('are those that the series was made of, through outliers, a gap and a jump', () => {
    expect(parts.changepoints.some(({ index }) => Math.abs(index - 1000) <= 2)).toBe(true);
    expect(parts.changepoints.length).toBeLessThan(4);
    const error = (of: (t: number) => number): number => Math.sqrt(values.reduce((sum, _, t) => sum + of(t) ** 2, 0) / n);
    expect(error((t) => parts.trend[t]! - trend(t))).toBeLessThan(1);
    expect(error((t) => parts.seasons[0]!.values[t]! - day(t)) / 7.07).toBeLessThan(0.05);
    expect(error((t) => parts.seasons[1]!.values[t]! - week(t)) / 3.16).toBeLessThan(0.12);
    expect(parts.rest[777]!).toBeGreaterThan(75);
  });

  it('know what holidays do', () => {
    const names = Array.from({ length: 700 }, (_, t) => (t % 50 === 20 ? 'market' : t % 175 === 7 ? 'fair' : undefined));
    const days = Float64Array.from(
      names,
      (name, t) => 50 + 3 * Math.sin((2 * Math.PI * t) / 7) + (name === 'market' ? 20 : name === 'fair' ? -15 : 0) + draw(),
    );
    const { holidays, trend: level } = decompose(days, { seasonLengths: [7], holidays: names });
    expect(holidays![20]!).toBeGreaterThan(17);
    expect(holidays![7]!).toBeLessThan(-6);
    expect(holidays![21]).toBe(0);
    expect(Math.max(...level.map((value) => Math.abs(value - 50)))).toBeLessThan(1);
  });

  it('leave out a season that was not seen twice, and take a short or constant series as it is', () => {
    expect(decompose(values.slice(0, 300), { seasonLengths: [24, 168] }).seasons.map(({ length }) => length)).toEqual([24]);
    expect(decompose(Float64Array.of(5, 5, 5), { seasonLengths: [7] }).trend.every((value) => Math.abs(value - 5) < 1e-9)).toBe(true);
    expect([...decompose(new Float64Array(40).fill(8), { seasonLengths: [7] }).rest].every((value) => Math.abs(value) < 1e-9)).toBe(true);
    expect([...decompose(new Float64Array(6).fill(Number.NaN)).trend]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
