/** `attention`: scaled dot-product attention as one operation with one gradient. */
import type * as tf from '@tensorflow/tfjs-core';
import { fused } from '../kernel/fused.js';
import { runKernel } from '../kernel/kernel.js';
import { checkShape } from '../kernel/recurrent.js';
import { attentionGradKernel, attentionKernel } from './kernels.js';

export interface AttentionArgs {
  /** [B,M,D], one row per query. */
  q: tf.Tensor;
  /** [B,N,D] */
  k: tf.Tensor;
  /** [B,N,E] */
  v: tf.Tensor;
  /** Added to the scores before the softmax: [M,N] for every batch row, or [B,M,N]. A large negative number masks. */
  bias?: tf.Tensor;
}

/**
 * weights = softmax(q·kᵀ/√D + bias), context = weights·v. Both outputs may be differentiated.
 *
 * @returns context [B,M,E], weights [B,M,N]
 */
export function attention({ q, k, v, bias }: AttentionArgs): { context: tf.Tensor3D; weights: tf.Tensor3D } {
  const [B, M, D] = q.shape as [number, number, number];
  const [N, E] = [k.shape[1]!, v.shape[2]!];
  checkShape('attention', 'q', q, [null, null, null]);
  checkShape('attention', 'k', k, [B, null, D]);
  checkShape('attention', 'v', v, [B, N, null]);
  checkShape('attention', 'bias', bias, bias?.shape.length === 3 ? [B, M, N] : [M, N]);
  const dims = { B, M, N, D, E, biasBatch: bias?.shape.length === 3 ? 1 : 0 };
  const [context, weights] = fused({
    inputs: { q, k, v, bias },
    forward: () => {
      const [context, weights] = runKernel(attentionKernel, { q, k, v, bias }, dims);
      return { outputs: [context!, weights!], saved: { q, k, v, weights } };
    },
    backward: ([dContext, dWeights], saved) => {
      const [dq, dk, dv, dBias] = runKernel(attentionGradKernel, { ...saved, dContext, dWeights }, dims);
      return { q: dq, k: dk, v: dv, bias: dBias };
    },
  });
  return { context: context as tf.Tensor3D, weights: weights as tf.Tensor3D };
}
