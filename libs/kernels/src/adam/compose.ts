/** The AdamW kernel from standard operations; see `kernels.ts` for the arguments. */
import * as tf from '@tensorflow/tfjs-core';
import { type Tensors } from '../kernel/compose.js';
import { type Dims } from '../kernel/kernel.js';

export function composeAdam([values, gradient, m, v, average, decay]: Tensors, dims: Dims): tf.Tensor[] {
  const { clip, rate, correction, weightDecay, beta1, beta2, epsilon, ema } = dims;
  const norm = tf.sqrt(tf.sum(tf.square(gradient!)));
  // clip / norm where the norm is larger, 1 elsewhere; stays on the engine
  const g = tf.mul(gradient!, tf.div(clip!, tf.maximum(norm, clip!)));
  const m1 = tf.add(tf.mul(m!, beta1!), tf.mul(g, 1 - beta1!));
  const v1 = tf.add(tf.mul(v!, beta2!), tf.mul(tf.square(g), 1 - beta2!));
  const update = tf.div(tf.mul(m1, rate!), tf.add(tf.mul(tf.sqrt(v1), correction!), epsilon!));
  const next = tf.sub(tf.mul(values!, tf.sub(1, tf.mul(decay!, weightDecay!))), update);
  return [next, m1, v1, tf.add(average!, tf.mul(tf.sub(next, average!), 1 - ema!)), tf.reshape(norm, [1])];
}
