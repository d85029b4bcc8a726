/** Special functions that the likelihoods of the heads and their quantiles need. */
import { incompleteBeta, studentTUpperTail } from '../metrics/studentT.js';

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

/** Quantile of the standard Student t distribution. */
export function studentTQuantile(level: number, degrees: number): number {
  if (level === 0.5) return 0;
  if (level < 0.5) return -studentTQuantile(1 - level, degrees);
  let high = 1;
  while (studentTUpperTail(high, degrees) > 1 - level) high *= 2;
  return bisect(0, high, (t) => studentTUpperTail(t, degrees) > 1 - level);
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

/** The point in [low, high] where `before` turns false, to 1e-10 of the range. */
function bisect(low: number, high: number, before: (x: number) => boolean): number {
  const width = (high - low) * 1e-10;
  while (high - low > width) {
    const middle = (low + high) / 2;
    if (before(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
