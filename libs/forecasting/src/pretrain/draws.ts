/** Random draws for synthetic series, from one seeded stream. A normal draw is a look-up in a table: series take millions of them. */
import { Random } from '../dataset/random.js';
import { normalQuantile } from '../normal.js';

const BITS = 16;
/** Standard normal quantiles at the middle of each of 65,536 equal shares: up to 4.3 deviations out. */
const NORMAL = Float64Array.from({ length: 2 ** BITS }, (_, i) => normalQuantile((i + 0.5) / 2 ** BITS));

export class Draws {
  private readonly random: Random;

  /** The stream named by seed, purpose and step. */
  constructor(seed: number, purpose: number, step: number) {
    this.random = new Random(seed, purpose, step);
  }

  /** Uniform on [0, 1). */
  next(): number {
    return this.random.next();
  }

  normal(): number {
    return NORMAL[this.random.nextUint() >>> (32 - BITS)]!;
  }

  uniform(low: number, high: number): number {
    return low + (high - low) * this.random.next();
  }

  /** Uniform in the logarithm. */
  spread(low: number, high: number): number {
    return low * (high / low) ** this.random.next();
  }

  /** Uniform over low … high, both included. */
  whole(low: number, high: number): number {
    return low + this.random.below(high - low + 1);
  }

  chance(share: number): boolean {
    return this.random.next() < share;
  }

  of<T>(values: readonly T[]): T {
    return values[this.random.below(values.length)]!;
  }

  /** One of the names, as often as its weight says. */
  weighted<T>(choices: readonly (readonly [T, number])[]): T {
    let at = this.random.next() * choices.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [choice, weight] of choices) if ((at -= weight) < 0) return choice;
    return choices.at(-1)![0];
  }

  exponential(): number {
    return -Math.log(1 - this.random.next());
  }

  /** Student's t, three degrees of freedom, scaled to a deviation of about 1. */
  heavy(): number {
    const [a, b, c] = [this.normal(), this.normal(), this.normal()];
    return this.normal() / Math.sqrt(Math.max((a * a + b * b + c * c) / 3, 0.05)) / 1.6;
  }

  /** Poisson; by a normal of the same moments where the mean is large. */
  poisson(mean: number): number {
    if (mean > 40) return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.normal()));
    const least = Math.exp(-mean);
    let count = -1;
    for (let product = 1; product > least || count < 0; count++) product *= this.random.next();
    return count;
  }

  /** Gamma with shape k ≥ ½ and mean 1, by Wilson and Hilferty's cube. */
  gamma(k: number): number {
    const x = 1 - 1 / (9 * k) + this.normal() / (3 * Math.sqrt(k));
    return Math.max(1e-3, x) ** 3;
  }
}
