/**
 * A recurrent net that eats its own forecasts, and two ways to train it for that: scheduled sampling (Bengio et al. 2015),
 * which now and then feeds it its own forecast in place of the truth, and noise on what it is fed.
 *
 * For recursive decoders and pointer buffers only: a decoder that forecasts all steps at once has nothing to be forced.
 */
import { dense } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { type Random } from '../dataset/random.js';
import { type ParameterSpec, type Tensors } from '../training/parameters.js';
import { type RecurrentLayer } from './layer.js';
import type { CellState } from './state.js';

/** Adds seeded normal noise of standard deviation `size`, in scaled units. */
export function injectNoise<T extends tf.Tensor>(x: T, size: number, random: Random): T {
  if (size === 0) return x;
  const noise = new Float32Array(x.size);
  for (let i = 0; i < noise.length; i++) noise[i] = size * random.normal();
  return tf.add(x, tf.tensor(noise, x.shape)) as T;
}

export function readoutSpecs(name: string, hidden: number, outputs: number): ParameterSpec[] {
  return [
    { name: `${name}.w`, shape: [hidden, outputs], init: { kind: 'glorot' }, decay: true },
    { name: `${name}.b`, shape: [outputs], init: { kind: 'values', of: () => 0 }, decay: false },
  ];
}

export interface RollOutOptions {
  /** Name of the readout's weights. */
  readout: string;
  /** [H,B,1] true values; step i is fed `truth[i − 1]`, or the net's own forecast of it. */
  truth?: tf.Tensor3D;
  /** Chance of being fed the truth, drawn for each series and step; 0 without `truth`. */
  truthProbability?: number;
  random?: Random;
}

/**
 * Forecasts `steps` values one by one after `state`, starting from the last known value `first` [B,1].
 *
 * @returns [steps,B,1]
 */
export function rollOut(
  layer: RecurrentLayer,
  p: Tensors,
  state: CellState,
  first: tf.Tensor2D,
  steps: number,
  options: RollOutOptions,
): tf.Tensor3D {
  const { readout, truth, truthProbability = 0, random } = options;
  const B = first.shape[0];
  const outputs: tf.Tensor2D[] = [];
  let input = first;
  for (let i = 0; i < steps; i++) {
    state = layer.step(p, input, state);
    const output = dense(state.h, p[`${readout}.w`]!, p[`${readout}.b`]!) as tf.Tensor2D;
    outputs.push(output);
    input = output;
    if (truth && random && truthProbability > 0) {
      const forced = tf.tensor2d(
        Float32Array.from({ length: B }, () => (random.next() < truthProbability ? 1 : 0)),
        [B, 1],
      );
      const known = tf.reshape(tf.slice(truth, [i, 0, 0], [1, B, 1]), [B, 1]);
      input = tf.add(output, tf.mul(forced, tf.sub(known, output)));
    }
  }
  return tf.stack(outputs) as tf.Tensor3D;
}
