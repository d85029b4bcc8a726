import { describe, expect, it } from 'vitest';
import { type SeriesData } from '../forecaster.js';
import { intermittentOf } from './intermittent.js';
import { Random } from './random.js';
import { keepTo, learnedTargets, targetKindsOf, targetsFor } from './target.js';

const series = (id: string, ...values: number[]): SeriesData => ({ id, firstStep: 0, values: Float64Array.from(values) });
const counts = Array.from({ length: 20 }, (_, t) => t % 3);
const degrees = Array.from({ length: 30 }, (_, t) => 4 * Math.sin(t) + 0.5);
const kindsOf = (...panel: SeriesData[]): object => Object.fromEntries(targetKindsOf(panel));
const count = { nonNegative: true, whole: true };
const price = { nonNegative: true, whole: false };
const temperature = { nonNegative: false, whole: false };

describe('targetKindsOf', () => {
  it.each<[string, SeriesData[], object]>([
    ['counts with gaps', [series('a', ...counts, Number.NaN), series('b', 4, 5)], { a: count, b: count }],
    ['whole numbers on both sides of 0', [series('a', ...counts, -1)], { a: { nonNegative: false, whole: true } }],
    ['a thermometer among counts', [series('a', ...counts), series('b', ...degrees)], { a: count, b: temperature }],
    ['prices among counts', [series('a', ...counts), series('b', ...counts.map((one) => one + 0.99))], { a: count, b: price }],
    ['too few whole numbers to tell', [series('a', 3, 4, 5)], { a: price }],
    ['a few counts in the company of a thermometer', [series('a', 3, 0, 5), series('b', ...degrees)], { a: price, b: temperature }],
    [
      'a few summer days in the company of a thermometer',
      [series('a', 3.5, 4.1), series('b', ...degrees)],
      { a: temperature, b: temperature },
    ],
    ['nothing observed', [series('a', Number.NaN), series('b')], { a: temperature, b: temperature }],
  ])('of %s', (_, panel, kinds) => expect(kindsOf(...panel)).toEqual(kinds));

  it('goes with the model, as long as what was observed since agrees', () => {
    const learned = JSON.parse(JSON.stringify(learnedTargets([series('a', ...counts), series('b', ...degrees)]))) as object;
    const later = [series('a', 1, 2.5), series('b', 20, 21), series('new', ...counts), series('__proto__', -3, 4)];
    expect(Object.fromEntries([...targetsFor(learned, later)!].map(([id, kind]) => [`${id}!`, kind]))).toEqual({
      'a!': price,
      'b!': temperature,
      'new!': count,
      '__proto__!': { nonNegative: false, whole: false },
    });
  });

  it('of a panel of one kind is one word, as in older checkpoints', () => {
    expect(learnedTargets([series('a', ...counts), series('b', 4, 5)])).toEqual({ target: count });
    expect(targetsFor({}, [series('a', 1)])).toBeUndefined();
  });
});

describe('keepTo', () => {
  it('clips, then rounds to the nearest, keeps order and what is unknown', () => {
    const row = (): Float64Array => Float64Array.of(-3.2, -0.4, 0.49, 0.5, 2.51, 1e17, Number.NaN);
    expect([...keepTo({ nonNegative: true, whole: true }, row())]).toEqual([0, 0, 0, 1, 3, 1e17, Number.NaN]);
    expect([...keepTo({ nonNegative: false, whole: true }, row())]).toEqual([-3, 0, 0, 1, 3, 1e17, Number.NaN]);
    expect([...keepTo({ nonNegative: true, whole: false }, row())]).toEqual([0, 0, 0.49, 0.5, 2.51, 1e17, Number.NaN]);
    expect([...keepTo({ nonNegative: true, whole: false, least: 4 }, row())]).toEqual([0, 0, 0, 0, 2.51, 1e17, Number.NaN]);
    expect(keepTo(undefined, row())).toEqual(row());
    // Bounds whose width is borrowed: rounded to the nearest they would all be 5.
    const bounds = Float64Array.of(4.99, 5, 5, 5.4, 5.001, 6);
    expect([...keepTo({ nonNegative: true, whole: true }, bounds.slice(), [0.1, 0.5, 0.9])]).toEqual([4, 5, 5, 5, 6, 6]);
    expect([...keepTo({ nonNegative: true, whole: false }, bounds.slice(), [0.1, 0.5, 0.9])]).toEqual([...bounds]);
  });
});

describe('a series that is mostly 0', () => {
  it('is 0 at every quantile where it has been 0 for long, and not yet where it has for a week', () => {
    const of = (values: Float64Array): Float64Array =>
      keepTo(targetKindsOf([{ id: 'a', firstStep: 0, values }]).get('a'), Float64Array.of(-0.1, 0.2, 0.6, 1.4));
    expect([...of(new Float64Array(40))]).toEqual([0, 0, 0, 0]);
    expect(of(new Float64Array(10)).at(-1)).toBeGreaterThan(0);
    // A spike long ago is none of now, and a price of 0.3 is a fraction.
    expect([...of(Float64Array.of(0.3, ...new Float64Array(139)))]).toEqual([0, 0, 0, 0]);
  });

  const rare = (share: number, length = 120, seed = 3): Float64Array => {
    const random = new Random(seed);
    return Float64Array.from({ length }, () => (random.next() < share ? 1 + Math.floor(4 * random.next()) : 0));
  };

  it.each([0.02, 0.1, 0.3, 0.45])('with a share of %f above it has that share, at every step, and the sizes that occurred', (share) => {
    const values = rare(share, 2000).subarray(1900);
    const zeros = values.filter((value) => value === 0).length / values.length;
    const found = intermittentOf(values, [7])!;
    for (const step of [0, 3, 13]) expect(found.zeros(step)).toBeCloseTo(zeros, 12);
    for (const level of [0, 0.5, 0.999]) expect([1, 2, 3, 4]).toContain(found.size(level));
  });

  it('is none where more is above 0, where anything is below, where it sells now, or where too little is known', () => {
    expect(intermittentOf(rare(0.7), [7])).toBeUndefined();
    expect(intermittentOf(Float64Array.of(...rare(0.1), -1, 0, 0), [7])).toBeUndefined();
    expect(intermittentOf(Float64Array.of(...new Float64Array(80), ...new Float64Array(16).fill(20)), [7])).toBeUndefined();
    expect(intermittentOf(Float64Array.of(0, 0, 0, 1), [1])).toBeUndefined();
  });

  it('has its zeros at night where the nights have them', () => {
    const found = intermittentOf(
      Float64Array.from({ length: 24 * 20 }, (_, t) => (t % 24 >= 8 && t % 24 < 18 ? 30 : 0)),
      [24],
    )!;
    expect(Array.from({ length: 24 }, (_, hour) => found.zeros(hour))).toEqual(
      Array.from({ length: 24 }, (_, h) => Number(h < 8 || h >= 18)),
    );
  });
});
