/** The dense kernels from standard operations; see `kernels.ts` for the arguments. */
import * as tf from '@tensorflow/tfjs-core';
import { type Tensors } from '../kernel/compose.js';
import { type Dims } from '../kernel/kernel.js';

export function composeDense([x, w, b]: Tensors, { N, I, relu }: Dims): tf.Tensor[] {
  const product = tf.matMul(tf.reshape(x!, [N!, I!]) as tf.Tensor2D, w as tf.Tensor2D);
  const sum = b ? tf.add(product, b) : product;
  return [relu ? tf.relu(sum) : sum];
}

export function composeDenseGrad([x, w, dy, y]: Tensors, { N, I, O, wantsX }: Dims): tf.Tensor[] {
  const flat = tf.reshape(x!, [N!, I!]) as tf.Tensor2D;
  const passed = y ? tf.mul(dy!, tf.step(y)) : dy!;
  const d = tf.reshape(passed, [N!, O!]) as tf.Tensor2D;
  const ofWeights = [tf.matMul(flat, d, true, false), tf.sum(d, 0)];
  return wantsX ? [...ofWeights, tf.matMul(d, w as tf.Tensor2D, false, true)] : ofWeights;
}
