/** Quantiles at levels that the head did not learn: straight lines over the normal quantile scale, so that tails widen as a normal's. */
import { normalQuantile } from './normal.js';

/**
 * Weights that turn the learned quantiles into those of another level.
 *
 * @returns for each wanted level two indices into `learned` and the share of the second; beyond the ends the line of the
 * outermost two goes on. Wanted levels are at most as far out as normal quantiles exist.
 */
export function levelWeights(learned: readonly number[], wanted: readonly number[]): { low: number; high: number; share: number }[] {
  const z = learned.map(normalQuantile);
  return wanted.map((level) => {
    const exact = learned.indexOf(level);
    if (exact >= 0 || learned.length === 1) return { low: Math.max(0, exact), high: Math.max(0, exact), share: 0 };
    let high = learned.findIndex((other) => other > level);
    if (high < 0) high = learned.length - 1;
    high = Math.max(1, high);
    return { low: high - 1, high, share: (normalQuantile(level) - z[high - 1]!) / (z[high]! - z[high - 1]!) };
  });
}

/** Index of the level that the median branch predicts: .5, or the nearest to it. */
export function anchorIndex(levels: readonly number[]): number {
  return levels.reduce((best, level, i) => (Math.abs(level - 0.5) < Math.abs(levels[best]! - 0.5) ? i : best), 0);
}
