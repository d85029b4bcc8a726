/** `pinball`: the loss of quantile forecasts as one operation with one gradient. */
import * as tf from '@tensorflow/tfjs-core';
import { fused } from '../kernel/fused.js';
import { runKernel } from '../kernel/kernel.js';
import { checkShape } from '../kernel/recurrent.js';
import { pinballKernel } from './kernels.js';

/**
 * Mean over every element of weight·(1[q > y] − τ)·(q − y). Only q gets a gradient.
 *
 * @param q [..., Q]
 * @param target [...]
 * @param weight [...], 0 where nothing is known
 * @param levels the τ of each of the Q
 * @returns scalar
 */
export function pinball(q: tf.Tensor, target: tf.Tensor, weight: tf.Tensor, levels: readonly number[]): tf.Scalar {
  const outer = q.shape.slice(0, -1);
  const [N, Q] = [target.size, levels.length];
  checkShape('pinball', 'q', q, [...outer, Q]);
  checkShape('pinball', 'target', target, outer);
  checkShape('pinball', 'weight', weight, outer);
  const [loss] = fused({
    inputs: { q },
    forward: () => {
      const flat = { q: tf.reshape(q, [N, Q]), target: tf.reshape(target, [N]), weight: tf.reshape(weight, [N]) };
      const [loss, slope] = runKernel(pinballKernel, { ...flat, levels: tf.tensor1d([...levels]) }, { N, Q });
      return { outputs: [tf.reshape(loss!, [])], saved: { slope: tf.reshape(slope!, q.shape) } };
    },
    backward: ([dy], { slope }) => ({ q: tf.mul(slope!, dy!) }),
  });
  return loss as tf.Scalar;
}
