/**
 * Exponential smoothing before the network (ES-RNN, Smyl 2020): a level and a season follow each series through the look-back, the
 * network sees what they leave over, and its forecast is put on top of the last level and the season to come. How quickly both follow,
 * and the season that each series starts from, are weights per series, learned together with those of the network.
 *
 *   l_t = l_(t−1) + α(x_t − s_t − l_(t−1)),  s_(t+S) = s_t + β(x_t − l_t − s_t)
 *
 * ES-RNN multiplies; windows that are scaled to a common size already are added to, which takes values of either sign. A missing
 * value changes neither level nor season.
 */
import * as tf from '@tensorflow/tfjs-core';
import { pick } from '../engine/ops.js';
import { type ParameterSpec, type Tensors } from '../training/parameters.js';
import type { KnownWindows, PointwiseInputs, PointwiseNetwork, PointwiseOutput, RunOptions } from '../attention/shapes.js';

export interface SmoothingShape {
  contextLength: number;
  horizon: number;
  /** At least 1; 1 for a level without a season. */
  seasonLength: number;
  /** Series that are known, and one for strangers. */
  rows: number;
}

export interface Smoothed {
  /** [B,1], of the last step of the look-back. */
  level: tf.Tensor2D;
  /** [B,L+H], the season as it was believed before each step. */
  seasons: tf.Tensor2D;
}

/** Both tables start at 0: factors of one half, and no season. */
export function smoothingSpecs({ rows, seasonLength }: SmoothingShape): ParameterSpec[] {
  const table = (name: string, columns: number): ParameterSpec => ({
    name,
    shape: [rows, columns],
    init: { kind: 'values', of: () => 0 },
    decay: false,
  });
  return [table('series.smoothing', 2), table('series.season', seasonLength)];
}

/** @param x [B,L] scaled @param mask [B,L], 1 where observed */
export function smooth(p: Tensors, shape: SmoothingShape, x: tf.Tensor2D, mask: tf.Tensor2D, windows: KnownWindows): Smoothed {
  const { contextLength: L, horizon: H, seasonLength: S } = shape;
  const B = x.shape[0];
  const along = (size: number, at: (b: number, i: number) => number): Int32Array =>
    Int32Array.from({ length: B * size }, (_, k) => at(Math.floor(k / size), k % size));
  const { series, phase } = windows;
  const factors = tf.sigmoid(
    pick(
      p['series.smoothing']!,
      along(2, (b, i) => series[b]! * 2 + i),
      [B, 2],
    ),
  );
  const start = pick(
    p['series.season']!,
    along(S, (b, i) => series[b]! * S + ((phase[b]! + i) % S)),
    [B, S],
  );
  const followed = follow(factors, start, x.dataSync<'float32'>(), mask.dataSync<'float32'>(), L, H);
  return { level: tf.slice(followed, [0, 0], [B, 1]), seasons: tf.slice(followed, [0, 1], [B, L + H]) };
}

/**
 * The recursion and its exact gradient, row by row.
 *
 * @param factors [B,2], α and β @param start [B,S], the season from the first step on
 * @returns [B,1+L+H], the last level and the seasons
 */
export function follow(factors: tf.Tensor, start: tf.Tensor, x: Float32Array, mask: Float32Array, L: number, H: number): tf.Tensor2D {
  const [B, S] = start.shape as [number, number];
  const N = L + H;
  return tf.customGrad((...args) => {
    const [a, b] = args as unknown as [tf.Tensor, tf.Tensor];
    const [rates, begin] = [a.dataSync<'float32'>(), b.dataSync<'float32'>()];
    const levels = new Float64Array(B * (L + 1));
    const seasons = new Float64Array(B * N);
    const out = new Float32Array(B * (1 + N));
    for (let row = 0; row < B; row++) {
      const [alpha, beta] = [rates[row * 2]!, rates[row * 2 + 1]!];
      const s = seasons.subarray(row * N, (row + 1) * N);
      const l = levels.subarray(row * (L + 1), (row + 1) * (L + 1));
      for (let t = 0; t < Math.min(S, N); t++) s[t] = begin[row * S + t]!;
      const first = mask.subarray(row * L, (row + 1) * L).indexOf(1);
      l[0] = first >= 0 ? x[row * L + first]! : 0;
      for (let t = 0; t < N; t++) {
        const counts = t < L ? mask[row * L + t]! : 0;
        if (t < L) l[t + 1] = l[t]! + counts * alpha * (x[row * L + t]! - s[t]! - l[t]!);
        if (t + S < N) s[t + S] = s[t]! + (counts > 0 ? counts * beta * (x[row * L + t]! - l[t + 1]! - s[t]!) : 0);
      }
      out[row * (1 + N)] = l[L]!;
      out.set(s, row * (1 + N) + 1);
    }
    const gradFunc = (dy: tf.Tensor): tf.Tensor[] => {
      const slopes = dy.dataSync<'float32'>();
      const ofRates = new Float32Array(B * 2);
      const ofStart = new Float32Array(B * S);
      for (let row = 0; row < B; row++) {
        const [alpha, beta] = [rates[row * 2]!, rates[row * 2 + 1]!];
        const s = seasons.subarray(row * N, (row + 1) * N);
        const l = levels.subarray(row * (L + 1), (row + 1) * (L + 1));
        const ds = Float64Array.from(slopes.subarray(row * (1 + N) + 1, (row + 1) * (1 + N)));
        let dl = slopes[row * (1 + N)]!;
        for (let t = N - 1; t >= 0; t--) {
          const counts = t < L ? mask[row * L + t]! : 0;
          if (t + S < N) {
            const g = ds[t + S]! * counts;
            ds[t]! += ds[t + S]! - g * beta;
            if (counts > 0) {
              ofRates[row * 2 + 1]! += g * (x[row * L + t]! - l[t + 1]! - s[t]!);
              dl -= g * beta;
            }
          }
          if (counts > 0) {
            ofRates[row * 2]! += dl * counts * (x[row * L + t]! - s[t]! - l[t]!);
            ds[t]! -= dl * counts * alpha;
            dl *= 1 - counts * alpha;
          }
          if (t < S) ofStart[row * S + t] = ds[t]!;
        }
      }
      return [tf.tensor2d(ofRates, [B, 2]), tf.tensor2d(ofStart, [B, S])];
    };
    return { value: tf.tensor2d(out, [B, 1 + N]), gradFunc };
  })(factors, start) as tf.Tensor2D;
}

/** A network behind exponential smoothing: it reads and forecasts what level and season leave over. */
export function smoothedNetwork(inner: PointwiseNetwork, shape: SmoothingShape): PointwiseNetwork {
  const { contextLength: L, horizon: H } = shape;
  const rest = (p: Tensors, inputs: PointwiseInputs): { inputs: PointwiseInputs; shift: tf.Tensor2D } => {
    const { x, truth } = inputs;
    const B = x.shape[0];
    const mask = inputs.mask ?? tf.onesLike(x);
    const { level, seasons } = smooth(p, shape, x, mask, inputs.windows!);
    const shift = tf.add(level, tf.slice(seasons, [0, L], [B, H])) as tf.Tensor2D;
    const left = tf.mul(tf.sub(x, tf.add(level, tf.slice(seasons, [0, 0], [B, L]))), mask) as tf.Tensor2D;
    return { inputs: { ...inputs, x: left, ...(truth ? { truth: tf.sub(truth, shift) as tf.Tensor2D } : {}) }, shift };
  };
  return {
    specs: [...inner.specs, ...smoothingSpecs(shape)],
    head: inner.head,
    reach: (p, inputs, random) => inner.reach(p, rest(p, inputs).inputs, random),
    run(p: Tensors, given: PointwiseInputs, options: RunOptions = {}): PointwiseOutput {
      const { inputs, shift } = rest(p, given);
      const output = inner.run(p, inputs, options);
      // Copies are drawn from, step by step: whoever draws adds the shift.
      if ((options.copies ?? 1) > 1) return { ...output, shift };
      return { ...output, raw: inner.head.shifted!(output.raw, shift), forecast: tf.add(output.forecast, shift) as tf.Tensor2D, shift };
    },
  };
}
