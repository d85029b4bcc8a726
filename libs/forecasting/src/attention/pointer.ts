/**
 * The pointer: where in the look-back did the last few values look like the last few before the step to be forecast? Scores
 * fall with the squared distance of the two windows, so that the softmax points at the analogue and copies what followed
 * (Vinyals et al. 2015, with windows for keys).
 */
import * as tf from '@tensorflow/tfjs-core';
import { type ParameterSpec, type Tensors } from '../training/parameters.js';

/** Sharpness β = softplus of what is learned, 6 at the start: lower, and the pointer never finds its target. */
export function pointerSpecs(name: string): ParameterSpec[] {
  return [{ name: `${name}.sharpness`, shape: [1], init: { kind: 'values', of: () => Math.log(Math.expm1(6)) }, decay: false }];
}

/** The `width` values before each step: x [B,T] → [B,T,width], zeros before the beginning. */
export function windowsBefore(x: tf.Tensor2D, width: number): tf.Tensor3D {
  const [B, T] = x.shape;
  const padded = tf.pad(x, [
    [0, 0],
    [width, 0],
  ]);
  return tf.stack(
    Array.from({ length: width }, (_, k) => tf.slice(padded, [0, k], [B, T])),
    2,
  ) as tf.Tensor3D;
}

/**
 * @param keys [B,L,K], windows before the look-back steps
 * @param queries [B,H,K], windows before the steps to be forecast
 * @returns scores [B,H,L] and the distances they come from
 */
export function pointerScores(
  p: Tensors,
  name: string,
  keys: tf.Tensor3D,
  queries: tf.Tensor3D,
): { scores: tf.Tensor3D; distances: tf.Tensor3D } {
  const K = keys.shape[2];
  // |q − k|² = |q|² + |k|² − 2q·k, without the four-dimensional difference.
  const products = tf.matMul(queries, keys, false, true);
  const sizes = tf.add(tf.sum(tf.square(queries), 2, true), tf.transpose(tf.sum(tf.square(keys), 2, true), [0, 2, 1]));
  const distances = tf.relu(tf.div(tf.sub(sizes, tf.mul(products, 2)), K)) as tf.Tensor3D;
  return { scores: tf.mul(distances, tf.neg(tf.softplus(p[`${name}.sharpness`]!))), distances };
}
