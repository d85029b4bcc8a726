/** The attention kernels from standard operations; see `kernels.ts` for the arguments. */
import * as tf from '@tensorflow/tfjs-core';
import { type Tensors } from '../kernel/compose.js';
import { type Dims } from '../kernel/kernel.js';

export function composeAttention([q, k, v, bias]: Tensors, { D }: Dims): tf.Tensor[] {
  const scores = tf.mul(tf.matMul(q!, k!, false, true), 1 / Math.sqrt(D!));
  const weights = tf.softmax(bias ? tf.add(scores, bias) : scores);
  return [tf.matMul(weights, v!), weights];
}

export function composeAttentionGrad([q, k, v, weights, dContext, dWeights]: Tensors, { D, biasBatch }: Dims): tf.Tensor[] {
  const direct = tf.matMul(dContext!, v!, false, true);
  const total = dWeights ? tf.add(direct, dWeights) : direct;
  const dScores = tf.mul(weights!, tf.sub(total, tf.sum(tf.mul(total, weights!), 2, true)));
  const scaled = tf.mul(dScores, 1 / Math.sqrt(D!));
  const dBias = biasBatch ? dScores : tf.sum(dScores, 0);
  return [tf.matMul(scaled, k!), tf.matMul(scaled, q!, true, false), tf.matMul(weights!, dContext!, true, false), dBias];
}
