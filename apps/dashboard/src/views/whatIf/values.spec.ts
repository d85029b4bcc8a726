import { describe, expect, it } from 'vitest';
import { domainOf, moved, rounded } from './values';

describe('values moved by hand', () => {
  it('take along the steps that a quick hand passes over, in either direction', () => {
    expect(moved([0, 0, 0, 0, 9], { step: 0, value: 2 }, { step: 3, value: 5 })).toEqual([2, 3, 4, 5, 9]);
    expect(moved([0, 0, 0, 0, 9], { step: 3, value: 5 }, { step: 1, value: 1 })).toEqual([0, 1, 3, 5, 9]);
    expect(moved([0, 0], undefined, { step: 1, value: 7 })).toEqual([0, 7]);
  });

  it('are tidy', () => {
    expect(rounded(12.3456, 0.1)).toBe(12.35);
    expect(rounded(1234.56, 30)).toBe(1230);
  });

  it('have room on the scale, also where all are the same', () => {
    expect(domainOf([10, 20], [15])).toEqual({ low: 7, high: 23 });
    expect(domainOf([5, 5])).toEqual({ low: 0, high: 10 });
    expect(domainOf([0])).toEqual({ low: -1, high: 1 });
  });
});
