/**
 * Simple forecasting methods on one window, whose forecasts the network chooses from and corrects: exponential smoothing of two speeds,
 * theta, two damped trends and a straight line, on values without their season. How well each did so far in the window, one step and
 * about a season ahead, is what the network judges them by.
 *
 * Sources: Holt 1957; Gardner & McKenzie 1985; Assimakopoulos & Nikolopoulos 2000 in the form of Hyndman & Billah 2003; classical
 * decomposition by centred moving averages.
 *
 * Invariant: missing values are NaN and only let the states go on; nothing after the window is read.
 */
import { LOOK_BACK, METHODS } from './shape.js';

const SLOW = 0.2;
const FAST = 0.6;
const DAMPED = { level: 0.5, slope: 0.15, damping: 0.9 };
const TREND = { level: 0.4, slope: 0.05, damping: 0.98 };
const THETA_SHARE = 0.5;
/** Values that the first slope is taken from. */
const FIRST_SLOPE = 5;
/** A season counts so much less than the one after it. */
const SEASON_DECAY = 0.85;
const KNOWN_SHARE = 0.6;

/** φ + φ² + … + φ^h */
const damped = (damping: number, h: number): number => (damping * (1 - damping ** h)) / (1 - damping);

/** Scratch memory and results for one series of values at a time. */
export class Methods {
  /** Values without their season. */
  readonly adjusted = new Float64Array(LOOK_BACK);
  /** [season]; index 0 is the phase of the first step ahead. */
  readonly profile = new Float64Array(LOOK_BACK);
  /** How much of the values' variation about their trend the profile stands for, 0 … 1. */
  strength = 0;
  /** Mean absolute error of each method one step ahead, then of each `ahead` steps ahead. */
  readonly errors = new Float64Array(2 * METHODS);
  private readonly levels = Array.from({ length: 5 }, () => new Float64Array(LOOK_BACK));
  private readonly slopes = Array.from({ length: 4 }, () => new Float64Array(LOOK_BACK));
  private readonly sums = new Float64Array(LOOK_BACK + 1);
  private readonly counts = new Float64Array(LOOK_BACK + 1);
  private readonly weights = new Float64Array(LOOK_BACK);
  private length = 0;

  /**
   * @param values [0, length), NaN where unknown
   * @param ahead steps ahead that the methods are also judged at
   * @param sizes what an error at each step is multiplied by; 1 where absent
   */
  run(values: Float64Array, length: number, season: number, ahead: number, sizes?: Float64Array): void {
    this.length = length;
    this.deseasonalise(values, length, season);
    this.smooth(length);
    this.judge(length, ahead, sizes);
  }

  /** The methods' forecasts for step h (1, 2, …) ahead, season included where there is one. */
  forecast(h: number, season: number, out: Float64Array): void {
    const last = this.length - 1;
    const seasonal = season > 1 ? this.profile[(h - 1) % season]! : 0;
    for (let method = 0; method < METHODS; method++) out[method] = this.ahead(method, last, h, reaches(h)) + seasonal;
  }

  /** What a method says at step `t` of the step `h` later, without a season. */
  private ahead(method: number, t: number, h: number, reach: readonly [number, number]): number {
    const { levels, slopes } = this;
    switch (method) {
      case 0:
        return levels[0]![t]!;
      case 1:
        return levels[1]![t]!;
      case 2:
        return levels[1]![t]! + THETA_SHARE * slopes[0]![t]! * h;
      case 3:
        return levels[2]![t]! + slopes[1]![t]! * reach[0];
      case 4:
        return levels[3]![t]! + slopes[2]![t]! * reach[1];
      default:
        return levels[4]![t]! + slopes[3]![t]! * h;
    }
  }

  /** Takes a profile of the seasons, relative to a centred moving average, out of the values; shrunk by what noise would make of it. */
  private deseasonalise(values: Float64Array, length: number, season: number): void {
    const { adjusted, profile, weights, sums, counts } = this;
    this.strength = 0;
    adjusted.set(values.subarray(0, length));
    if (season < 2) return;
    profile.fill(0, 0, season);
    if (length < 2 * season) return;
    for (let t = 0; t < length; t++) {
      const value = values[t]!;
      const known = value === value;
      sums[t + 1] = sums[t]! + (known ? value : 0);
      counts[t + 1] = counts[t]! + (known ? 1 : 0);
    }
    weights.fill(0, 0, season);
    const half = season >> 1;
    const even = season % 2 === 0;
    const [least, first, end] = [KNOWN_SHARE * season, half, length - half];
    let [squares, effective, total] = [0, 0, 0];
    let phase = season - 1 - ((length - 1 - first) % season);
    let behind = Math.floor((length - 1 - first) / season);
    for (let t = first; t < end; t++, phase++) {
      if (phase === season) {
        phase = 0;
        behind--;
      }
      const value = values[t]!;
      if (value !== value) continue;
      // Both neighbours at the ends of an even season count half.
      const [from, to] = [t - half, Math.min(length, t + half + 1)];
      let sum = sums[to]! - sums[from]!;
      let count = counts[to]! - counts[from]!;
      if (even) {
        sum = (sum + sums[to - 1]! - sums[from + 1]!) / 2;
        count = (count + counts[to - 1]! - counts[from + 1]!) / 2;
      }
      if (count < least) continue;
      const deviation = value - sum / count;
      const weight = seasonWeight(behind);
      profile[phase]! += weight * deviation;
      weights[phase]! += weight;
      squares += weight * deviation * deviation;
      effective += weight * weight;
      total += weight;
    }
    if (total <= 0) return;
    let mean = 0;
    let between = 0;
    for (let j = 0; j < season; j++) {
      profile[j] = weights[j]! > 0 ? profile[j]! / weights[j]! : 0;
      mean += profile[j]! / season;
    }
    for (let j = 0; j < season; j++) between += (profile[j]! - mean) ** 2 / season;
    const variance = squares / total;
    const noise = Math.max(0, variance - between);
    // Seasons that the profile is a mean of.
    const seasons = Math.max(1, (total * total) / Math.max(effective, 1e-12) / season);
    const shrink = between > 0 ? Math.max(0, 1 - noise / seasons / between) : 0;
    this.strength = variance > 0 ? (shrink * between) / variance : 0;
    for (let j = 0; j < season; j++) profile[j] = shrink * (profile[j]! - mean);
    for (let t = 0, j = (season - (length % season)) % season; t < length; t++, j = j + 1 === season ? 0 : j + 1)
      adjusted[t]! -= profile[j]!;
  }

  private smooth(length: number): void {
    const v = this.adjusted;
    const [slowAt, fastAt, dampedAt, trendAt, lastAt] = this.levels as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const [lineAt, dampedSlopeAt, trendSlopeAt, driftAt] = this.slopes as [Float64Array, Float64Array, Float64Array, Float64Array];
    let first = 0;
    while (first < length && v[first]! !== v[first]!) first++;
    const start = first < length ? v[first]! : 0;
    let [slow, fast, level, trend, last] = [start, start, start, start, start];
    let slope = firstSlope(v, first, length);
    let trendSlope = slope;
    let [n, st, stt, sx, stx] = [0, 0, 0, 0, 0];
    let [line, drift] = [0, 0];
    for (let t = 0; t < length; t++) {
      const value = v[t]!;
      if (t > first) {
        level += DAMPED.damping * slope;
        slope *= DAMPED.damping;
        trend += TREND.damping * trendSlope;
        trendSlope *= TREND.damping;
      }
      if (value === value) {
        slow += SLOW * (value - slow);
        fast += FAST * (value - fast);
        const off = value - level;
        level += DAMPED.level * off;
        slope += DAMPED.slope * off;
        const trendOff = value - trend;
        trend += TREND.level * trendOff;
        trendSlope += TREND.slope * trendOff;
        last = value;
        const at = t - first;
        n++;
        st += at;
        stt += at * at;
        sx += value;
        stx += at * value;
        if (n > 1) {
          line = (n * stx - st * sx) / (n * stt - st * st);
          drift = (last - start) / at;
        }
      }
      slowAt[t] = slow;
      fastAt[t] = fast;
      dampedAt[t] = level;
      trendAt[t] = trend;
      lastAt[t] = last;
      lineAt[t] = line;
      dampedSlopeAt[t] = slope;
      trendSlopeAt[t] = trendSlope;
      driftAt[t] = drift;
    }
  }

  private judge(length: number, ahead: number, sizes?: Float64Array): void {
    this.errors.fill(0);
    this.judgeAhead(length, 1, 0, sizes);
    const judged = this.judgeAhead(length, ahead, METHODS, sizes);
    if (!judged) for (let method = 0; method < METHODS; method++) this.errors[METHODS + method] = this.errors[method]! * Math.sqrt(ahead);
  }

  /** Errors `h` steps ahead over the later part of the window. */
  private judgeAhead(length: number, h: number, offset: number, sizes?: Float64Array): boolean {
    const { adjusted: v, errors, levels, slopes } = this;
    const [slow, fast, dampedLevel, trendLevel, last] = levels as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
    const [line, dampedSlope, trendSlope, drift] = slopes as [Float64Array, Float64Array, Float64Array, Float64Array];
    const [d, g] = reaches(h);
    let [e0, e1, e2, e3, e4, e5, count] = [0, 0, 0, 0, 0, 0, 0];
    for (let t = Math.max(h + 1, length >> 2); t < length; t++) {
      const value = v[t]!;
      if (value !== value) continue;
      const s = t - h;
      const size = sizes ? sizes[t]! : 1;
      e0 += size * Math.abs(value - slow[s]!);
      e1 += size * Math.abs(value - fast[s]!);
      e2 += size * Math.abs(value - fast[s]! - THETA_SHARE * line[s]! * h);
      e3 += size * Math.abs(value - dampedLevel[s]! - dampedSlope[s]! * d);
      e4 += size * Math.abs(value - trendLevel[s]! - trendSlope[s]! * g);
      e5 += size * Math.abs(value - last[s]! - drift[s]! * h);
      count++;
    }
    if (count === 0) return false;
    [e0, e1, e2, e3, e4, e5].forEach((error, method) => (errors[offset + method] = error / count));
    return true;
  }
}

/** Of a season so many before the last one. */
function seasonWeight(behind: number): number {
  return (SEASON_WEIGHTS[behind] ??= SEASON_DECAY ** behind);
}
const SEASON_WEIGHTS: number[] = [];

/** How far the two damped trends have gone after `h` steps. */
function reaches(h: number): readonly [number, number] {
  return (REACHES[h] ??= [damped(DAMPED.damping, h), damped(TREND.damping, h)]);
}
const REACHES: (readonly [number, number])[] = [];

function firstSlope(v: Float64Array, first: number, length: number): number {
  let [known, at] = [0, first];
  for (let t = first + 1; t < length && known < FIRST_SLOPE - 1; t++) {
    if (v[t]! !== v[t]!) continue;
    known++;
    at = t;
  }
  return at > first ? (v[at]! - v[first]!) / (at - first) : 0;
}
