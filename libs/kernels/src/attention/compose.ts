/** The attention kernels from standard operations; see `kernels.ts` for the arguments. */
import * as tf from '@tensorflow/tfjs-core';
import { type Tensors } from '../kernel/compose.js';
import { type Dims } from '../kernel/kernel.js';

export function composeAttention([q, k, v, bias]: Tensors, { D, delay }: Dims): tf.Tensor[] {
  const scores = tf.mul(tf.matMul(swapped(q!), later(swapped(k!), delay!), false, true), 1 / Math.sqrt(D!));
  const weights = tf.softmax(bias ? tf.add(scores, bias) : scores);
  return [swapped(tf.matMul(weights, swapped(v!))), weights];
}

export function composeAttentionGrad([q, k, v, weights, dContext, dWeights]: Tensors, { D, biasBatch, delay }: Dims): tf.Tensor[] {
  const given = swapped(dContext!);
  const direct = tf.matMul(given, swapped(v!), false, true);
  const total = dWeights ? tf.add(direct, dWeights) : direct;
  const dScores = tf.mul(weights!, tf.sub(total, tf.sum(tf.mul(total, weights!), 2, true)));
  const scaled = tf.mul(dScores, 1 / Math.sqrt(D!));
  const dBias = biasBatch ? dScores : tf.sum(dScores, 0);
  const dKeys = tf.matMul(scaled, swapped(q!), true, false);
  return [
    swapped(tf.matMul(scaled, later(swapped(k!), delay!))),
    swapped(earlier(dKeys, delay!)),
    swapped(tf.matMul(weights!, given, true, false)),
    dBias,
  ];
}

/** Between time-major and batch-major. */
const swapped = (x: tf.Tensor): tf.Tensor => tf.transpose(x, [1, 0, 2]);

/** x [B,N,D] moved `delay` places on, zeros in front. */
function later(x: tf.Tensor, delay: number): tf.Tensor {
  if (delay === 0) return x;
  const [B, N, D] = x.shape as [number, number, number];
  return tf.concat([tf.zeros([B, delay, D]), tf.slice(x, [0, 0, 0], [B, N - delay, D])], 1);
}

/** The transpose of `later`. */
function earlier(x: tf.Tensor, delay: number): tf.Tensor {
  if (delay === 0) return x;
  const [B, N, D] = x.shape as [number, number, number];
  return tf.concat([tf.slice(x, [0, delay, 0], [B, N - delay, D]), tf.zeros([B, delay, D])], 1);
}
