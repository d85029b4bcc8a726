/**
 * Windows as the arrays that the pretrained network reads: a history, its seasons, and how many segments of each side count. Everything is
 * brought to one size: u = (x − location) / scale, z = asinh u.
 *
 * Invariants: a missing value enters as 0 with mask 0; a missing target has weight 0; only the history shapes what is read, never the
 * target, and no window of a batch another.
 */
import { FactSheet } from './facts.js';
import {
  CANDIDATES,
  COARSE_BLOCKS,
  COARSE_INPUTS,
  CONTEXT,
  FACTS,
  HORIZON_SEGMENTS,
  LAGS,
  LEAST_BLOCK,
  METHODS,
  PHASES,
  QUERY_INPUTS,
  SEASON_LAGS,
  SEGMENT,
  SEGMENT_INPUTS,
  STEP_INPUTS,
} from './shape.js';
import { WindowSummary } from './summary.js';
import { asinh, bounded, type Window } from './window.js';

/** One batch, time-major; n segments of context, m of horizon, w = SEGMENT, K = CANDIDATES. */
export interface Batch {
  size: number;
  n: number;
  m: number;
  /** [n, B, SEGMENT_INPUTS] */
  segments: Float32Array;
  /** [B, COARSE_INPUTS] */
  coarse: Float32Array;
  /** [m, B, QUERY_INPUTS] */
  queries: Float32Array;
  /** [m, B, w, STEP_INPUTS] */
  steps: Float32Array;
  /** [m, B, w, K] */
  candidates: Float32Array;
  /** As `candidates`: what its logit begins with, by how well it did in the window; −1e9 where there is none. */
  candidateBias: Float32Array;
  /** [m, B, w] z that a forecast may be expected to be off by, by what the window shows. */
  expected: Float32Array;
  /** [B, 1, n] 0 for a segment with an observation, −1e9 for one without. */
  segmentBias: Float32Array;
  /** [m, B, w] z of what followed; 0 where unknown. */
  target: Float32Array;
  /** [m, B, w] how much a step counts in the loss. */
  weight: Float32Array;
  location: Float64Array;
  scale: Float64Array;
}

const MASKED = -1e9;
/** Segments of context that a history needs, in powers of two so that windows share batches: at least 2, at most all. */
export function contextSegments(history: number): number {
  let n = 2;
  while (n * SEGMENT < history && n * SEGMENT < CONTEXT) n *= 2;
  return n;
}

export class WindowReader {
  private readonly summary = new WindowSummary();
  private readonly facts = new FactSheet();
  private readonly z = new Float64Array(CONTEXT);
  private readonly found = new Float64Array(CANDIDATES);

  read(windows: readonly Window[], n: number, m: number): Batch {
    const size = windows.length;
    const batch: Batch = {
      size,
      n,
      m,
      segments: new Float32Array(n * size * SEGMENT_INPUTS),
      coarse: new Float32Array(size * COARSE_INPUTS),
      queries: new Float32Array(m * size * QUERY_INPUTS),
      steps: new Float32Array(m * size * SEGMENT * STEP_INPUTS),
      candidates: new Float32Array(m * size * SEGMENT * CANDIDATES),
      candidateBias: new Float32Array(m * size * SEGMENT * CANDIDATES),
      expected: new Float32Array(m * size * SEGMENT),
      segmentBias: new Float32Array(size * n),
      target: new Float32Array(m * size * SEGMENT),
      weight: new Float32Array(m * size * SEGMENT),
      location: new Float64Array(size),
      scale: new Float64Array(size),
    };
    windows.forEach((window, b) => this.readOne(window, b, batch));
    return batch;
  }

  private readOne(window: Window, b: number, batch: Batch): void {
    const { summary, facts } = this;
    summary.of(window);
    batch.location[b] = summary.location;
    batch.scale[b] = summary.scale;
    facts.of(window, summary);
    this.readSegments(window, b, batch);
    this.readCoarse(window, b, batch);
    this.readQueries(window, b, batch);
    this.readSteps(window, b, batch);
    if (window.future) this.readFuture(window.future, b, batch);
  }

  private readSegments({ history, season, second }: Window, b: number, { size, n, segments, segmentBias }: Batch): void {
    const { location, scale, plain } = this.summary;
    const steps = n * SEGMENT;
    const N = history.length;
    const { z } = this;
    // z[i] belongs to the step i of the context, which ends where the history does.
    for (let i = 0; i < steps; i++) {
      const value = N - steps + i >= 0 ? history[N - steps + i]! : NaN;
      z[i] = asinh((value - location) / scale);
    }
    const offset = this.summary.length - steps;
    for (let segment = 0; segment < n; segment++) {
      const at = (segment * size + b) * SEGMENT_INPUTS;
      let observed = 0;
      for (let i = 0; i < SEGMENT; i++) {
        const step = segment * SEGMENT + i;
        const value = z[step]!;
        if (value !== value) continue;
        observed++;
        segments[at + i] = value;
        segments[at + SEGMENT + i] = 1;
        const before = N - steps + step - season;
        if (before >= 0) {
          const difference = value - asinhOr(step - season >= 0 ? z[step - season]! : NaN, history[before]!, location, scale);
          if (difference === difference) segments[at + 2 * SEGMENT + i] = difference;
        }
        if (offset + step >= 0) segments[at + 3 * SEGMENT + i] = asinh(plain.adjusted[offset + step]!);
      }
      writePhases(segments, at + 4 * SEGMENT, segment * SEGMENT - steps, season, second);
      if (observed === 0) segmentBias[b * n + segment] = MASKED;
    }
  }

  /** Means of whole blocks, latest last. */
  private readCoarse({ history, season }: Window, b: number, { coarse }: Batch): void {
    const { location, scale } = this.summary;
    const block = Math.max(season, LEAST_BLOCK);
    const at = b * COARSE_INPUTS;
    for (let k = 0; k < COARSE_BLOCKS; k++) {
      const end = history.length - k * block;
      if (end <= 0) break;
      let [sum, count] = [0, 0];
      for (let t = Math.max(0, end - block); t < end; t++) {
        const value = history[t]!;
        if (value !== value) continue;
        sum += value;
        count++;
      }
      if (count < block / 2) continue;
      coarse[at + COARSE_BLOCKS - 1 - k] = asinh((sum / count - location) / scale);
      coarse[at + 2 * COARSE_BLOCKS - 1 - k] = 1;
    }
    coarse.set(this.facts.values, at + 2 * COARSE_BLOCKS);
  }

  private readQueries({ season, second }: Window, b: number, { size, m, queries }: Batch): void {
    for (let segment = 0; segment < m; segment++) {
      const at = (segment * size + b) * QUERY_INPUTS;
      queries.set(this.facts.values, at);
      writePhases(queries, at + FACTS, segment * SEGMENT, season, second);
      queries[at + FACTS + PHASES + Math.min(segment, HORIZON_SEGMENTS - 1)] = 1;
    }
  }

  private readSteps({ history, season, second }: Window, b: number, batch: Batch): void {
    const { size, m, steps, candidates, candidateBias, expected } = batch;
    const { location, scale, plain, logarithmic, hasLogarithms, highest } = this.summary;
    const { trust } = this.facts;
    const N = history.length;
    const { found } = this;
    const methods = new Float64Array(METHODS);
    for (let h = 0; h < m * SEGMENT; h++) {
      const row = (Math.floor(h / SEGMENT) * size + b) * SEGMENT + (h % SEGMENT);
      const at = row * STEP_INPUTS;
      expected[row] = this.facts.expected(h + 1);
      for (let k = 0; k < LAGS; k++) {
        const [period, turn] = k < SEASON_LAGS ? [season, k] : [second, k - SEASON_LAGS];
        const from = period > 0 ? N - period + (h % period) - turn * period : -1;
        const value = from >= 0 ? asinh((history[from]! - location) / scale) : NaN;
        found[k] = value;
        if (value === value) steps[at + CANDIDATES + k] = 1;
      }
      plain.forecast(h + 1, season, methods);
      for (let k = 0; k < METHODS; k++) found[LAGS + k] = bounded(asinh(methods[k]!));
      if (hasLogarithms) {
        logarithmic.forecast(h + 1, season, methods);
        for (let k = 0; k < METHODS; k++)
          found[LAGS + METHODS + k] = bounded(asinh((Math.exp(Math.min(methods[k]!, highest)) - location) / scale));
      } else found.fill(NaN, LAGS + METHODS);
      for (let k = 0; k < CANDIDATES; k++) {
        const value = found[k]!;
        const there = value === value;
        if (there) steps[at + k] = candidates[row * CANDIDATES + k] = value;
        candidateBias[row * CANDIDATES + k] = there ? trust[k]! : MASKED;
      }
      writePhases(steps, at + CANDIDATES + LAGS, h, season, second);
      steps[at + CANDIDATES + LAGS + PHASES] = Math.log1p(h) / 4;
    }
  }

  private readFuture(future: Float64Array, b: number, { size, m, target, weight }: Batch): void {
    const { location, scale } = this.summary;
    for (let h = 0; h < Math.min(m * SEGMENT, future.length); h++) {
      const value = asinh((future[h]! - location) / scale);
      if (value !== value) continue;
      const row = (Math.floor(h / SEGMENT) * size + b) * SEGMENT + (h % SEGMENT);
      target[row] = bounded(value);
      weight[row] = this.facts.importance;
    }
  }
}

function asinhOr(known: number, value: number, location: number, scale: number): number {
  return known === known ? known : asinh((value - location) / scale);
}

/** Sine and cosine of the step's place in both seasons, counted from the first step ahead; zeros without a season. */
function writePhases(out: Float32Array, at: number, step: number, season: number, second: number): void {
  if (season > 1) {
    const angle = (2 * Math.PI * (step % season)) / season;
    out[at] = Math.sin(angle);
    out[at + 1] = Math.cos(angle);
  }
  if (second > 1) {
    const angle = (2 * Math.PI * (step % second)) / second;
    out[at + 2] = Math.sin(angle);
    out[at + 3] = Math.cos(angle);
  }
}
