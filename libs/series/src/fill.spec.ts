import { describe, expect, it } from 'vitest';
import { fillGaps, unusualValues } from './fill.js';

function noise(seed: number): () => number {
  let state = seed;
  const uniform = (): number => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return (state + 0.5) / 4_294_967_296;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Days of hours with a season, and noise that stays for some hours. */
const draw = noise(11);
let state = 0;
const truth = Float64Array.from({ length: 24 * 120 }, (_, t) => {
  state = 0.7 * state + draw();
  return 200 + 0.01 * t + 12 * Math.sin((2 * Math.PI * t) / 24) + state;
});
const LEVELS = [0.1, 0.5, 0.9];

describe('the gaps of a series', () => {
  const gaps = new Set<number>();
  for (let from = 30; from + 20 < truth.length; from += 53) for (let t = from; t < from + (from % 9) + 1; t++) gaps.add(t);
  const values = truth.map((value, t) => (gaps.has(t) ? Number.NaN : value));
  const filled = fillGaps(values, { seasonLengths: [24] }, LEVELS);

  it('are all filled, better than by a straight line, and their 80 % intervals hold what had been there', () => {
    expect(filled.map(({ index }) => index)).toEqual([...gaps].sort((a, b) => a - b));
    const line = (t: number): number => {
      let [a, b] = [t, t];
      while (gaps.has(a)) a--;
      while (gaps.has(b)) b++;
      return values[a]! + ((values[b]! - values[a]!) * (t - a)) / (b - a);
    };
    const mean = (of: (one: (typeof filled)[number]) => number): number => filled.reduce((sum, one) => sum + of(one), 0) / filled.length;
    const ours = mean(({ index, quantiles }) => Math.abs(quantiles[1]! - truth[index]!));
    expect(ours).toBeLessThan(0.7 * mean(({ index }) => Math.abs(line(index) - truth[index]!)));
    const inside = mean(({ index, quantiles }) => Number(truth[index]! > quantiles[0]! && truth[index]! < quantiles[2]!));
    expect(inside).toBeGreaterThan(0.74);
    expect(inside).toBeLessThan(0.86);
  });

  it('are whole and not negative where values are, and not filled where next to nothing is known', () => {
    const counts = Float64Array.from({ length: 60 }, (_, t) => (t % 7 === 3 ? Number.NaN : t % 3));
    for (const { quantiles } of fillGaps(counts, { seasonLengths: [7] }, LEVELS))
      for (const value of quantiles) expect([Number.isInteger(value), value >= 0]).toEqual([true, true]);
    expect(fillGaps(Float64Array.of(1, Number.NaN, 3), {}, LEVELS)).toEqual([]);
  });
});

describe('unusual values', () => {
  it('are those that were planted, and no others to speak of', () => {
    const planted = [400, 1234, 2000];
    const values = truth.slice();
    for (const t of planted) values[t]! += t === 1234 ? -15 : 15;
    const found = unusualValues(values, { seasonLengths: [24] }, 5);
    expect(found.map(({ index }) => index)).toEqual(planted);
    expect(found.map(({ score }) => Math.sign(score))).toEqual([1, -1, 1]);
    expect(found[0]!.expected).toBeLessThan(found[0]!.value - 10);
    expect(unusualValues(new Float64Array(100).fill(7), { seasonLengths: [7] }, 5)).toEqual([]);
  });
});
