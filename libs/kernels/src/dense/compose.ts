/** The dense kernels from standard operations; see `kernels.ts` for the arguments. */
import * as tf from '@tensorflow/tfjs-core';
import { type Tensors } from '../kernel/compose.js';
import { type Dims } from '../kernel/kernel.js';

export function composeDense([x, w, b]: Tensors, { N, I }: Dims): tf.Tensor[] {
  const product = tf.matMul(tf.reshape(x!, [N!, I!]) as tf.Tensor2D, w as tf.Tensor2D);
  return [b ? tf.add(product, b) : product];
}

export function composeDenseGrad([x, w, dy]: Tensors, { N, I, O }: Dims): tf.Tensor[] {
  const flat = tf.reshape(x!, [N!, I!]) as tf.Tensor2D;
  const d = tf.reshape(dy!, [N!, O!]) as tf.Tensor2D;
  return [tf.matMul(d, w as tf.Tensor2D, false, true), tf.matMul(flat, d, true, false), tf.sum(d, 0)];
}
