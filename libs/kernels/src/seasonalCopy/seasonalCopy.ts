/** `seasonalCopy`: pointing at values of past seasons and copying them behind a gate, as one operation with one gradient. */
import * as tf from '@tensorflow/tfjs-core';
import { fused } from '../kernel/fused.js';
import { runKernel } from '../kernel/kernel.js';
import { checkShape } from '../kernel/recurrent.js';
import { seasonalCopyGradKernel, seasonalCopyKernel } from './kernels.js';

export interface SeasonalCopy {
  /** [...], gate·Σ weights·candidates */
  copied: tf.Tensor;
  /** [..., K], softmax of the logits */
  weights: tf.Tensor;
  /** [...], between 0 and 1 */
  gate: tf.Tensor;
}

/**
 * @param logits [..., K]
 * @param candidates [..., K], the values that may be copied
 * @param gate [...], before its sigmoid
 */
export function seasonalCopy(logits: tf.Tensor, candidates: tf.Tensor, gate: tf.Tensor): SeasonalCopy {
  const [N, K] = [gate.size, logits.shape.at(-1)!];
  checkShape('seasonalCopy', 'logits', logits, [...gate.shape, K]);
  checkShape('seasonalCopy', 'candidates', candidates, [...gate.shape, K]);
  const [copied, weights, open] = fused({
    inputs: { logits, candidates, gate },
    forward: () => {
      const flat = { logits: tf.reshape(logits, [N, K]), candidates: tf.reshape(candidates, [N, K]), gate: tf.reshape(gate, [N]) };
      const [copied, weights, open] = runKernel(seasonalCopyKernel, flat, { N, K });
      return {
        outputs: [tf.reshape(copied!, gate.shape), tf.reshape(weights!, logits.shape), tf.reshape(open!, gate.shape)],
        saved: { candidates: flat.candidates, weights, open },
      };
    },
    backward: ([dCopied, dWeights, dOpen], saved) => {
      const slopes = { dCopied: tf.reshape(dCopied!, [N]), dWeights: tf.reshape(dWeights!, [N, K]), dOpen: tf.reshape(dOpen!, [N]) };
      const [dLogits, dCandidates, dGate] = runKernel(seasonalCopyGradKernel, { ...saved, ...slopes }, { N, K });
      return {
        logits: tf.reshape(dLogits!, logits.shape),
        candidates: tf.reshape(dCandidates!, candidates.shape),
        gate: tf.reshape(dGate!, gate.shape),
      };
    },
  });
  return { copied: copied!, weights: weights!, gate: open! };
}
