/**
 * Metrics of a quantile forecast of one series. `quantiles` is [levels, horizon], level-major, as in `SeriesForecast`.
 *
 * Invariants: missing actuals are left out as in `point.ts`; one level alone is a point forecast, which counts at every
 * level; between two levels a quantile is interpolated, and beyond the outermost it is that outermost one.
 */
import { DECILES } from '@almanac/series';
import { meanObserved, scaled } from './point.js';

/** The loss whose expectation the τ-quantile minimises: max(τ(y − q), (τ − 1)(y − q)) (Koenker and Bassett 1978). */
export function pinball(level: number, actual: number, quantile: number): number {
  const error = actual - quantile;
  return error >= 0 ? level * error : (level - 1) * error;
}

/** The quantile row [horizon] at `level`. */
export function quantileRow(quantiles: ArrayLike<number>, levels: readonly number[], level: number): Float64Array {
  const horizon = quantiles.length / levels.length;
  const row = new Float64Array(horizon);
  let above = levels.findIndex((candidate) => candidate >= level - 1e-9);
  if (above < 0) above = levels.length - 1;
  const exact = Math.abs(levels[above]! - level) < 1e-9;
  const below = exact || levels[above]! < level ? above : Math.max(0, above - 1);
  const weight = above === below ? 0 : (level - levels[below]!) / (levels[above]! - levels[below]!);
  for (let step = 0; step < horizon; step++) {
    const low = quantiles[below * horizon + step]!;
    row[step] = weight === 0 ? low : low + weight * (quantiles[above * horizon + step]! - low);
  }
  return row;
}

/** Numerator and denominator of WQL, kept apart because WQL is pooled: sum both over series, then divide. */
export interface WqlParts {
  /** 2 · Σ pinball, averaged over the deciles. */
  loss: number;
  /** Σ |y| over the observed steps. */
  size: number;
}

export function wqlParts(actual: ArrayLike<number>, quantiles: ArrayLike<number>, levels: readonly number[]): WqlParts {
  let loss = 0;
  let size = 0;
  const rows = decileRows(quantiles, levels);
  for (let step = 0; step < actual.length; step++) {
    const y = actual[step]!;
    if (Number.isNaN(y)) continue;
    size += Math.abs(y);
    loss += decileLoss(y, rows, step);
  }
  return { loss, size };
}

/** The nine decile rows of a forecast. */
export function decileRows(quantiles: ArrayLike<number>, levels: readonly number[]): Float64Array[] {
  return DECILES.map((level) => quantileRow(quantiles, levels, level));
}

/** 2 · pinball of one step, averaged over the deciles. */
export function decileLoss(actual: number, rows: readonly Float64Array[], step: number): number {
  let sum = 0;
  for (let k = 0; k < DECILES.length; k++) sum += pinball(DECILES[k]!, actual, rows[k]![step]!);
  return (2 * sum) / DECILES.length;
}

/** 2 · Σ pinball / Σ |y| averaged over the nine deciles, of one series; pool `wqlParts` for several (GluonTS, GIFT-Eval). */
export function wql(actual: ArrayLike<number>, quantiles: ArrayLike<number>, levels: readonly number[]): number {
  const { loss, size } = wqlParts(actual, quantiles, levels);
  return size === 0 ? Number.NaN : loss / size;
}

/**
 * Mean continuous ranked probability score, in the unit of the series: CRPS = 2 ∫ pinball(τ) dτ (Gneiting and Ranjan
 * 2011), the integral taken with each level standing for the levels nearer to it than to its neighbours.
 */
export function crps(actual: ArrayLike<number>, quantiles: ArrayLike<number>, levels: readonly number[]): number {
  return meanObserved(actual, (y, step) => crpsTerm(y, quantiles, levels, step));
}

export function crpsTerm(actual: number, quantiles: ArrayLike<number>, levels: readonly number[], step: number): number {
  const horizon = quantiles.length / levels.length;
  if (levels.length === 1) return Math.abs(actual - quantiles[step]!);
  let sum = 0;
  for (let k = 0; k < levels.length; k++) {
    const from = k === 0 ? 0 : (levels[k - 1]! + levels[k]!) / 2;
    const to = k === levels.length - 1 ? 1 : (levels[k]! + levels[k + 1]!) / 2;
    sum += (to - from) * 2 * pinball(levels[k]!, actual, quantiles[k * horizon + step]!);
  }
  return sum;
}

/** Width plus 2/α times the miss, of one step's central (1 − α) interval (Gneiting and Raftery 2007). */
export function intervalScore(actual: number, lower: number, upper: number, alpha: number): number {
  return upper - lower + (2 / alpha) * (Math.max(0, lower - actual) + Math.max(0, actual - upper));
}

/** Mean interval score over the MASE scale, α = 0.05 in M4. */
export function msis(actual: ArrayLike<number>, lower: ArrayLike<number>, upper: ArrayLike<number>, scale: number, alpha = 0.05): number {
  return scaled(
    meanObserved(actual, (y, step) => intervalScore(y, lower[step]!, upper[step]!, alpha)),
    scale,
  );
}

/** Share of observed steps inside [lower, upper], 0 to 1; a bound itself counts as inside. */
export function coverage(actual: ArrayLike<number>, lower: ArrayLike<number>, upper: ArrayLike<number>): number {
  return meanObserved(actual, (y, step) =>
    Number.isNaN(lower[step]!) || Number.isNaN(upper[step]!) ? Number.NaN : Number(y >= lower[step]! && y <= upper[step]!),
  );
}

/** A central interval made of two of a forecast's levels; `nominal` is its promised coverage, e.g. 0.8. */
export interface CentralInterval {
  nominal: number;
  lower: number;
  upper: number;
}

/** The central intervals that `levels` contains, widest first. */
export function centralIntervals(levels: readonly number[]): CentralInterval[] {
  return levels.flatMap((level, lower) => {
    if (level >= 0.5) return [];
    const upper = levels.findIndex((other) => Math.abs(level + other - 1) < 1e-9);
    return upper < 0 ? [] : [{ nominal: Number((1 - 2 * level).toFixed(9)), lower, upper }];
  });
}
