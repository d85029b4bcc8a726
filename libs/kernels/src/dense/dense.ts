/** `dense`: a linear layer as one operation with one gradient. */
import * as tf from '@tensorflow/tfjs-core';
import { fused } from '../kernel/fused.js';
import { runKernel } from '../kernel/kernel.js';
import { checkShape } from '../kernel/recurrent.js';
import { denseGradKernel, denseKernel } from './kernels.js';

export interface DenseOptions {
  /** Negative results become 0. */
  relu?: boolean;
  /** x is data: no gradient is computed for it, and none may be asked for. */
  constantInput?: boolean;
}

/**
 * x·w + b over the last axis.
 *
 * @param x [..., I]
 * @param w [I,O]
 * @param b [O]; none when absent
 * @returns [..., O]
 */
export function dense(x: tf.Tensor, w: tf.Tensor, b?: tf.Tensor, { relu = false, constantInput = false }: DenseOptions = {}): tf.Tensor {
  const [I, O] = w.shape as [number, number];
  const outer = x.shape.slice(0, -1);
  const N = outer.reduce((product, n) => product * n, 1);
  checkShape('dense', 'w', w, [x.shape.at(-1)!, null]);
  checkShape('dense', 'b', b, [O]);
  const dims = { N, I, O, relu: Number(relu), wantsX: Number(!constantInput) };
  const [y] = fused({
    inputs: constantInput ? { w, b } : { x, w, b },
    forward: () => {
      const [flat] = runKernel(denseKernel, { x, w, b }, dims);
      const y = tf.reshape(flat!, [...outer, O]);
      return { outputs: [y], saved: { x, w, y: relu ? y : null } };
    },
    backward: ([dy], saved) => {
      const [dw, db, dx] = runKernel(denseGradKernel, { ...saved, dy }, dims);
      return { x: dx && tf.reshape(dx, x.shape), w: dw, b: db };
    },
  });
  return y!;
}
