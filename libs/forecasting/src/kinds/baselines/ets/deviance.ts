/**
 * What fitting an ETS form minimises, −2 log likelihood up to a constant: the filter of `model.ts` without its state objects, because it
 * runs thousands of times for each series. A test holds the two against each other.
 */
import type { EtsForm, EtsParameters } from './model.js';

/** A product is turned into its logarithm before it leaves what a double can hold. */
const LARGE = 1e200;

/** @returns a function of parameters and first state; `season` is left as the filter leaves it. Not a number where the state runs off */
export function devianceOf(
  { error, season: kind }: EtsForm,
  values: Float64Array,
  count: number,
): (parameters: EtsParameters, level: number, trend: number, season: Float64Array) => number {
  const relative = error === 'M';
  return ({ alpha, beta, gamma, phi }, level, trend, season) => {
    const period = season.length;
    let [squares, logs, product, phase] = [0, 0, 1, 0];
    for (let t = 0; t < values.length; t++) {
      const y = values[t]!;
      const slope = phi * trend;
      const base = level + slope;
      const s = kind === 'N' ? 0 : season[phase]!;
      const expected = kind === 'M' ? base * s : base + s;
      if (y !== y) {
        level = base;
        trend = slope;
      } else {
        const e = y - expected;
        if (relative) {
          const r = e / expected;
          squares += r * r;
          product *= expected < 0 ? -expected : expected;
          if (product > LARGE || product < 1 / LARGE) {
            logs += Math.log(product);
            product = 1;
          }
        } else squares += e * e;
        const surprise = kind === 'M' ? y / s - base : e;
        level = base + alpha * surprise;
        trend = slope + beta * surprise;
        if (kind === 'A') season[phase] = s + gamma * e;
        else if (kind === 'M') season[phase] = s + gamma * (y / base - s);
      }
      if (period > 0 && ++phase === period) phase = 0;
    }
    // A perfect fit would have deviance −∞; a floor keeps forms comparable, and constants then prefer the smallest form.
    const cost = count * Math.log(Math.max(squares, count * 1e-24)) + 2 * (logs + Math.log(product));
    return Number.isNaN(cost) ? Infinity : cost;
  };
}
