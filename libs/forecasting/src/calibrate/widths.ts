/**
 * Split-conformal calibration of a fitted model (Romano et al. 2019, in relative form): how far each quantile must stand from the
 * median, as a factor on its own distance, for it to be passed as often as its level says on windows that training never saw.
 *
 * Invariants: the median stays; factors are equal for the two levels of a central interval, and distances stay ordered by `applyWidths`.
 */

/** Fewer windows than this say too little about a tail. */
const LEAST_RESIDUALS = 400;
/** Validation windows are not the future: no factor leaves this range. */
const RANGE = [0.7, 2] as const;

/** Quantiles and outcomes of validation windows, in whichever units. */
export interface Scored {
  /** [rows, levels] */
  quantiles: Float32Array;
  /** [rows]; NaN where not observed. */
  actual: Float32Array;
}

/**
 * @param trust share of the correction that is applied, 0 … 1: little when all windows are of one period, which may be an unusual one
 * @returns one factor per level; 1 where there is too little to say
 */
export function widthFactors({ quantiles, actual }: Scored, levels: readonly number[], anchor: number, trust = 1): number[] {
  const Q = levels.length;
  const factors = levels.map((level, q) => {
    if (q === anchor) return 1;
    const ratios: number[] = [];
    for (let row = 0; row < actual.length; row++) {
      const median = quantiles[row * Q + anchor]!;
      const distance = quantiles[row * Q + q]! - median;
      const ratio = (actual[row]! - median) / distance;
      if (Number.isFinite(ratio)) ratios.push(ratio);
    }
    if (ratios.length < LEAST_RESIDUALS) return 1;
    ratios.sort((a, b) => a - b);
    // On either side the outcome lies beyond the quantile with the probability of the smaller tail.
    const beyond = q > anchor ? level : 1 - level;
    return ratios[Math.min(ratios.length - 1, Math.floor(beyond * (ratios.length + 1)))]!;
  });
  return factors.map((factor, q) => {
    const mirror = levels.findIndex((level) => Math.abs(level - (1 - levels[q]!)) < 1e-9);
    const mean = mirror >= 0 ? (factor + factors[mirror]!) / 2 : factor;
    return 1 + trust * (Math.min(RANGE[1], Math.max(RANGE[0], mean)) - 1);
  });
}

/** Applies factors to one row of ascending quantiles; the result ascends too. */
export function applyWidths(row: Float64Array, factors: readonly number[], anchor: number): void {
  const median = row[anchor]!;
  for (let q = 0; q < row.length; q++) row[q] = median + factors[q]! * (row[q]! - median);
  for (let q = anchor + 1; q < row.length; q++) row[q] = Math.max(row[q]!, row[q - 1]!);
  for (let q = anchor - 1; q >= 0; q--) row[q] = Math.min(row[q]!, row[q + 1]!);
}
