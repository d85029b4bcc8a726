/**
 * Conformal calibration that goes on while forecasts come true (Gibbs and Candès 2021, on the margin of conformalised quantile
 * regression, Romano et al. 2019): each central interval of each horizon step has a margin q that is added on both sides, and
 * after each outcome q ← q + η(1[miss] − α), with η = rate·scale. A miss moves a margin up by more than a hit moves it down, so
 * that in the long run the interval misses as often as it should, whatever the world does; offline factors cannot follow a change.
 *
 * One series has few outcomes of each step, so what is wrong with all intervals of a model is learned first, together: each central
 * interval has a factor on its distances from the median that the series of a panel share (`observeTogether`). The margins then learn
 * what is left for each step of each series.
 *
 * Invariants: only outcomes that were observed move anything, each only the margin of its own horizon step; the median stays; calibrated
 * quantiles ascend in level; the state is plain JSON, and a stream continued from it ends in the same bits.
 */
import { AlmanacError } from '@almanac/series';
import { centralIntervals, quantileRow, type CentralInterval } from '../metrics/quantile.js';

export interface OnlineConformalSettings {
  /** Ascending; intervals are those whose two levels are both here. */
  levels: readonly number[];
  horizon: number;
  /**
   * Share of the scale that a step may move a margin by. Default .07: on seven data sets both 80 % and 95 % then hold within 3 points; .1
   * suits more of them, but overshoots on ETTm1.
   */
  rate?: number;
  /** Size of an ordinary error of each horizon step, in the series' own units, where it is known; learned as outcomes arrive otherwise. */
  scale?: number | readonly number[];
}

export interface OnlineConformalState {
  format: 'almanac-conformal';
  version: 1;
  settings: { levels: number[]; horizon: number; rate: number };
  /** [intervals] logarithms of the shared factors; absent in states from before there were any. */
  factors?: number[];
  /** [intervals, horizon] */
  margins: number[];
  /** [horizon] running mean of |outcome − median|, and on how many outcomes it stands. */
  scales: number[];
  counts: number[];
}

/** Outcomes that the running scale remembers. */
const MEMORY = 100;
/** What a whole horizon of outcomes, all missed, moves the logarithm of a factor by where many series share it. */
const SHARED_RATE = 1;
/** So many series are needed for half of that. */
const HALF_RATE = 2;
/** Of a factor's logarithm. */
const FARTHEST = 1.5;

/** A forecast of a model with its own quantiles [levels, horizon], and what came true of it [horizon]: NaN where nothing (new) is known. */
export interface Outcomes {
  quantiles: Float64Array;
  outcomes: ArrayLike<number>;
}

/**
 * One per series and model.
 *
 * @example
 *   const conformal = new OnlineConformal({ levels, horizon });
 *   const shown = conformal.apply(forecast.quantiles);       // what is stored and served
 *   conformal.observe(forecast.quantiles, outcomes);         // later, with the model's own quantiles and what came true
 *   OnlineConformal.observeTogether([{ conformal, forecasts: [{ quantiles, outcomes }] }, …]);  // better: the series of a panel at once
 */
export class OnlineConformal {
  private readonly levels: readonly number[];
  private readonly horizon: number;
  private readonly rate: number;
  private readonly intervals: CentralInterval[];
  private readonly factors: Float64Array;
  private readonly margins: Float64Array;
  private readonly scales: Float64Array;
  private readonly counts: Float64Array;

  /** @throws INVALID_CONFIG */
  constructor({ levels, horizon, rate = 0.07, scale }: OnlineConformalSettings) {
    if (!Number.isInteger(horizon) || horizon < 1) throw invalid('horizon', horizon, 'Give a whole number of steps, at least 1.');
    if (!(rate >= 0 && rate <= 1)) throw invalid('rate', rate, 'Give a share from 0 to 1.');
    this.levels = [...levels];
    this.horizon = horizon;
    this.rate = rate;
    this.intervals = centralIntervals(levels);
    if (this.intervals.length === 0) throw invalid('levels', levels, 'Give at least two levels around the median, such as .1 and .9.');
    this.factors = new Float64Array(this.intervals.length);
    this.margins = new Float64Array(this.intervals.length * horizon);
    this.scales = Float64Array.from({ length: horizon }, (_, t) => (typeof scale === 'number' ? scale : (scale?.[t] ?? 0)));
    // A scale that is given weighs like as many outcomes as are remembered at most.
    this.counts = new Float64Array(horizon).fill(scale === undefined ? 0 : MEMORY);
  }

  /** @throws CALIBRATION_STATE a state of another format or version */
  static load(state: OnlineConformalState): OnlineConformal {
    if (state.format !== 'almanac-conformal' || state.version !== 1)
      throw new AlmanacError(
        'CALIBRATION_STATE',
        `This is not a calibration of version 1, but "${String(state.format)}" version ${String(state.version)}.`,
        { hint: 'Load it with the version of Almanac that wrote it.' },
      );
    const conformal = new OnlineConformal(state.settings);
    conformal.factors.set(state.factors ?? []);
    conformal.margins.set(state.margins);
    conformal.scales.set(state.scales);
    conformal.counts.set(state.counts);
    return conformal;
  }

  /**
   * What came true of the forecasts that one model made for several series, oldest first. The factors move by the share of all misses, the
   * margins of each series by its own. All calibrations need the same levels; one that has learned nothing yet takes over the factors.
   */
  static observeTogether(streams: readonly { conformal: OnlineConformal; forecasts: readonly Outcomes[] }[]): void {
    const [first] = streams;
    if (!first) return;
    const learned = streams.filter(({ conformal }) => conformal.counts.some((count) => count > 0));
    const next = first.conformal.intervals.map((_, i) => {
      const known = learned.map(({ conformal }) => conformal.factors[i]!);
      return known.length > 0 ? known.reduce((sum, factor) => sum + factor, 0) / known.length : 0;
    });
    const excess = next.map(() => 0);
    for (const { conformal, forecasts } of streams) {
      conformal.factors.set(next);
      for (const { quantiles, outcomes } of forecasts) {
        conformal.excessOf(quantiles, outcomes).forEach((value, i) => (excess[i]! += value / streams.length));
        conformal.observe(quantiles, outcomes);
      }
    }
    const rate = (SHARED_RATE * streams.length) / (streams.length + HALF_RATE);
    const moved = next.map((factor, i) => Math.min(FARTHEST, Math.max(-FARTHEST, factor + rate * excess[i]!)));
    for (const { conformal } of streams) conformal.factors.set(moved);
  }

  /**
   * Width that is added on each side of the central interval `nominal` (.8, .95) at each horizon step, in the series' own units; may be
   * negative.
   */
  marginsOf(nominal: number): Float64Array {
    const index = this.intervals.findIndex((interval) => Math.abs(interval.nominal - nominal) < 1e-9);
    return index < 0
      ? new Float64Array(this.horizon).fill(Number.NaN)
      : this.margins.slice(index * this.horizon, (index + 1) * this.horizon);
  }

  /**
   * @param quantiles a model's own, [levels, horizon]; a shorter horizon is fine
   * @returns calibrated ones
   */
  apply(quantiles: Float64Array): Float64Array {
    const H = this.stepsOf(quantiles);
    const Q = this.levels.length;
    const medians = quantileRow(quantiles, this.levels, 0.5);
    const out = this.scaled(quantiles, medians);
    for (let t = 0; t < H; t++) {
      this.intervals.forEach(({ lower, upper }, i) => {
        const margin = this.margins[i * this.horizon + t]!;
        out[lower * H + t] = Math.min(medians[t]!, out[lower * H + t]! - margin);
        out[upper * H + t] = Math.max(medians[t]!, out[upper * H + t]! + margin);
      });
      // Margins are learned one by one; outer quantiles give way.
      const above = this.levels.findIndex((level) => level >= 0.5);
      for (let q = Math.max(1, above); q < Q; q++) out[q * H + t] = Math.max(out[q * H + t]!, out[(q - 1) * H + t]!);
      for (let q = (above < 0 ? Q : above) - 2; q >= 0; q--) out[q * H + t] = Math.min(out[q * H + t]!, out[(q + 1) * H + t]!);
    }
    return out;
  }

  /**
   * What came true of one forecast; outcomes may come in parts, each once.
   *
   * @param quantiles the model's own quantiles of that forecast, as they were before `apply`
   * @param outcomes [horizon], NaN where not (yet) observed
   */
  observe(quantiles: Float64Array, outcomes: ArrayLike<number>): void {
    const H = this.stepsOf(quantiles);
    const medians = quantileRow(quantiles, this.levels, 0.5);
    const scaled = this.scaled(quantiles, medians);
    for (let t = 0; t < Math.min(H, outcomes.length); t++) {
      const outcome = outcomes[t]!;
      if (!Number.isFinite(outcome) || !Number.isFinite(medians[t]!)) continue;
      this.counts[t] = Math.min(MEMORY, this.counts[t]! + 1);
      this.scales[t]! += (Math.abs(outcome - medians[t]!) - this.scales[t]!) / this.counts[t]!;
      const pace = this.rate * this.scales[t]!;
      this.intervals.forEach(({ lower, upper, nominal }, i) => {
        const at = i * this.horizon + t;
        const score = Math.max(scaled[lower * H + t]! - outcome, outcome - scaled[upper * H + t]!);
        this.margins[at]! += pace * (Number(score > this.margins[at]!) - (1 - nominal));
      });
    }
  }

  save(): OnlineConformalState {
    return {
      format: 'almanac-conformal',
      version: 1,
      settings: { levels: [...this.levels], horizon: this.horizon, rate: this.rate },
      factors: [...this.factors],
      margins: [...this.margins],
      scales: [...this.scales],
      counts: [...this.counts],
    };
  }

  /** Per interval, how much more often than its name says it was missed, as a share of the horizon; by the factors alone. */
  private excessOf(quantiles: Float64Array, outcomes: ArrayLike<number>): number[] {
    const H = this.stepsOf(quantiles);
    const scaled = this.scaled(quantiles, quantileRow(quantiles, this.levels, 0.5));
    return this.intervals.map(({ lower, upper, nominal }) => {
      let sum = 0;
      for (let t = 0; t < Math.min(H, outcomes.length); t++) {
        const outcome = outcomes[t]!;
        if (!Number.isFinite(outcome) || !Number.isFinite(scaled[lower * H + t]!)) continue;
        sum += Number(outcome < scaled[lower * H + t]! || outcome > scaled[upper * H + t]!) - (1 - nominal);
      }
      return sum / H;
    });
  }

  /** A copy with the distances from the median times the shared factors. */
  private scaled(quantiles: Float64Array, medians: Float64Array): Float64Array {
    const H = medians.length;
    const out = quantiles.slice();
    this.intervals.forEach((interval, i) => {
      // Not even a rounding where nothing was learned.
      if (this.factors[i] === 0) return;
      const factor = Math.exp(this.factors[i]!);
      for (const q of [interval.lower, interval.upper])
        for (let t = 0; t < H; t++) out[q * H + t] = medians[t]! + factor * (quantiles[q * H + t]! - medians[t]!);
    });
    return out;
  }

  private stepsOf(quantiles: Float64Array): number {
    const H = quantiles.length / this.levels.length;
    if (Number.isInteger(H) && H <= this.horizon) return H;
    throw invalid('quantiles', quantiles.length, `Give ${this.levels.length} levels for at most ${this.horizon} steps.`);
  }
}

function invalid(setting: string, value: unknown, hint: string): AlmanacError {
  return new AlmanacError('INVALID_CONFIG', `The ${setting} of an online calibration cannot be ${JSON.stringify(value)}.`, {
    hint,
    subject: { setting },
  });
}
