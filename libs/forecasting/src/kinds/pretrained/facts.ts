/** What is known of a window as a whole, as numbers of about one size: its seasons, its length, how near zero it is, what predicts it. */
import { FACTS, METHODS } from './shape.js';
import type { WindowSummary } from './summary.js';
import { asinh, bounded, type Window } from './window.js';

/** Errors below so much of the scale look alike. */
const SMALLEST = 1e-3;
const size = (error: number): number => Math.log(error + SMALLEST) / 3;

/** Windows that are easily predicted count more, as relative metrics count them; within bounds. */
const EASY = 0.03;
const EASE = 0.6;
const [LEAST_IMPORTANT, MOST_IMPORTANT] = [0.4, 6];

export class FactSheet {
  readonly values = new Float32Array(FACTS);
  /** How much the window counts in the loss. */
  importance = 1;

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
    let best = Number.isNaN(ofSeason) ? ofLast : ofSeason;
    for (let method = 0; method < METHODS; method++) best = Math.min(best, errors[METHODS + method]!);
    const importance = Number.isNaN(best) ? 1 : (best + EASY) ** -EASE / 2;
    this.importance = Math.max(LEAST_IMPORTANT, Math.min(MOST_IMPORTANT, importance));
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
