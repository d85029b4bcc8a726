/**
 * Who forecasts: the champion, which stands still, or its shadow, which learns? A shadow is promoted when it has been better
 * for long enough, and thrown away when it has become worse or broken. Outliers teach nothing until they persist.
 */
export interface GuardSettings {
  /** Steps per season; judgements take at least two of them. */
  seasonLength: number;
  /** Least relative improvement that promotes. */
  promoteMargin?: number;
  /** Relative regression that rolls back. */
  rollbackMargin?: number;
}

export type Verdict = 'keep' | 'promote' | 'rollback';

const NOTHING = { champion: 0, shadow: 0, weight: 0, betterFor: 0, squares: 0 };
/** Deviations: a shadow that learns fast is better for two seasons now and then by chance. */
const CERTAIN = 3;
/** Steps count twice: where the world has changed, a champion of two seasons ago is two seasons behind. */
const MUCH_BETTER = 0.85;

export class PromotionGuard {
  private readonly patience: number;
  private readonly promoteMargin: number;
  private readonly rollbackMargin: number;
  /** All that the guard remembers, as plain data; `squares` of the differences. */
  memory = { ...NOTHING };

  constructor({ seasonLength, promoteMargin = 0.01, rollbackMargin = 0.1 }: GuardSettings) {
    this.patience = Math.max(10, 2 * seasonLength);
    this.promoteMargin = promoteMargin;
    this.rollbackMargin = rollbackMargin;
  }

  /** @param shadow @param champion pinball losses of the same step */
  judge(shadow: number, champion: number): Verdict {
    if (!Number.isFinite(shadow)) return this.decide('rollback');
    const decay = 1 - 1 / this.patience;
    const { memory } = this;
    memory.shadow = decay * memory.shadow + shadow;
    memory.champion = decay * memory.champion + champion;
    memory.weight = decay * memory.weight + 1;
    memory.squares = decay * memory.squares + (champion - shadow) ** 2;
    const ratio = memory.champion > 0 ? memory.shadow / memory.champion : 1;
    const better = ratio <= 1 - this.promoteMargin && this.beyondChance();
    memory.betterFor = better ? memory.betterFor + (ratio <= MUCH_BETTER ? 2 : 1) : 0;
    if (memory.betterFor >= this.patience) return this.decide('promote');
    // A few steps prove nothing: half of the average's full weight must be there.
    if (ratio > 1 + this.rollbackMargin && memory.weight > this.patience / 2) return this.decide('rollback');
    return 'keep';
  }

  /** The mean difference is `CERTAIN` of its own deviations above 0; an exponential mean counts for twice the steps of its window. */
  private beyondChance(): boolean {
    const { champion, shadow, weight, squares } = this.memory;
    const mean = (champion - shadow) / weight;
    const variance = Math.max(0, squares / weight - mean * mean);
    return mean > CERTAIN * Math.sqrt(variance / (2 * weight));
  }

  private decide(verdict: Verdict): Verdict {
    this.memory = { ...NOTHING };
    return verdict;
  }
}

/** True for an observation that should teach nothing: further than five interquartile ranges from the median, unless for the third time. */
export class OutlierFilter {
  /** Outliers in a row so far. */
  inRow = 0;

  isOutlier(actual: number, median: number, interquartile: number): boolean {
    this.inRow = Math.abs(actual - median) > 5 * Math.max(interquartile, 1e-12) ? this.inRow + 1 : 0;
    return this.inRow > 0 && this.inRow < 3;
  }
}
