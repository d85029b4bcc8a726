/**
 * How much wider or narrower than its members say the intervals of a mix are: by what came inside the histories, at the cutoffs where the
 * members were measured anyway (conformal prediction on rolling cutoffs; a factor on the distance from the median keeps each series' own
 * width and skew). One factor for the inner 80 % and one for the tails, and a slope over the horizon, for the whole panel.
 *
 * Members that were trained could be measured on few series; forecasts in which one of them takes part say more of the mix, and count
 * together as much as all others, or less where they are very few. Factors go half of the way: members that see less of a history err
 * more than they will.
 */
import { anchorIndex } from '../../levels.js';

/** What members forecast at one cutoff of one series, at `WIDTH_LEVELS` among others. */
export interface Window {
  series: number;
  /** A member that was trained takes part, or none could. */
  whole: boolean;
  /** [members] [levels, horizon]; undefined where a member was not measured. */
  quantiles: readonly (Float64Array | undefined)[];
  actual: Float64Array;
}

export interface Widths {
  /** On what lies between the levels .1 and .9. */
  inner: number;
  /** Beyond .025 and .975; between the two in between. */
  outer: number;
  /** The last step's factor over the first one's. */
  slope: number;
}

export const WIDTH_LEVELS = [0.025, 0.1, 0.5, 0.9, 0.975];
const [INNER, OUTER] = [0.4, 0.475];
/**
 * Of the way. One and two horizons before the tests of M3 and tourism, yearly to quarterly, 80 % intervals are .045 off on average without
 * factors, and .032 with .5 as with .85, where quantiles err .2 % more.
 */
const TRUSTED = 0.5;
/** In windows: so many weigh as much as the belief that the members are right. */
const BELIEF = 30;
const [LEAST, MOST] = [0.8, 1.6];
/** So many forecasts with trained members count as much as those without. */
const MANY_WHOLE = 64;
/** Of the slope that was found. */
const SLOPE_TRUSTED = 0.5;
const MOST_SLOPE = 1.3;
/** Tails do not cross what lies inside them. */
const LEAST_OUTER = 0.85;

/** @param shares of the members in the mix of a series, by its place */
export function learnWidths(windows: readonly Window[], levels: readonly number[], shares: (series: number) => readonly number[]): Widths {
  const horizon = windows[0]?.actual.length ?? 0;
  const whole = windows.filter((window) => window.whole).length;
  const both = whole > 0 && whole < windows.length;
  const share = whole / (whole + Math.max(whole, MANY_WHOLE));
  const found: { ratios: [number, number]; weight: number; step: number }[] = [];
  for (const window of windows) {
    const mixed = mixOf(window, shares(window.series));
    if (!mixed) continue;
    const weight = !both ? 1 : window.whole ? share / whole : (1 - share) / (windows.length - whole);
    window.actual.forEach((actual, step) => {
      const at = (level: number): number => mixed[levels.indexOf(level) * horizon + step]!;
      const median = at(0.5);
      const ratio = (low: number, high: number): number =>
        Math.abs(actual - median) / (actual > median ? at(high) - median : median - at(low));
      found.push({ ratios: [ratio(0.1, 0.9), ratio(0.025, 0.975)], weight, step });
    });
  }
  const trust = windows.length / (windows.length + BELIEF);
  const factor = (which: 0 | 1, share: number, part = found): number =>
    weightedQuantile(
      part.flatMap(({ ratios, weight }) => (Number.isFinite(ratios[which]) ? [{ value: ratios[which], weight }] : [])),
      share,
    );
  const bounded = (value: number, power: number, least: number, most: number): number => Math.min(most, Math.max(least, value)) ** power;
  const inner = bounded(factor(0, 0.8), TRUSTED * trust, LEAST, MOST);
  const outer = bounded(factor(1, 0.95), TRUSTED * trust, LEAST, MOST);
  const late = found.filter(({ step }) => 2 * step + 1 > horizon);
  const early = found.filter(({ step }) => 2 * step + 1 < horizon);
  const before = factor(0, 0.8, early);
  const rise = before > 0 ? factor(0, 0.8, late) / before : 1;
  return {
    inner,
    outer: Math.max(LEAST_OUTER * inner, outer),
    // The halves lie half a horizon apart; the ends a whole one.
    slope: bounded(rise, 2 * SLOPE_TRUSTED * trust, 1 / MOST_SLOPE, MOST_SLOPE),
  };
}

/** Of the members that were measured; undefined where none was that counts. */
function mixOf({ quantiles }: Window, shares: readonly number[]): Float64Array | undefined {
  let [mixed, total]: [Float64Array | undefined, number] = [undefined, 0];
  quantiles.forEach((own, m) => {
    if (!own || !(shares[m]! > 0)) return;
    mixed ??= new Float64Array(own.length);
    for (let i = 0; i < own.length; i++) mixed[i]! += shares[m]! * own[i]!;
    total += shares[m]!;
  });
  return (mixed as Float64Array | undefined)?.map((value) => value / total);
}

/** 1 where there is nothing to tell it. */
function weightedQuantile(values: { value: number; weight: number }[], share: number): number {
  values.sort((a, b) => a.value - b.value);
  const total = values.reduce((sum, { weight }) => sum + weight, 0);
  let sum = 0;
  for (const { value, weight } of values) if ((sum += weight) >= share * total) return value;
  return 1;
}

/**
 * Quantiles so much farther from their median.
 *
 * @param quantiles [levels, horizon], of levels with .5 among them
 * @param steps of the horizon that the widths were learned for; steps beyond are treated as its last
 */
export function rescaled(quantiles: Float64Array, levels: readonly number[], { inner, outer, slope }: Widths, steps: number): Float64Array {
  const horizon = quantiles.length / levels.length;
  const anchor = anchorIndex(levels);
  return quantiles.map((value, i) => {
    const q = Math.floor(i / horizon);
    if (q === anchor) return value;
    const step = i % horizon;
    const median = quantiles[anchor * horizon + step]!;
    const out = Math.min(1, Math.max(0, (Math.abs(levels[q]! - 0.5) - INNER) / (OUTER - INNER)));
    const along = Math.min(1, (step + 0.5) / steps) - 0.5;
    return median + (value - median) * inner ** (1 - out) * outer ** out * slope ** along;
  });
}
