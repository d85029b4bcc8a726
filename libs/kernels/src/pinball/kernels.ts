/** The pinball kernel: q [N,Q], target [N], weight [N], levels [Q] to the loss [1] and its slope [N,Q] in q. */
import * as tf from '@tensorflow/tfjs-core';
import { type Tensors } from '../kernel/compose.js';
import { type Arrays, type Dims, type Kernel } from '../kernel/kernel.js';

function compose([q, target, weight, levels]: Tensors, { N, Q }: Dims): tf.Tensor[] {
  const column = (x: tf.Tensor): tf.Tensor => tf.reshape(x, [N!, 1]);
  const over = tf.sub(q!, column(target!));
  const slope = tf.mul(tf.sub(tf.step(over), levels!), tf.div(column(weight!), N! * Q!));
  return [tf.reshape(tf.sum(tf.mul(slope, over)), [1]), slope];
}

function reference([q, target, weight, levels]: Arrays, [loss, slope]: Float32Array[], { N, Q }: Dims): void {
  let sum = 0;
  for (let i = 0; i < N! * Q!; i++) {
    const row = Math.floor(i / Q!);
    const over = q![i]! - target![row]!;
    slope![i] = (weight![row]! * ((over > 0 ? 1 : 0) - levels![i % Q!]!)) / (N! * Q!);
    sum += slope![i]! * over;
  }
  loss![0] = sum;
}

export const pinballKernel: Kernel = {
  name: 'AlmanacPinball',
  inputs: ['q', 'target', 'weight', 'levels'],
  /** loss, slope */
  shapes: ({ N, Q }: Dims) => [[1], [N!, Q!]],
  compose,
  reference,
  wasm: { name: 'pinball', dims: ['N', 'Q'] },
};
