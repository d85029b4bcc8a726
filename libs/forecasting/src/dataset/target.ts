/**
 * What the observed values of a series say about every value it can take, and forecasts that keep to it.
 *
 * The rule, said of each series by itself, since a thermometer among counts makes none of them a temperature: a target is non-negative
 * where none of its observed values is below 0, and whole where all of them are whole numbers. A series of fewer than `ENOUGH` observed
 * values says too little alone: it is what its panel is as well, as long as nothing of its own speaks against it.
 */
import type { SeriesData } from '../panel.js';
import { intermittentOf } from './intermittent.js';

export interface TargetKind {
  nonNegative: boolean;
  /** Counts, or anything else in whole numbers. */
  whole: boolean;
  /** Of a series that is mostly 0: its smallest value above 0, infinite where it has long been 0. Nothing lies between the two. */
  least?: number;
}

/** By the id of the series. */
export type TargetKinds = ReadonlyMap<string, TargetKind>;

/** What training notes of its series for whoever forecasts them later. */
export interface LearnedTargets {
  /** Of all of them together; the one word of older checkpoints. */
  target?: TargetKind;
  /** Of each, where they are not all of one kind. */
  targets?: Record<string, TargetKind>;
}

/** A handful of whole numbers may be chance: prices of 3, 4 and 5 say nothing about the next. */
const ENOUGH = 20;

/** So many zeros and nothing else leave less than 2.5 % for the next to be anything else (rule of succession). */
const LONG_ZERO = 38;

/** No observed value is below 0; true where there is none. */
export function neverNegative(series: readonly SeriesData[]): boolean {
  return series.every(({ values }) => {
    // A plain loop: it is asked of every series that is forecast.
    for (let t = 0; t < values.length; t++) if (values[t]! < 0) return false;
    return true;
  });
}

interface Seen {
  observed: number;
  negative: number;
  fractions: number;
}

function seenIn(series: readonly Pick<SeriesData, 'values'>[]): Seen {
  const seen = { observed: 0, negative: 0, fractions: 0 };
  for (const { values } of series)
    for (const value of values) {
      if (Number.isNaN(value)) continue;
      seen.observed++;
      if (value < 0) seen.negative++;
      if (!Number.isInteger(value)) seen.fractions++;
    }
  return seen;
}

const kindOf = ({ observed, negative, fractions }: Seen): TargetKind => ({
  nonNegative: observed > 0 && negative === 0,
  whole: observed >= ENOUGH && fractions === 0,
});

/** Of a series that is unknown, in the company of others. */
function kindAmong(panel: TargetKind, seen: Seen): TargetKind {
  if (seen.observed >= ENOUGH) return kindOf(seen);
  const free = seen.fractions === 0;
  // A few whole numbers, none of them negative, are rather a count than a temperature.
  return { nonNegative: seen.negative === 0 && (panel.nonNegative || (free && seen.observed > 0)), whole: free && panel.whole };
}

function withLeast(kind: TargetKind, values: Float64Array): TargetKind {
  const { nonNegative, whole } = kind;
  const rare = nonNegative ? intermittentOf(values, []) : undefined;
  const least = rare?.least ?? (rare && rare.observed >= LONG_ZERO ? Infinity : undefined);
  return { nonNegative, whole, ...(least === undefined ? {} : { least }) };
}

/** @example predict(panel, { horizon, levels, targets: targetKindsOf(panel.series) }) */
export function targetKindsOf(series: readonly SeriesData[]): TargetKinds {
  const panel = kindOf(seenIn(series));
  return new Map(series.map((one) => [one.id, withLeast(kindAmong(panel, seenIn([one])), one.values)]));
}

export function learnedTargets(series: readonly SeriesData[]): LearnedTargets {
  const target = kindOf(seenIn(series));
  const each = series.map((one) => [one.id, kindAmong(target, seenIn([one]))] as const);
  const alike = each.every(([, kind]) => kind.nonNegative === target.nonNegative && kind.whole === target.whole);
  return { target, ...(alike ? {} : { targets: Object.fromEntries(each) }) };
}

/** As training noted them, unless what was observed since speaks against it; undefined where nobody looked. */
export function targetsFor({ target, targets }: LearnedTargets, series: readonly SeriesData[]): TargetKinds | undefined {
  if (!target) return undefined;
  return new Map(
    series.map((one) => {
      const seen = seenIn([one]);
      const known = targets ? (Object.hasOwn(targets, one.id) ? targets[one.id] : undefined) : target;
      const kind = known
        ? { nonNegative: known.nonNegative && seen.negative === 0, whole: known.whole && seen.fractions === 0 }
        : kindAmong(target, seen);
      return [one.id, withLeast(kind, one.values)];
    }),
  );
}

/**
 * Brings quantiles to values that the target can take, in place: below 0 becomes 0, what lies nearer to 0 than to the smallest value of a
 * series that is mostly 0 does so too, then each goes to the nearest whole number. All are monotone, so quantiles stay in order; a
 * quantile of whole numbers is a whole number itself, and moves by half of one at most.
 * @param outwards levels of the quantiles, where their spread is not known: those beside the median go to the whole number outside of
 * them, for the nearest one would make an interval of width 0, a certainty, out of a narrow guess
 */
export function keepTo(target: TargetKind | undefined, quantiles: Float64Array, outwards?: readonly number[]): Float64Array {
  if (!target) return quantiles;
  const { nonNegative, whole, least = 0 } = target;
  const horizon = quantiles.length / (outwards?.length ?? 1);
  const rounded = (level: number, value: number): number =>
    level < 0.5 ? Math.floor(value) : level > 0.5 ? Math.ceil(value) : Math.round(value);
  for (let i = 0; i < quantiles.length; i++) {
    if (nonNegative && quantiles[i]! < least / 2) quantiles[i] = 0;
    // The sum turns −0 into 0.
    if (whole) quantiles[i] = rounded(outwards?.[Math.floor(i / horizon)] ?? 0.5, quantiles[i]!) + 0;
  }
  return quantiles;
}
