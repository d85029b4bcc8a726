/**
 * The point-wise attention network: an encoder reads the look-back step by step, a GRU runs over the horizon, and up to three
 * alignments tell each horizon step where in the look-back to read. Interpretable, and able to copy.
 *
 * The pointer compares the last values before each horizon step with the look-back. In training those are the true ones
 * (teacher forcing of that buffer alone); a forecast fills the buffer with its own medians, step by step. The head yields a
 * median and positive increments on both sides of it, so quantiles cannot cross (Park et al. 2022).
 */
import { dense } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { recurrentLayer } from '../cells/layer.js';
import { type Random } from '../dataset/random.js';
import { type Encoder } from '../encoders/encoder.js';
import { stackedEncoder } from '../encoders/stacked.js';
import { type ParameterSpec, type Tensors } from '../model/parameters.js';
import { align, gateSpecs, type Alignment, type Branch } from './align.js';
import { contextualScores, contextualSpecs } from './contextual.js';
import { pointerScores, pointerSpecs, windowsBefore } from './pointer.js';
import { temporalScores, temporalSpecs } from './temporal.js';

export interface PointwiseSettings {
  name: string;
  contextLength: number;
  horizon: number;
  hidden: number;
  /** Covariates per step, known through the horizon; may be 0. */
  covariates: number;
  /** At least one. */
  branches: readonly Branch[];
  periods: readonly number[];
  /** How strongly the temporal alignment believes in `periods` at the start; above 1 the gate leans to it too. */
  periodStrength?: number;
  /** Values per pointer window, at most the context. */
  window: number;
  /** Ascending; [.5] by default. */
  levels?: readonly number[];
  /** Reads value, mask and covariates of each look-back step; a GRU by default. */
  encoder?: (name: string, inputs: number) => Encoder;
}

export interface PointwiseInputs {
  /** [B,L], scaled; 0 where missing. */
  x: tf.Tensor2D;
  /** [B,L], 1 where observed; all by default. */
  mask?: tf.Tensor2D;
  /** [B,L+H,F] */
  covariates: tf.Tensor3D;
  /** [B,H], in training only: fills the pointer's buffer. */
  truth?: tf.Tensor2D;
}

export interface PointwiseOutput extends Alignment {
  /** [B,H], the median. */
  forecast: tf.Tensor2D;
  /** [B,H,Q], ascending along the last axis. */
  quantiles: tf.Tensor3D;
}

export interface PointwiseNetwork {
  readonly specs: readonly ParameterSpec[];
  /**
   * @param training.forced index of the only branch that may speak (branch dropout)
   * @param training.random draws zoneout
   */
  run(p: Tensors, inputs: PointwiseInputs, training?: { forced?: number | undefined; random?: Random }): PointwiseOutput;
}

export function pointwiseNetwork(settings: PointwiseSettings): PointwiseNetwork {
  const { name, contextLength: L, horizon: H, hidden: D, covariates: F, branches, window: K, levels = [0.5] } = settings;
  const Q = levels.length;
  const anchor = levels.reduce((best, level, i) => (Math.abs(level - 0.5) < Math.abs(levels[best]! - 0.5) ? i : best), 0);
  const makeEncoder = settings.encoder ?? ((id, inputs): Encoder => stackedEncoder({ name: id, cell: 'gru', inputs, hidden: D }));
  const encoder = makeEncoder(`${name}.encoder`, 2 + F);
  const decoder = recurrentLayer({ name: `${name}.decoder`, cell: 'gru', inputs: 1 + F, hidden: D });
  const matrix = (part: string, rows: number, columns: number): ParameterSpec => ({
    name: `${name}.${part}`,
    shape: [rows, columns],
    init: { kind: 'glorot' },
    decay: true,
  });
  const bias = (part: string, size: number, value: number): ParameterSpec => ({
    name: `${name}.${part}`,
    shape: [size],
    init: { kind: 'values', of: () => value },
    decay: false,
  });
  const specs: ParameterSpec[] = [
    ...encoder.specs,
    matrix('state', encoder.width, D),
    ...decoder.specs,
    ...(branches.includes('contextual') ? contextualSpecs(`${name}.contextual`, encoder.width, D, F) : []),
    ...(branches.includes('temporal') ? temporalSpecs(`${name}.temporal`, settings) : []),
    ...(branches.includes('pointer') ? pointerSpecs(`${name}.pointer`) : []),
    ...gateSpecs(
      `${name}.gate`,
      encoder.width,
      D,
      branches.map((branch) => (branch === 'temporal' && (settings.periodStrength ?? 0) > 1 && settings.periods.length > 0 ? 2 : 0)),
    ),
    matrix('out.w', 2 * D, 1),
    bias('out.b', 1, 0),
    bias('copy', 1, 1),
    // softplus(−1) ≈ .31: neighbouring levels start a third of a scale apart.
    ...(Q > 1 ? [matrix('spread.w', 2 * D, Q - 1), bias('spread.b', Q - 1, -1)] : []),
  ];
  const swap = (z: tf.Tensor): tf.Tensor3D => tf.transpose(z, [1, 0, 2]) as tf.Tensor3D;
  const outward = cumulative(Q, anchor);

  return {
    specs,
    run(p, { x, mask, covariates, truth }, { forced, random } = {}) {
      const B = x.shape[0];
      const at = (part: string): tf.Tensor => p[`${name}.${part}`]!;
      const past = tf.slice(covariates, [0, 0, 0], [B, L, F]);
      const future = tf.slice(covariates, [0, L, 0], [B, H, F]);
      const values = tf.reshape(x, [B, L, 1]) as tf.Tensor3D;
      const known = tf.reshape(mask ?? tf.ones([B, L]), [B, L, 1]) as tf.Tensor3D;
      const encoded = encoder.encode(p, swap(tf.concat([values, known, past], 2)), random ? { random } : {});
      const h = swap(encoded.h); // [B,L,W]
      const position = tf.tile(tf.reshape(tf.linspace(1 / H, 1, H), [1, H, 1]), [B, 1, 1]);
      const start = tf.tanh(dense(encoded.last, at('state'))) as tf.Tensor2D;
      const states = swap(decoder.run(p, swap(tf.concat([position, future], 2)), { state: { h: start } }).h); // [B,H,D]
      const before = tf.concat([tf.zeros([B, 1, encoder.width]), tf.slice(h, [0, 0, 0], [B, L - 1, encoder.width])], 1) as tf.Tensor3D;
      const read = tf.concat([h, values], 2) as tf.Tensor3D;
      const keys = windowsBefore(x, K);
      // No alignment points at what was not observed.
      const hidden = mask && (tf.reshape(tf.mul(tf.sub(mask, 1), 1e9), [B, 1, L]) as tf.Tensor3D);
      const fixed = branches.map((branch) => {
        if (branch === 'contextual') return contextualScores(p, `${name}.contextual`, before, states, past, future);
        return branch === 'temporal' ? temporalScores(p, `${name}.temporal`, settings) : undefined;
      });
      /** Forecasts of `count` steps from `first` on, given the windows before them. */
      const finish = (first: number, count: number, windows: tf.Tensor3D): PointwiseOutput => {
        const pointed = branches.includes('pointer') ? pointerScores(p, `${name}.pointer`, keys, windows) : undefined;
        const part = (z: tf.Tensor): tf.Tensor =>
          z.rank === 2 ? tf.slice(z, [first, 0], [count, L]) : tf.slice(z, [0, first, 0], [B, count, z.shape[2]!]);
        const scores = fixed
          .map((score) => (score ? part(score) : pointed!.scores))
          .map((score) => (hidden ? tf.add(score, hidden) : score));
        const nearest = pointed ? tf.min(pointed.distances, 2, true) : tf.zeros([B, count, 1]);
        const own = part(states) as tf.Tensor3D;
        const alignment = align(p, `${name}.gate`, scores, own, read, nearest as tf.Tensor3D, forced);
        const mixed = tf.concat([own, alignment.context], 2);
        // What the alignments point at is copied, and corrected.
        const pointedAt = alignment.maps
          .map((map, k) => tf.mul(map, tf.slice(alignment.gate, [0, 0, k], [B, count, 1])))
          .reduce((sum, map) => tf.add(sum, map));
        const copied = tf.mul(tf.matMul(pointedAt, values), at('copy'));
        const median = tf.add(copied, dense(mixed, at('out.w'), at('out.b'))) as tf.Tensor3D;
        const quantiles =
          Q > 1 ? (tf.add(median, dense(tf.softplus(dense(mixed, at('spread.w'), at('spread.b'))), outward())) as tf.Tensor3D) : median;
        return { ...alignment, quantiles, forecast: tf.reshape(median, [B, count]) };
      };
      const tail = tf.slice(x, [0, L - K], [B, K]);
      if (truth || !branches.includes('pointer')) {
        const filled = tf.concat([tail, truth ?? tf.zeros([B, H])], 1) as tf.Tensor2D;
        return finish(0, H, tf.slice(windowsBefore(filled, K), [0, K, 0], [B, H, K]));
      }
      let buffer = tail;
      const steps: PointwiseOutput[] = [];
      for (let i = 0; i < H; i++) {
        const one = finish(i, 1, tf.reshape(tf.slice(buffer, [0, i], [B, K]), [B, 1, K]));
        buffer = tf.concat([buffer, one.forecast], 1);
        steps.push(one);
      }
      const join = (pick: (one: PointwiseOutput) => tf.Tensor): tf.Tensor => tf.concat(steps.map(pick), 1);
      return {
        forecast: join((one) => one.forecast) as tf.Tensor2D,
        quantiles: join((one) => one.quantiles) as tf.Tensor3D,
        context: join((one) => one.context) as tf.Tensor3D,
        gate: join((one) => one.gate) as tf.Tensor3D,
        maps: branches.map((_, k) => join((one) => one.maps[k]!) as tf.Tensor3D),
      };
    },
  };
}

/** [Q − 1, Q] of −1, 0, 1: sums the increments outward from the anchor. */
function cumulative(Q: number, anchor: number): () => tf.Tensor2D {
  const matrix = new Float32Array((Q - 1) * Q);
  for (let row = 0; row < Q - 1; row++) {
    for (let q = 0; q < Q; q++) {
      if (row < anchor && q <= row) matrix[row * Q + q] = -1;
      if (row >= anchor && q > row) matrix[row * Q + q] = 1;
    }
  }
  return () => tf.tensor2d(matrix, [Q - 1, Q]);
}
