import { describe, expect, it } from 'vitest';
import { type SeriesData } from '../forecaster.js';
import { keepTo, targetKindOf } from './target.js';

const series = (...values: number[]): SeriesData => ({ id: 's', firstStep: 0, values: Float64Array.from(values) });
const counts = Array.from({ length: 20 }, (_, t) => t % 3);

describe('targetKindOf', () => {
  it.each([
    ['counts with gaps', [series(...counts, Number.NaN), series(4, 5)], { nonNegative: true, whole: true }],
    ['whole numbers on both sides of 0', [series(...counts, -1)], { nonNegative: false, whole: true }],
    ['one fraction in one series', [series(...counts), series(0.5)], { nonNegative: true, whole: false }],
    ['too few whole numbers to tell', [series(3, 4, 5)], { nonNegative: true, whole: false }],
    ['nothing observed', [series(Number.NaN), series()], { nonNegative: false, whole: false }],
  ])('of %s', (_, panel, kind) => expect(targetKindOf(panel)).toEqual(kind));
});

describe('keepTo', () => {
  it('clips, then rounds to the nearest, keeps order and what is unknown', () => {
    const row = (): Float64Array => Float64Array.of(-3.2, -0.4, 0.49, 0.5, 2.51, 1e17, Number.NaN);
    expect([...keepTo({ nonNegative: true, whole: true }, row())]).toEqual([0, 0, 0, 1, 3, 1e17, Number.NaN]);
    expect([...keepTo({ nonNegative: false, whole: true }, row())]).toEqual([-3, 0, 0, 1, 3, 1e17, Number.NaN]);
    expect([...keepTo({ nonNegative: true, whole: false }, row())]).toEqual([0, 0, 0.49, 0.5, 2.51, 1e17, Number.NaN]);
    expect(keepTo(undefined, row())).toEqual(row());
  });
});
