/**
 * Sampled paths: possible futures of a series, not step by step but whole, as questions about totals, peaks and durations need.
 *
 * A head that forecasts every step at once says how likely each value is, not how the steps hang together. Their dependence is a
 * Gaussian copula (Pinson et al. 2009): normal scores that follow an autoregression of order one, whose coefficient, the
 * persistence, is that of the ranks of the model's own errors on windows it never trained on. Each step of the paths so keeps
 * the distribution that was forecast for it. A recursive decoder that learned from the truth needs no copula: see `decoders/recursive`.
 *
 * Invariant: paths depend on seed, id and number alone: neither on other series, nor on how many paths are asked for.
 */
import { normalCdf } from '../normal.js';
import { Random } from '../dataset/random.js';
import type { Score } from './step.js';

const PURPOSE = 95;
/** Scores beyond this are not distinguished, and errors that always repeat would make all steps one. */
const FARTHEST = 3;
const MOST = 0.98;

export interface PathOptions {
  count: number;
  /** The same seed gives the same paths. */
  seed: number;
}

/** The draws of one path of a series. */
export function pathDraws(id: string, seed: number, path: number): Random {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return new Random((hash >>> 0) + 4294967296 * seed, PURPOSE, path);
}

export function scoreAt(z: number): Score {
  return { z, level: z > 0 ? 1 - normalCdf(-z) : normalCdf(z) };
}

/**
 * @param persistence 0 … 1, of neighbouring normal scores
 * @param quantile value of a step at a score
 * @returns [count, horizon]
 */
export function copulaPaths(
  id: string,
  { count, seed }: PathOptions,
  horizon: number,
  persistence: number,
  quantile: (step: number, score: Score) => number,
): Float64Array {
  const paths = new Float64Array(count * horizon);
  const fresh = Math.sqrt(1 - persistence ** 2);
  for (let k = 0; k < count; k++) {
    const random = pathDraws(id, seed, k);
    let z = random.normal();
    for (let t = 0; t < horizon; t++) {
      if (t > 0) z = persistence * z + fresh * random.normal();
      paths[k * horizon + t] = quantile(t, scoreAt(z));
    }
  }
  return paths;
}

/** The normal score of an outcome, by halving: which score's quantile it is. */
export function scoreOfOutcome(value: number, quantile: (score: Score) => number): number {
  let [low, high] = [-FARTHEST, FARTHEST];
  for (let i = 0; i < 9; i++) {
    const middle = (low + high) / 2;
    if (quantile(scoreAt(middle)) < value) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** How much of one step's score the next one keeps, over sequences of scores; NaN where not observed. 0 where nothing is known. */
export function persistenceOf(sequences: Iterable<ArrayLike<number>>): number {
  let products = 0;
  let squares = 0;
  for (const scores of sequences) {
    for (let t = 1; t < scores.length; t++) {
      const [before, after] = [scores[t - 1]!, scores[t]!];
      if (Number.isNaN(before) || Number.isNaN(after)) continue;
      products += before * after;
      squares += (before * before + after * after) / 2;
    }
  }
  return squares > 0 ? Math.min(MOST, Math.max(0, products / squares)) : 0;
}

/** Quantile of draws in ascending order, between the two nearest; the i-th of n stands for the level (i + ½) / n. */
export function sampleQuantile(sorted: ArrayLike<number>, level: number): number {
  const place = Math.min(sorted.length - 1, Math.max(0, level * sorted.length - 0.5));
  const below = sorted[Math.floor(place)]!;
  return below + (place % 1) * (sorted[Math.ceil(place)]! - below);
}
