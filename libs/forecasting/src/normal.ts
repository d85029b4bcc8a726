/** Quantiles of the standard normal distribution. */

/**
 * z with P(Z ≤ z) = p, by Newton steps on Φ; absolute error below 1e-12 for p in [1e-9, 1 − 1e-9].
 * Φ itself is summed from its power series near 0 and its continued fraction in the tails (Abramowitz and Stegun 26.2.11, 26.2.14).
 */
export function normalQuantile(p: number): number {
  if (p === 0.5) return 0;
  if (p > 0.5) return -normalQuantile(1 - p);
  // Start from the tail's leading order; Newton on a monotone function then needs a handful of steps.
  let z = p < 0.1 ? -Math.sqrt(-2 * Math.log(p)) : (p - 0.5) * Math.sqrt(2 * Math.PI);
  for (let i = 0; i < 60; i++) {
    const step = (normalCdf(z) - p) / (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI));
    z -= Math.max(-1, Math.min(1, step));
    if (Math.abs(step) < 1e-13) break;
  }
  return z;
}

/** P(Z ≤ z). */
export function normalCdf(z: number): number {
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < -3.5) {
    let fraction = 0;
    for (let k = 120; k >= 1; k--) fraction = k / (-z + fraction);
    return density / (-z + fraction);
  }
  let term = z;
  let sum = z;
  for (let k = 3; k < 200; k += 2) {
    term *= (z * z) / k;
    sum += term;
    if (Math.abs(term) < 1e-17) break;
  }
  return 0.5 + density * sum;
}
