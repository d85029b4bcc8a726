/**
 * A series taken apart: level and trend, a pattern for each season, holidays, and the rest. Parts are found one after the other, each from
 * what the others leave, a few times over (backfitting, as STL by Cleveland et al. 1990 and its form for several seasons, MSTL by Bandara
 * et al. 2021). The trend is a local line that stops at changepoints, so that a jump stays a jump; a season may change slowly.
 *
 * Robust: after the first round, values far from what the parts say (beyond six median absolute deviations) count for nothing.
 *
 * Invariants: the parts of an observed step add up to its value; a gap (NaN) counts for nothing and has a rest of NaN; a season of which
 * fewer than two whole cycles were seen is not there.
 */
import { type Changepoint, changepoints } from './changepoints.js';

export interface DecomposeOptions {
  /** In steps, ascending. */
  seasonLengths?: readonly number[];
  /** Steps in a year, where years are long beside the seasons. */
  year?: number;
  /** What makes a step unlike others, e.g. the name of a holiday; steps of one name share an effect. */
  holidays?: readonly (string | undefined)[];
}

export interface Decomposition {
  /** Level and trend together. */
  trend: Float64Array;
  /** In the order of their lengths; each has a mean of about 0 over a cycle. */
  seasons: { length: number; values: Float64Array }[];
  /** Undefined where no step is one. */
  holidays: Float64Array | undefined;
  /** NaN where nothing was observed. */
  rest: Float64Array;
  changepoints: Changepoint[];
}

const ROUNDS = 3;
const ROBUST_ROUNDS = 3;
/** Median absolute deviations at which a value counts for nothing. */
const CUTOFF = 6;
/** Half-width of the local lines of the trend: in longest seasons, and as a share of a stretch without changepoint. */
const TREND_SEASONS = 1.5;
const TREND_SHARE = 1 / 10;
/** Half-width over which a season may change, in cycles. */
const LEAST_CYCLES = 6;
const CYCLE_SHARE = 1 / 2;
/** A season of few cycles has neighbouring phases alike. */
const FEW_CYCLES = 5;
const LONG_SEASON = 30;
const PHASE_SHARE = 1 / 52;
/** Occurrences that the common effect of all holidays counts for in that of one. */
const COMMON = 1;

/**
 * @param values one per step; NaN is a gap
 * @example decompose(hours, { seasonLengths: [24, 168] }).trend
 */
export function decompose(values: Float64Array, { seasonLengths = [], year = Infinity, holidays }: DecomposeOptions = {}): Decomposition {
  const n = values.length;
  let changes = changepoints(values, seasonLengths, year);
  const lengths = seasonLengths.filter((length) => length >= 2 && n >= 2 * length);
  const trend = new Float64Array(n);
  const seasons = lengths.map((length) => ({ length, values: new Float64Array(n) }));
  const special = holidays?.some((name) => name !== undefined) ? new Float64Array(n) : undefined;
  const weights = new Float64Array(n).fill(1);
  const left = new Float64Array(n);
  /** What all parts but one leave of the values. */
  const without = (but?: Float64Array): Float64Array => {
    left.set(values);
    for (const part of [trend, ...seasons.map((one) => one.values), ...(special ? [special] : [])])
      if (part !== but) for (let t = 0; t < n; t++) left[t]! -= part[t]!;
    return left;
  };
  const longest = lengths.at(-1) ?? 1;
  for (let robust = 0; robust < ROBUST_ROUNDS; robust++) {
    const borders = [0, ...changes.map(({ index }) => index), n];
    for (let round = 0; round < ROUNDS; round++) {
      fitTrend(without(trend), weights, borders, longest, trend);
      for (const [i, season] of seasons.entries())
        fitSeason(without(season.values), weights, season.length, lengths.slice(0, i), season.values);
      if (special) fitHolidays(without(special), holidays!, special);
    }
    if (robust === ROBUST_ROUNDS - 1) break;
    reweigh(without(), weights);
    // An outlier looks like two changes, there and back.
    if (robust === 0 && weights.includes(0)) {
      const plain = values.map((value, t) => (weights[t] === 0 ? Number.NaN : value));
      changes = changepoints(plain, seasonLengths, year);
    }
  }
  return { trend, seasons, holidays: special, rest: Float64Array.from(without()), changepoints: changes };
}

const tricube = (distance: number): number => (distance >= 1 ? 0 : (1 - distance ** 3) ** 3);

/** Local lines between borders, exact on straight stretches; made at knots and joined. */
function fitTrend(values: Float64Array, weights: Float64Array, borders: readonly number[], longest: number, out: Float64Array): void {
  for (let piece = 0; piece + 1 < borders.length; piece++) {
    const [from, to] = [borders[piece]!, borders[piece + 1]!];
    if (to <= from) continue;
    const reach = Math.max(3, TREND_SEASONS * longest, TREND_SHARE * (to - from));
    const gap = Math.max(1, Math.floor(reach / 8));
    const knots: number[] = [];
    for (let at = from; at < to - 1; at += gap) knots.push(at);
    knots.push(to - 1);
    const fitted = filled(knots.map((at) => localLine(values, weights, from, to, at, reach)));
    interpolate(knots, fitted, out);
  }
}

/** NaN where nothing near was observed. */
function localLine(values: Float64Array, weights: Float64Array, from: number, to: number, at: number, reach: number): number {
  // At an end there is only one side: it reaches further, so that as many steps are looked at.
  const wide = reach + Math.max(0, reach - (at - from), reach - (to - 1 - at));
  let [sw, sx, sy, sxx, sxy] = [0, 0, 0, 0, 0];
  for (let t = Math.max(from, Math.ceil(at - wide)); t <= Math.min(to - 1, at + wide); t++) {
    const y = values[t]!;
    if (Number.isNaN(y)) continue;
    const w = weights[t]! * tricube(Math.abs(t - at) / (wide + 1));
    const x = t - at;
    sw += w;
    sx += w * x;
    sy += w * y;
    sxx += w * x * x;
    sxy += w * x * y;
  }
  if (sw <= 1e-12) return Number.NaN;
  const spread = sxx - (sx * sx) / sw;
  const slope = spread > 1e-9 * sxx && spread > 0 ? (sxy - (sx * sy) / sw) / spread : 0;
  return (sy - slope * sx) / sw;
}

/** Unknown ones are taken from the nearest known; 0 where none is. */
function filled(values: number[]): number[] {
  const known = values.flatMap((value, i) => (Number.isNaN(value) ? [] : [i]));
  if (known.length === 0) return values.map(() => 0);
  return values.map((value, i) => {
    if (!Number.isNaN(value)) return value;
    return values[known.reduce((best, other) => (Math.abs(other - i) < Math.abs(best - i) ? other : best))]!;
  });
}

function interpolate(knots: readonly number[], values: readonly number[], out: Float64Array): void {
  for (let k = 0; k < knots.length; k++) {
    out[knots[k]!] = values[k]!;
    const next = knots[k + 1];
    if (next === undefined) return;
    for (let t = knots[k]! + 1; t < next; t++) out[t] = values[k]! + ((values[k + 1]! - values[k]!) * (t - knots[k]!)) / (next - knots[k]!);
  }
}

/** The mean of each phase over the cycles about, made at some cycles and joined between them. */
function fitSeason(values: Float64Array, weights: Float64Array, length: number, shorter: readonly number[], out: Float64Array): void {
  const cycles = Math.ceil(values.length / length);
  const reach = Math.max(LEAST_CYCLES, CYCLE_SHARE * cycles);
  const gap = Math.max(1, Math.floor(reach / 4));
  const knots: number[] = [];
  for (let cycle = 0; cycle < cycles - 1; cycle += gap) knots.push(cycle);
  knots.push(cycles - 1);
  const patterns = knots.map((cycle) => patternAt(values, weights, { length, shorter, cycles, cycle, reach }));
  for (let t = 0; t < values.length; t++) {
    const cycle = Math.floor(t / length);
    const phase = t % length;
    const k = Math.min(Math.max(0, knots.length - 2), Math.floor(cycle / gap));
    const [low, high] = [knots[k]!, knots[Math.min(k + 1, knots.length - 1)]!];
    const share = high > low ? (cycle - low) / (high - low) : 0;
    out[t] = patterns[k]![phase]! * (1 - share) + patterns[Math.min(k + 1, knots.length - 1)]![phase]! * share;
  }
}

function patternAt(
  values: Float64Array,
  weights: Float64Array,
  { length, shorter, cycles, cycle, reach }: { length: number; shorter: readonly number[]; cycles: number; cycle: number; reach: number },
): Float64Array {
  const sums = new Float64Array(length);
  const totals = new Float64Array(length);
  const wide = reach + Math.max(0, reach - cycle, reach - (cycles - 1 - cycle));
  for (let c = Math.max(0, Math.ceil(cycle - wide)); c <= Math.min(cycles - 1, cycle + wide); c++) {
    const near = tricube(Math.abs(c - cycle) / (wide + 1));
    for (let phase = 0; phase < length; phase++) {
      const t = c * length + phase;
      const y = values[t];
      if (y === undefined || Number.isNaN(y)) continue;
      sums[phase]! += near * weights[t]! * y;
      totals[phase]! += near * weights[t]!;
    }
  }
  let means: Float64Array = sums.map((sum, phase) => (totals[phase]! > 1e-12 ? sum / totals[phase]! : 0));
  if (cycles < FEW_CYCLES && length >= LONG_SEASON) means = smoothed(means, Math.max(1, Math.round(length * PHASE_SHARE)));
  // What comes again sooner belongs to the season that says so; a season of length 1 is the level.
  for (const inner of [1, ...shorter]) if (length % inner === 0) takeOut(means, inner);
  return means;
}

/** Takes the mean of each phase of a shorter season out of a longer one. */
function takeOut(pattern: Float64Array, inner: number): void {
  const means = new Float64Array(inner);
  pattern.forEach((value, phase) => (means[phase % inner]! += (value * inner) / pattern.length));
  pattern.forEach((value, phase) => (pattern[phase] = value - means[phase % inner]!));
}

/** Round a circle. */
function smoothed(values: Float64Array, reach: number): Float64Array {
  const n = values.length;
  return values.map((_, at) => {
    let [sum, total] = [0, 0];
    for (let k = -reach; k <= reach; k++) {
      const w = tricube(Math.abs(k) / (reach + 1));
      sum += w * values[(at + k + n) % n]!;
      total += w;
    }
    return sum / total;
  });
}

/** The mean of what is left at the steps of a name, drawn towards that of all holidays where there are few. */
function fitHolidays(values: Float64Array, names: readonly (string | undefined)[], out: Float64Array): void {
  const sums = new Map<string, { sum: number; count: number }>();
  const all = { sum: 0, count: 0 };
  for (let t = 0; t < values.length; t++) {
    const name = names[t];
    if (name === undefined || Number.isNaN(values[t]!)) continue;
    let own = sums.get(name);
    if (!own) sums.set(name, (own = { sum: 0, count: 0 }));
    for (const one of [own, all]) {
      one.sum += values[t]!;
      one.count++;
    }
  }
  const common = all.count > 0 ? all.sum / all.count : 0;
  for (let t = 0; t < values.length; t++) {
    const name = names[t];
    const own = name === undefined ? undefined : sums.get(name);
    out[t] = name === undefined ? 0 : own ? (own.sum + COMMON * common) / (own.count + COMMON) : common;
  }
}

/** Bisquare, on the median absolute deviation of what no part explains. */
function reweigh(rest: Float64Array, weights: Float64Array): void {
  const sizes = rest
    .filter((value) => !Number.isNaN(value))
    .map(Math.abs)
    .sort();
  const limit = CUTOFF * (sizes[sizes.length >> 1] ?? 0);
  for (let t = 0; t < rest.length; t++) {
    const share = Math.abs(rest[t]!) / limit;
    weights[t] = limit > 0 && share < 1 ? (1 - share ** 2) ** 2 : limit > 0 ? 0 : 1;
  }
}
