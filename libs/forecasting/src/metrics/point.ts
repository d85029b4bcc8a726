/**
 * Metrics of a point forecast of one series. Arrays run over the horizon and have equal length.
 *
 * Invariants: a step whose actual is NaN was not observed and is left out; a NaN forecast of an observed step makes the
 * metric NaN, because hiding it would flatter the model; a metric without any observed step is NaN.
 */

/** Mean of `term` over the observed steps. */
export function meanObserved(actual: ArrayLike<number>, term: (actual: number, step: number) => number): number {
  let sum = 0;
  let count = 0;
  for (let step = 0; step < actual.length; step++) {
    const value = actual[step]!;
    if (Number.isNaN(value)) continue;
    sum += term(value, step);
    count++;
  }
  return count === 0 ? Number.NaN : sum / count;
}

/** Mean |y − f|, in the unit of the series. */
export function mae(actual: ArrayLike<number>, forecast: ArrayLike<number>): number {
  return meanObserved(actual, (y, step) => Math.abs(y - forecast[step]!));
}

/** √ mean (y − f)², in the unit of the series. */
export function rmse(actual: ArrayLike<number>, forecast: ArrayLike<number>): number {
  return Math.sqrt(meanObserved(actual, (y, step) => (y - forecast[step]!) ** 2));
}

/** One step's share of sMAPE, 0 to 200; a zero forecast of a zero is no error. */
export function smapeTerm(actual: number, forecast: number): number {
  const size = Math.abs(actual) + Math.abs(forecast);
  return size === 0 ? 0 : (200 * Math.abs(actual - forecast)) / size;
}

/** Mean 200·|y − f| / (|y| + |f|), in percent (Makridakis 1993, as in the M4 evaluation code). */
export function smape(actual: ArrayLike<number>, forecast: ArrayLike<number>): number {
  return meanObserved(actual, (y, step) => smapeTerm(y, forecast[step]!));
}

/**
 * The denominator of MASE and MSIS: mean |y_t − y_(t−m)| over the history, pairs with a missing end left out
 * (Hyndman and Koehler 2006; M4 uses m = the season length). A history that holds no full season is measured at
 * lag 1, as GluonTS does. NaN where no pair was observed; 0 for a history that repeats exactly.
 */
export function seasonalScale(history: ArrayLike<number>, seasonLength: number): number {
  const lag = history.length > seasonLength ? Math.max(1, seasonLength) : 1;
  let sum = 0;
  let count = 0;
  for (let t = lag; t < history.length; t++) {
    const difference = Math.abs(history[t]! - history[t - lag]!);
    if (Number.isNaN(difference)) continue;
    sum += difference;
    count++;
  }
  return count === 0 ? Number.NaN : sum / count;
}

/** `error / scale`, undefined (NaN) rather than infinite where the history gives no scale. */
export function scaled(error: number, scale: number): number {
  return scale > 0 ? error / scale : Number.NaN;
}

/** Mean |y − f| over the in-sample seasonal naive error (Hyndman and Koehler 2006); NaN where that error is 0. */
export function mase(actual: ArrayLike<number>, forecast: ArrayLike<number>, scale: number): number {
  return scaled(mae(actual, forecast), scale);
}

/** A pair of figures averaged over series, as OWA compares them. */
export interface OwaParts {
  smape: number;
  mase: number;
}

/** ½ (sMAPE / sMAPE of Naive2 + MASE / MASE of Naive2), both averaged over all series first (M4 competitor's guide). */
export function owa(model: OwaParts, naive2: OwaParts): number {
  return 0.5 * (model.smape / naive2.smape + model.mase / naive2.mase);
}
