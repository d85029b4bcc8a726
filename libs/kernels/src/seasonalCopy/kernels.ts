/**
 * The kernels of the copying branch: logits [N,K], candidates [N,K] and gate [N] to copied [N] = σ(gate)·Σ softmax(logits)·candidates,
 * the weights [N,K] and the opened gate [N].
 */
import * as tf from '@tensorflow/tfjs-core';
import { type Tensors } from '../kernel/compose.js';
import { type Arrays, type Dims, type Kernel } from '../kernel/kernel.js';

function compose([logits, candidates, gate]: Tensors): tf.Tensor[] {
  const [weights, open] = [tf.softmax(logits!), tf.sigmoid(gate!)];
  return [tf.mul(open, tf.sum(tf.mul(weights, candidates!), 1)), weights, open];
}

function composeGrad([candidates, weights, open, dCopied, dWeights, dOpen]: Tensors, { N }: Dims): tf.Tensor[] {
  const column = (x: tf.Tensor): tf.Tensor => tf.reshape(x, [N!, 1]);
  const mean = tf.sum(tf.mul(weights!, candidates!), 1);
  const slope = column(tf.mul(dCopied!, open!));
  const d = tf.add(tf.mul(slope, candidates!), dWeights!);
  const dLogits = tf.mul(weights!, tf.sub(d, tf.sum(tf.mul(d, weights!), 1, true)));
  const dGate = tf.mul(tf.add(tf.mul(dCopied!, mean), dOpen!), tf.mul(open!, tf.sub(1, open!)));
  return [dLogits, tf.mul(slope, weights!), dGate];
}

function reference([logits, candidates, gate]: Arrays, [copied, weights, open]: Float32Array[], { N, K }: Dims): void {
  for (let row = 0; row < N!; row++) {
    const own = logits!.subarray(row * K!, (row + 1) * K!);
    const most = Math.max(...own);
    const parts = Array.from(own, (logit) => Math.exp(logit - most));
    const total = parts.reduce((sum, part) => sum + part, 0);
    open![row] = 1 / (1 + Math.exp(-gate![row]!));
    let mean = 0;
    parts.forEach((part, k) => (mean += (weights![row * K! + k] = part / total) * candidates![row * K! + k]!));
    copied![row] = open![row]! * mean;
  }
}

function referenceGrad(inputs: Arrays, outputs: Float32Array[], { N, K }: Dims): void {
  const [candidates, weights, open, dCopied, dWeights, dOpen] = inputs as Float32Array[] as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const [dLogits, dCandidates, dGate] = outputs as [Float32Array, Float32Array, Float32Array];
  for (let row = 0; row < N!; row++) {
    const slope = dCopied[row]! * open[row]!;
    let [mean, centre] = [0, 0];
    for (let i = row * K!; i < (row + 1) * K!; i++) {
      mean += weights[i]! * candidates[i]!;
      centre += weights[i]! * (slope * candidates[i]! + dWeights[i]!);
    }
    for (let i = row * K!; i < (row + 1) * K!; i++) {
      dLogits[i] = weights[i]! * (slope * candidates[i]! + dWeights[i]! - centre);
      dCandidates[i] = slope * weights[i]!;
    }
    dGate[row] = (dCopied[row]! * mean + dOpen[row]!) * open[row]! * (1 - open[row]!);
  }
}

export const seasonalCopyKernel: Kernel = {
  name: 'AlmanacSeasonalCopy',
  inputs: ['logits', 'candidates', 'gate'],
  /** copied, weights, open */
  shapes: ({ N, K }: Dims) => [[N!], [N!, K!], [N!]],
  compose,
  reference,
  wasm: { name: 'seasonalCopy', dims: ['N', 'K'] },
};

export const seasonalCopyGradKernel: Kernel = {
  name: 'AlmanacSeasonalCopyGrad',
  inputs: ['candidates', 'weights', 'open', 'dCopied', 'dWeights', 'dOpen'],
  /** dLogits, dCandidates, dGate */
  shapes: ({ N, K }: Dims) => [[N!, K!], [N!, K!], [N!]],
  compose: composeGrad,
  reference: referenceGrad,
  wasm: { name: 'seasonalCopyGrad', dims: ['N', 'K'] },
};
