/** Special functions that the likelihoods of the heads and their quantiles need. */
import { incompleteBeta, lnGamma, studentTUpperTail } from '../metrics/studentT.js';
import { normalQuantile } from '../normal.js';

/** Far more than any level within 1e-9 of 0 or 1 takes. */
const MOST_NEWTON_STEPS = 100;

/** ψ(x) = d/dx ln Γ(x) for x > 0, by its asymptotic series after shifting x above 10 (NIST DLMF 5.11.2). */
export function digamma(x: number): number {
  let shift = 0;
  while (x < 10) shift -= 1 / x++;
  const square = 1 / (x * x);
  return shift + Math.log(x) - 0.5 / x - square * (1 / 12 - square * (1 / 120 - square / 252));
}

export function softplus(x: number): number {
  return x > 30 ? x : Math.log1p(Math.exp(x));
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/**
 * Quantile of the standard Student t distribution. Above the median its tail is convex and heavier than the normal one's, so that
 * Newton's steps from the normal quantile rise to the root and never pass it: some five evaluations of the tail, whatever the level.
 */
export function studentTQuantile(level: number, degrees: number): number {
  if (level === 0.5) return 0;
  if (level < 0.5) return -studentTQuantile(1 - level, degrees);
  const lnScale = lnGamma((degrees + 1) / 2) - lnGamma(degrees / 2) - 0.5 * Math.log(degrees * Math.PI);
  let t = normalQuantile(level);
  for (let step = 0; step < MOST_NEWTON_STEPS; step++) {
    const density = Math.exp(lnScale - ((degrees + 1) / 2) * Math.log1p((t * t) / degrees));
    const rise = (studentTUpperTail(t, degrees) - (1 - level)) / density;
    t += rise;
    if (Math.abs(rise) <= 1e-10 * Math.max(1, t)) break;
  }
  return t;
}

/** Least count k with P(Y ≤ k) ≥ level for a negative binomial of mean μ and r = 1/dispersion. */
export function negativeBinomialQuantile(level: number, mean: number, r: number): number {
  const below = (k: number): boolean => incompleteBeta(r, k + 1, r / (r + mean)) < level;
  if (!below(0)) return 0;
  let low = 0;
  let high = Math.max(1, Math.ceil(mean));
  while (below(high)) [low, high] = [high, high * 2];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (below(middle)) low = middle;
    else high = middle;
  }
  return high;
}
