/** `quantiles`: a centre and increments on both sides of it, as one operation with one gradient. */
import * as tf from '@tensorflow/tfjs-core';
import { fused } from '../kernel/fused.js';
import { runKernel } from '../kernel/kernel.js';
import { checkShape } from '../kernel/recurrent.js';
import { quantilesGradKernel, quantilesKernel } from './kernels.js';

/**
 * Ascending quantiles q[anchor] = centre, q[i ± 1] = q[i] ± softplus(spread): they cannot cross (Park et al. 2022).
 *
 * @param centre [...]
 * @param spread [..., Q − 1], increments in the order of the levels they lie between
 * @param anchor index of the level that the centre is
 * @returns [..., Q]
 */
export function quantiles(centre: tf.Tensor, spread: tf.Tensor, anchor: number): tf.Tensor {
  const Q = spread.shape.at(-1)! + 1;
  checkShape('quantiles', 'spread', spread, [...centre.shape, null]);
  const dims = { N: centre.size, Q, anchor };
  const flat = tf.reshape(spread, [centre.size, Q - 1]);
  const [q] = fused({
    inputs: { centre, spread: flat },
    forward: () => {
      const [q] = runKernel(quantilesKernel, { centre, spread: flat }, dims);
      return { outputs: [tf.reshape(q!, [...centre.shape, Q])], saved: { spread: flat } };
    },
    backward: ([dq], saved) => {
      const [dCentre, dSpread] = runKernel(quantilesGradKernel, { ...saved, dq: tf.reshape(dq!, [centre.size, Q]) }, dims);
      return { centre: tf.reshape(dCentre!, centre.shape), spread: dSpread };
    },
  });
  return q!;
}
