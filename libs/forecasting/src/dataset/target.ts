/**
 * What the observed values of a target say about every value it can take, and forecasts that keep to it.
 *
 * The rule: a target is non-negative where none of its observed values is below 0, and whole where it has at least
 * `ENOUGH` observed values and all of them are whole numbers. Both are said of a panel, because its series are one target.
 */
import { type SeriesData } from '../forecaster.js';

export interface TargetKind {
  nonNegative: boolean;
  /** Counts, or anything else in whole numbers. */
  whole: boolean;
}

/** A handful of whole numbers may be chance: prices of 3, 4 and 5 say nothing about the next. */
const ENOUGH = 20;

/** No observed value is below 0; true where there is none. */
export function neverNegative(series: readonly SeriesData[]): boolean {
  return series.every(({ values }) => values.every((value) => !(value < 0)));
}

/** @example predict(panel, { horizon, levels, target: targetKindOf(panel.series) }) */
export function targetKindOf(series: readonly SeriesData[]): TargetKind {
  let [observed, negative, fractions] = [0, 0, 0];
  for (const { values } of series)
    for (const value of values) {
      if (Number.isNaN(value)) continue;
      observed++;
      if (value < 0) negative++;
      if (!Number.isInteger(value)) fractions++;
    }
  return { nonNegative: observed > 0 && negative === 0, whole: observed >= ENOUGH && fractions === 0 };
}

/**
 * Brings quantiles to values that the target can take, in place: below 0 becomes 0, then each goes to the nearest whole number. Both are
 * monotone, so quantiles stay in order; a quantile of whole numbers is a whole number itself, and moves by half of one at most.
 */
export function keepTo(target: TargetKind | undefined, quantiles: Float64Array): Float64Array {
  if (!target) return quantiles;
  for (let i = 0; i < quantiles.length; i++) {
    if (target.nonNegative && quantiles[i]! < 0) quantiles[i] = 0;
    // The sum turns −0 into 0.
    if (target.whole) quantiles[i] = Math.round(quantiles[i]!) + 0;
  }
  return quantiles;
}
