/** What is known of a window as a whole, as numbers of about one size: its seasons, its length, how near zero it is, what predicts it. */
import { CANDIDATES, FACTS, LAGS, METHODS, SEASON_LAGS } from './shape.js';
import type { WindowSummary } from './summary.js';
import { asinh, bounded, type Window } from './window.js';

/** Errors below so much of the scale look alike. */
const SMALLEST = 1e-3;
const size = (error: number): number => Math.log(error + SMALLEST) / 3;

/** Windows that are easily predicted count more, as relative metrics count them; within bounds. */
const EASY = 0.03;
const EASE = 0.6;
/** A candidate begins with a weight of its error to so high a power. */
const TRUST = 1.5;
const LEAST_TRUSTED = -5;
/** Each season further back is trusted less. */
const OLDER = 0.25;
/** Errors grow with the root of the steps ahead, up to so many times what they are about a season ahead. */
const MOST_GROWTH = 2;
const [LEAST_IMPORTANT, MOST_IMPORTANT] = [0.4, 6];

export class FactSheet {
  readonly values = new Float32Array(FACTS);
  /** How much the window counts in the loss. */
  importance = 1;
  /** [K] What each candidate's logit begins with, by how well it did in the window. */
  readonly trust = new Float32Array(CANDIDATES);
  private near = 0;
  private far = 0;
  private ahead = 1;

  of({ season, second }: Window, summary: WindowSummary): void {
    const { values } = this;
    const { plain, logarithmic, hasLogarithms, location, scale, known, length, scaled } = summary;
    const ofLast = difference(scaled, length, 1);
    const ofSeason = season > 1 ? difference(scaled, length, season) : ofLast;
    const ofSecond = second > 1 ? difference(scaled, length, second) : NaN;
    const errors = plain.errors;
    const logErrors = hasLogarithms ? logarithmic.errors : errors;
    let at = 0;
    const put = (value: number): void => {
      values[at++] = value === value ? value : 0;
    };
    put(Math.log(season) / 5);
    put(second > 1 ? Math.log(second) / 7 : 0);
    put(season > 1 ? 0 : 1);
    put(second > 1 ? 0 : 1);
    put(Math.log(Math.max(known, 1)) / 6);
    put(season > 1 ? Math.log(Math.max(known, 1) / season) / 3 : 0);
    put(1 - known / Math.max(1, Math.min(length, 512)));
    put(hasLogarithms ? 1 : 0);
    put(bounded(asinh(-location / scale)) / 3);
    put(summary.lowest >= 0 ? 1 : 0);
    put(known > 0 ? summary.zeros / known : 0);
    put(summary.whole ? 1 : 0);
    put(plain.strength);
    put(hasLogarithms ? logarithmic.strength : 0);
    put(size(ofLast));
    put(size(ofSeason));
    put(size(ofSecond));
    put(asinh(lastOf(scaled, length)));
    put(summary.whole ? Math.min(1, 1 / scale) : 0);
    put(Math.log(summary.ahead) / 4);
    for (const error of errors) put(size(error));
    for (const error of logErrors) put(size(error));
    this.weigh(ofSeason === ofSeason ? ofSeason : ofLast, ofSecond, errors, logErrors);
    this.ahead = summary.ahead;
    const importance = (this.far + EASY) ** -EASE / 2;
    this.importance = Math.max(LEAST_IMPORTANT, Math.min(MOST_IMPORTANT, importance));
  }

  /** What a forecast `h` steps ahead (1, 2, …) may be expected to be off by, in units of the scale. */
  expected(h: number): number {
    const growth = Math.min(MOST_GROWTH, Math.sqrt(h / this.ahead));
    return SMALLEST + this.near + Math.max(0, this.far - this.near) * growth;
  }

  private weigh(ofSeason: number, ofSecond: number, errors: Float64Array, logErrors: Float64Array): void {
    const { trust } = this;
    const lag = ofSeason === ofSeason ? ofSeason : 1;
    const secondLag = ofSecond === ofSecond ? ofSecond : 2 * lag;
    let [near, far] = [lag, lag];
    for (let method = 0; method < METHODS; method++) {
      near = Math.min(near, errors[method]!, logErrors[method]!);
      far = Math.min(far, errors[METHODS + method]!, logErrors[METHODS + method]!);
    }
    this.near = near;
    this.far = far;
    const logit = (error: number): number => Math.max(LEAST_TRUSTED, -TRUST * Math.log((error + SMALLEST) / (far + SMALLEST)));
    for (let k = 0; k < LAGS; k++) trust[k] = k < SEASON_LAGS ? logit(lag) - OLDER * k : logit(secondLag) - OLDER * (k - SEASON_LAGS);
    for (let method = 0; method < METHODS; method++) {
      trust[LAGS + method] = logit(errors[METHODS + method]!);
      trust[LAGS + METHODS + method] = logit(logErrors[METHODS + method]!);
    }
  }
}

/** Mean absolute difference of values `lag` steps apart; NaN where there are none. */
function difference(values: Float64Array, length: number, lag: number): number {
  let [sum, count] = [0, 0];
  for (let t = lag; t < length; t++) {
    const off = values[t]! - values[t - lag]!;
    if (off !== off) continue;
    sum += Math.abs(off);
    count++;
  }
  return count > 0 ? sum / count : NaN;
}

function lastOf(values: Float64Array, length: number): number {
  for (let t = length - 1; t >= 0; t--) if (values[t]! === values[t]!) return values[t]!;
  return 0;
}
