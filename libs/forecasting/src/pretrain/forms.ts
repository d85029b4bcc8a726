/**
 * What a dimensionless path becomes as the values of a series: a level that it moves about, growth in proportion, shares between bounds,
 * counts, rare events, values cut off where a meter or a stock ends. And what happens to a series on the way: shifts, outliers, rounding.
 */
import type { Draws } from './draws.js';

/** Paths further from zero are not exponentiated. */
const MOST = 4;
const exp = (x: number): number => Math.exp(Math.max(-7, Math.min(MOST, x)));

type Form = (draws: Draws, x: Float64Array, season: number) => void;

const level: Form = (draws, x) => {
  const base = draws.of([0, draws.uniform(-2, 2), draws.spread(1, 30), draws.spread(3, 300)]);
  for (let t = 0; t < x.length; t++) x[t]! += base;
};

/** Growth and seasons in proportion to the level. */
const proportional: Form = (draws, x) => {
  const strength = draws.of([0.1, 0.3, 0.6, 1]);
  for (let t = 0; t < x.length; t++) x[t] = exp(strength * x[t]!);
};

const positivePart: Form = (draws, x) => {
  const base = draws.uniform(-0.5, 2);
  for (let t = 0; t < x.length; t++) x[t] = Math.max(0, x[t]! + base);
};

const squared: Form = (draws, x) => {
  const base = draws.uniform(1, 4);
  for (let t = 0; t < x.length; t++) x[t] = Math.max(0, x[t]! + base) ** 2;
};

/** A share of a whole: rates, utilisation, humidity. */
const share: Form = (draws, x) => {
  const [base, steep] = [draws.uniform(-2, 2), draws.uniform(0.4, 2)];
  for (let t = 0; t < x.length; t++) x[t] = 1 / (1 + Math.exp(-(base + steep * x[t]!)));
};

/** Poisson or negative binomial counts. */
const counts: Form = (draws, x) => {
  const [base, steep] = [draws.uniform(-1.5, 4), draws.uniform(0.2, 0.9)];
  const dispersion = draws.chance(0.5) ? draws.spread(0.6, 20) : 0;
  for (let t = 0; t < x.length; t++)
    x[t] = draws.poisson(exp(Math.min(base + steep * x[t]!, 5.5)) * (dispersion > 0 ? draws.gamma(dispersion) : 1));
};

/** Demand that is mostly zero; its sizes are counts or amounts. */
const intermittent: Form = (draws, x, season) => {
  const [rarity, follows] = [draws.uniform(-2.5, 1), draws.chance(0.6) ? draws.uniform(0.3, 1.2) : 0];
  const size = draws.of(['one', 'count', 'amount'] as const);
  const [mean, wide] = [draws.spread(1, 20), draws.uniform(0.2, 0.8)];
  const closed = season > 2 && draws.chance(0.2) ? draws.whole(0, season - 1) : -1;
  for (let t = 0; t < x.length; t++) {
    const occurs = t % season !== closed && draws.chance(1 / (1 + Math.exp(-(rarity + follows * x[t]!))));
    if (!occurs) x[t] = 0;
    else if (size === 'one') x[t] = 1 + draws.poisson(0.2);
    else x[t] = size === 'count' ? 1 + draws.poisson(mean) : mean * exp(wide * draws.normal());
  }
};

const FORMS: readonly (readonly [Form, number])[] = [
  [level, 34],
  [proportional, 34],
  [positivePart, 8],
  [squared, 5],
  [share, 5],
  [counts, 9],
  [intermittent, 5],
];

export function giveForm(draws: Draws, x: Float64Array, season: number): void {
  draws.weighted(FORMS)(draws, x, season);
}

/** Series of growth and level only, for business series; those without a season grow by sums more often than in proportion. */
export function giveBusinessForm(draws: Draws, x: Float64Array, season: number): void {
  if (draws.chance(season === 1 ? 0.6 : 0.35)) {
    const base = draws.spread(2, 30);
    for (let t = 0; t < x.length; t++) x[t]! += base;
  } else for (let t = 0; t < x.length; t++) x[t] = exp(x[t]!);
}

/** Level shifts and pulses, before the form. */
export function disturb(draws: Draws, x: Float64Array): void {
  const T = x.length;
  if (draws.chance(0.13)) {
    for (let count = draws.whole(1, 2); count > 0; count--) {
      const [at, by] = [draws.whole(T >> 3, T - 1), 1.2 * draws.normal()];
      // Some come back.
      const end = draws.chance(0.3) ? Math.min(T, at + draws.whole(3, Math.max(4, T >> 3))) : T;
      for (let t = at; t < end; t++) x[t]! += by;
    }
  }
  if (draws.chance(0.12)) {
    const often = draws.spread(0.002, 0.03);
    const size = draws.spread(1, 6);
    const sign = draws.chance(0.5) ? 0 : draws.chance(0.6) ? 1 : -1;
    for (let t = 0; t < T; t++) if (draws.chance(often)) x[t]! += size * (sign === 0 ? draws.normal() : sign * draws.exponential());
  }
}

/** Censoring and rounding, after the form. */
export function measure(draws: Draws, x: Float64Array): void {
  let [low, high] = [Infinity, -Infinity];
  for (const value of x) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const range = high - low;
  if (!(range > 0)) return;
  if (draws.chance(0.04)) {
    const cap = high - range * draws.uniform(0.05, 0.5);
    for (let t = 0; t < x.length; t++) x[t] = Math.min(cap, x[t]!);
  }
  if (draws.chance(0.04)) {
    const floor = low + range * draws.uniform(0.05, 0.5);
    for (let t = 0; t < x.length; t++) x[t] = Math.max(floor, x[t]!);
  }
  if (draws.chance(0.2)) {
    const unit = range / draws.spread(8, 400);
    for (let t = 0; t < x.length; t++) x[t] = unit * Math.round(x[t]! / unit);
  }
}
