/** A forecast is judged in words that say which of the two was better, and by how much. */
import { describe, expect, it } from 'vitest';
import { bestSeasonal, judged, ratioTo } from './words';

const score = (wql: number | null) => ({ kind: 'any', label: 'any', metrics: { wql } });

describe('judged', () => {
  it.each([
    [0.54, 'its errors were 46 % smaller than those of seasonal naive (as 6 days before).'],
    [0.99, 'its errors were as large as those of seasonal naive (as 6 days before): the simple forecast does as well.'],
    [1.4, 'its errors were 40 % larger than those of seasonal naive (as 6 days before). Prefer it, or give it more history.'],
    [7, 'its errors were 7.0 times those of seasonal naive (as 6 days before). Prefer it, or give it more history.'],
    [null, 'its errors cannot be compared with those of seasonal naive (as 6 days before).'],
  ])('says what a ratio of %s means', (ratio, words) => {
    expect(judged(ratio, 'seasonalNaive (6)', 'days')).toBe(words);
  });

  it('is compared with the season that was hardest to beat', () => {
    const naive = (season: number, wql: number | null) => ({ kind: 'seasonalNaive', label: `seasonalNaive (${season})`, metrics: { wql } });
    expect(bestSeasonal([score(0.001), naive(24, 0.13), naive(168, 0.01), naive(8766, null)])?.label).toBe('seasonalNaive (168)');
    expect(bestSeasonal([score(1)])).toBeUndefined();
  });

  it('has no ratio where one of them has no error to compare', () => {
    expect(ratioTo(score(1), score(2))).toBe(0.5);
    expect(ratioTo(score(1), score(0))).toBeNull();
    expect(ratioTo(score(null), score(2))).toBeNull();
  });
});
