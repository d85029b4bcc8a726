/** One evaluation of the network: its loss over a batch of windows, and the gradient of it in the flat layout of the weights. */
import { pinball } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';
import type { Parameters } from '../../training/parameters.js';
import { forward } from './network.js';
import { LEVELS, SEGMENT } from './shape.js';
import type { Batch } from './windows.js';

/** Writes the gradient into `out` and returns the loss: the pinball loss in z, weighted window by window. */
export function gradient(parameters: Parameters, batch: Batch, out: Float32Array): number {
  return tf.tidy(() => {
    const { value, grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) =>
      lossOf(forward(parameters.named(tensors), batch).quantiles, batch),
    )(parameters.tensors());
    parameters.gather(grads, out);
    return value.dataSync()[0]!;
  });
}

/** The loss of the weights `values`. */
export function evaluate(parameters: Parameters, batch: Batch, values: Float32Array): number {
  return tf.tidy(() => lossOf(forward(parameters.named(parameters.tensors(values)), batch).quantiles, batch).dataSync()[0]!);
}

function lossOf(quantiles: tf.Tensor, { m, size, target, weight }: Batch): tf.Scalar {
  const shape: [number, number, number] = [m, size, SEGMENT];
  return pinball(quantiles, tf.tensor3d(target, shape), tf.tensor3d(weight, shape), LEVELS);
}
