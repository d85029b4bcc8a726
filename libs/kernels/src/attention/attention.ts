/** `attention`: scaled dot-product attention as one operation with one gradient. */
import type * as tf from '@tensorflow/tfjs-core';
import { fused } from '../kernel/fused.js';
import { runKernel } from '../kernel/kernel.js';
import { checkShape } from '../kernel/recurrent.js';
import { attentionGradKernel, attentionKernel } from './kernels.js';

export interface AttentionArgs {
  /** [M,B,D], one row per query; time-major, as recurrent layers put out their states. */
  q: tf.Tensor;
  /** [N,B,D] */
  k: tf.Tensor;
  /** [N,B,E] */
  v: tf.Tensor;
  /** Added to the scores before the softmax: [M,N] for every batch row, or [B,M,N]. A large negative number masks. */
  bias?: tf.Tensor;
  /** The key of place j is k[j − delay], and zeros before that: so a place is matched by what came before it. 0 by default. */
  delay?: number;
}

/**
 * weights = softmax(q·kᵀ/√D + bias), context = weights·v. Both outputs may be differentiated.
 *
 * @returns context [M,B,E], weights [B,M,N]
 */
export function attention({ q, k, v, bias, delay = 0 }: AttentionArgs): { context: tf.Tensor3D; weights: tf.Tensor3D } {
  const [M, B, D] = q.shape as [number, number, number];
  const [N, E] = [k.shape[0]!, v.shape[2]!];
  checkShape('attention', 'q', q, [null, null, null]);
  checkShape('attention', 'k', k, [null, B, D]);
  checkShape('attention', 'v', v, [N, B, null]);
  checkShape('attention', 'bias', bias, bias?.shape.length === 3 ? [B, M, N] : [M, N]);
  const dims = { B, M, N, D, E, biasBatch: bias?.shape.length === 3 ? 1 : 0, delay: Math.min(delay, N) };
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
