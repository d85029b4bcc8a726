/** What a window is scaled by, and the simple methods run on it: on its scaled values, and on their logarithms where all are positive. */
import { Methods } from './methods.js';
import { CONTEXT, LOOK_BACK } from './shape.js';
import type { Window } from './window.js';

const LEAST_LOCATED = 4;
const MOST_LOCATED = 96;
/** Of the location, added to the scale: a constant series has no spread of its own. */
const FLOOR = 1e-4;
/** Seasons that a profile is taken from where the context holds fewer. */
const SEASONS = 4;
/** Values this much smaller than the mean are too near to zero for logarithms. */
const NEAR_ZERO = 1e-3;
/** Forecasts through logarithms end at so many times the highest value. */
const MOST_GROWTH = 20;
const SHORTEST_AHEAD = 4;
const LONGEST_AHEAD = 24;

export class WindowSummary {
  /** Mean of the last season, of 4 to 96 steps. */
  location = 0;
  /** Root of the mean square deviation from the mean, over the context. */
  scale = 1;
  /** Steps at the end of the history that the methods see. */
  length = 0;
  known = 0;
  lowest = 0;
  zeros = 0;
  /** All values are whole numbers. */
  whole = false;
  hasLogarithms = false;
  /** Logarithm that no forecast exceeds. */
  highest = 0;
  /** Steps ahead that methods were judged at. */
  ahead = 1;
  readonly plain = new Methods();
  readonly logarithmic = new Methods();
  /** Scaled values of the steps that the methods see. */
  readonly scaled = new Float64Array(LOOK_BACK);
  private readonly logarithms = new Float64Array(LOOK_BACK);
  private readonly sizes = new Float64Array(LOOK_BACK);

  of({ history, season }: Window): void {
    const N = history.length;
    const length = (this.length = Math.min(N, Math.max(CONTEXT, Math.min(LOOK_BACK, SEASONS * season))));
    const from = N - length;
    this.measure(history, from, season);
    const { scaled, logarithms, sizes, location, scale } = this;
    this.ahead = Math.max(SHORTEST_AHEAD, Math.min(season, LONGEST_AHEAD));
    for (let t = 0; t < length; t++) scaled[t] = (history[from + t]! - location) / scale;
    this.plain.run(scaled, length, season, this.ahead);
    if (!this.hasLogarithms) return;
    for (let t = 0; t < length; t++) {
      const value = history[from + t]!;
      logarithms[t] = Math.log(value);
      sizes[t] = value / scale;
    }
    this.logarithmic.run(logarithms, length, season, this.ahead, sizes);
  }

  private measure(history: Float64Array, from: number, season: number): void {
    const N = history.length;
    const near = N - Math.max(LEAST_LOCATED, Math.min(season, MOST_LOCATED));
    const start = Math.max(from, N - CONTEXT);
    let [sum, known, nearSum, nearKnown, zeros] = [0, 0, 0, 0, 0];
    let [lowest, highest] = [Infinity, -Infinity];
    let whole = true;
    for (let t = start; t < N; t++) {
      const value = history[t]!;
      if (value !== value) continue;
      sum += value;
      known++;
      if (value === 0) zeros++;
      if (value < lowest) lowest = value;
      if (value > highest) highest = value;
      if (whole && value !== Math.round(value)) whole = false;
      if (t < near) continue;
      nearSum += value;
      nearKnown++;
    }
    const mean = known > 0 ? sum / known : 0;
    let squares = 0;
    for (let t = start; t < N; t++) {
      const off = history[t]! - mean;
      if (off === off) squares += off * off;
    }
    this.location = nearKnown > 0 ? nearSum / nearKnown : mean;
    const scale = (known > 0 ? Math.sqrt(squares / known) : 0) + FLOOR * Math.abs(this.location);
    this.scale = scale > 0 ? scale : 1;
    this.known = known;
    this.zeros = zeros;
    this.lowest = known > 0 ? lowest : 0;
    this.whole = known > 0 && whole;
    let earliest = lowest;
    for (let t = from; t < start; t++) if (history[t]! < earliest) earliest = history[t]!;
    this.hasLogarithms = known > 0 && earliest > NEAR_ZERO * mean && earliest > 0;
    this.highest = Math.log(highest * MOST_GROWTH);
  }
}
