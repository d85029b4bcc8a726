/** `dense`: a linear layer as one operation with one gradient. */
import * as tf from '@tensorflow/tfjs-core';
import { fused } from '../kernel/fused.js';
import { runKernel } from '../kernel/kernel.js';
import { checkShape } from '../kernel/recurrent.js';
import { denseGradKernel, denseKernel } from './kernels.js';

/**
 * x·w + b over the last axis.
 *
 * @param x [..., I]
 * @param w [I,O]
 * @param b [O]; none when absent
 * @returns [..., O]
 */
export function dense(x: tf.Tensor, w: tf.Tensor, b?: tf.Tensor): tf.Tensor {
  const [I, O] = w.shape as [number, number];
  const outer = x.shape.slice(0, -1);
  const N = outer.reduce((product, n) => product * n, 1);
  checkShape('dense', 'w', w, [x.shape.at(-1)!, null]);
  checkShape('dense', 'b', b, [O]);
  const dims = { N, I, O };
  const [y] = fused({
    inputs: { x, w, b },
    forward: () => {
      const [y] = runKernel(denseKernel, { x, w, b }, dims);
      return { outputs: [tf.reshape(y!, [...outer, O])], saved: { x, w } };
    },
    backward: ([dy], saved) => {
      const [dx, dw, db] = runKernel(denseGradKernel, { ...saved, dy }, dims);
      return { x: tf.reshape(dx!, x.shape), w: dw, b: db };
    },
  });
  return y!;
}
