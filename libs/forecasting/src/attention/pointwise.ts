/**
 * The point-wise attention forecaster: a GRU reads the look-back step by step, another runs over the horizon, and up to three
 * alignments tell each horizon step where in the look-back to read. Interpretable, and able to copy.
 *
 * The pointer compares the last values before each horizon step with the look-back. In training those are the true ones
 * (teacher forcing of that buffer alone); a forecast fills the buffer with its own medians, step by step.
 */
import { dense } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { recurrentLayer } from '../cells/layer.js';
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
  branches: readonly Branch[];
  periods: readonly number[];
  /** Values per pointer window. */
  window: number;
}

export interface PointwiseInputs {
  /** [B,L], scaled. */
  x: tf.Tensor2D;
  /** [B,L+H,F] */
  covariates: tf.Tensor3D;
  /** [B,H], in training only: fills the pointer's buffer. */
  truth?: tf.Tensor2D;
}

export interface PointwiseOutput extends Alignment {
  /** [B,H] */
  forecast: tf.Tensor2D;
}

export interface PointwiseNetwork {
  readonly specs: readonly ParameterSpec[];
  /** @param forced index of the only branch that may speak; for branch dropout */
  run(p: Tensors, inputs: PointwiseInputs, forced?: number): PointwiseOutput;
}

export function pointwiseNetwork(settings: PointwiseSettings): PointwiseNetwork {
  const { name, contextLength: L, horizon: H, hidden: D, covariates: F, branches, window: K } = settings;
  const encoder = recurrentLayer({ name: `${name}.encoder`, cell: 'gru', inputs: 1 + F, hidden: D });
  const decoder = recurrentLayer({ name: `${name}.decoder`, cell: 'gru', inputs: 1 + F, hidden: D });
  const specs: ParameterSpec[] = [
    ...encoder.specs,
    ...decoder.specs,
    ...(branches.includes('contextual') ? contextualSpecs(`${name}.contextual`, D, F) : []),
    ...(branches.includes('temporal') ? temporalSpecs(`${name}.temporal`, settings) : []),
    ...(branches.includes('pointer') ? pointerSpecs(`${name}.pointer`) : []),
    ...gateSpecs(`${name}.gate`, D, branches.length),
    { name: `${name}.out.w`, shape: [2 * D, 1], init: { kind: 'glorot' }, decay: true },
    { name: `${name}.out.b`, shape: [1], init: { kind: 'values', of: () => 0 }, decay: false },
  ];
  const swap = (z: tf.Tensor): tf.Tensor3D => tf.transpose(z, [1, 0, 2]) as tf.Tensor3D;

  return {
    specs,
    run(p, { x, covariates, truth }, forced) {
      const B = x.shape[0];
      const past = tf.slice(covariates, [0, 0, 0], [B, L, F]);
      const future = tf.slice(covariates, [0, L, 0], [B, H, F]);
      const values = tf.reshape(x, [B, L, 1]) as tf.Tensor3D;
      const encoded = encoder.run(p, swap(tf.concat([values, past], 2)));
      const h = swap(encoded.h); // [B,L,D]
      const position = tf.tile(tf.reshape(tf.linspace(1 / H, 1, H), [1, H, 1]), [B, 1, 1]);
      const states = swap(decoder.run(p, swap(tf.concat([position, future], 2)), { state: encoded.state }).h); // [B,H,D]
      const before = tf.concat([tf.zeros([B, 1, D]), tf.slice(h, [0, 0, 0], [B, L - 1, D])], 1) as tf.Tensor3D;
      const read = tf.concat([h, values], 2) as tf.Tensor3D;
      const keys = windowsBefore(x, K);
      const fixed = branches.map((branch) => {
        if (branch === 'contextual') return contextualScores(p, `${name}.contextual`, before, states, past, future);
        return branch === 'temporal' ? temporalScores(p, `${name}.temporal`, settings) : undefined;
      });
      /** Forecasts of the steps from `at` on, given the windows before them. */
      const finish = (at: number, count: number, windows: tf.Tensor3D): PointwiseOutput => {
        const pointed = branches.includes('pointer') ? pointerScores(p, `${name}.pointer`, keys, windows) : undefined;
        const part = (z: tf.Tensor): tf.Tensor =>
          z.rank === 2 ? tf.slice(z, [at, 0], [count, L]) : tf.slice(z, [0, at, 0], [B, count, z.shape[2]!]);
        const scores = fixed.map((score) => (score ? part(score) : pointed!.scores));
        const nearest = pointed ? tf.min(pointed.distances, 2, true) : tf.zeros([B, count, 1]);
        const own = part(states) as tf.Tensor3D;
        const alignment = align(p, `${name}.gate`, scores, own, read, nearest as tf.Tensor3D, forced);
        const forecast = dense(tf.concat([own, alignment.context], 2), p[`${name}.out.w`]!, p[`${name}.out.b`]!);
        return { ...alignment, forecast: tf.reshape(forecast, [B, count]) };
      };
      const tail = tf.slice(x, [0, L - K], [B, K]);
      if (truth || !branches.includes('pointer')) {
        const known = tf.concat([tail, truth ?? tf.zeros([B, H])], 1) as tf.Tensor2D;
        return finish(0, H, tf.slice(windowsBefore(known, K), [0, K, 0], [B, H, K]));
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
        context: join((one) => one.context) as tf.Tensor3D,
        gate: join((one) => one.gate) as tf.Tensor3D,
        maps: branches.map((_, k) => join((one) => one.maps[k]!) as tf.Tensor3D),
      };
    },
  };
}
