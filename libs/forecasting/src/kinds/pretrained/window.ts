/** A window of one series, and the scale it is read on: u = (x − location) / scale, z = asinh u. */

export interface Window {
  /** At most the last `LOOK_BACK` steps before the first that is forecast; NaN where unknown. */
  history: Float64Array;
  /** Steps per season; 1 for none. */
  season: number;
  /** Of the longer season; 0 for none. */
  second: number;
  /** What followed, for training. */
  future?: Float64Array;
}

/** Nothing is further from the location than so much, in z. */
const FARTHEST = 6;

export const bounded = (z: number): number => Math.max(-FARTHEST, Math.min(FARTHEST, z));

/** The inverse hyperbolic sine, quicker than the built-in one and as good for float32. */
export function asinh(u: number): number {
  return u >= 0 ? Math.log(u + Math.sqrt(u * u + 1)) : -Math.log(-u + Math.sqrt(u * u + 1));
}
