/** The kernels of quantiles that cannot cross: centre [N] and spread [N,Q−1] to q [N,Q]; `anchor` is the centre's level. */
import * as tf from '@tensorflow/tfjs-core';
import { type Tensors } from '../kernel/compose.js';
import { type Arrays, type Dims, type Kernel } from '../kernel/kernel.js';

/** [Q − 1, Q] of −1, 0, 1: sums the increments outward from the anchor. */
function outward({ Q, anchor }: Dims): tf.Tensor2D {
  const at = (row: number, q: number): number => (row < anchor! ? (q <= row ? -1 : 0) : q > row ? 1 : 0);
  return tf.tensor2d(
    Array.from({ length: (Q! - 1) * Q! }, (_, i) => at(Math.floor(i / Q!), i % Q!)),
    [Q! - 1, Q!],
  );
}

function compose([centre, spread]: Tensors, dims: Dims): tf.Tensor[] {
  return [tf.add(tf.reshape(centre!, [dims['N']!, 1]), tf.matMul(tf.softplus(spread!) as tf.Tensor2D, outward(dims)))];
}

function composeGrad([spread, dq]: Tensors, dims: Dims): tf.Tensor[] {
  return [tf.sum(dq!, 1), tf.mul(tf.matMul(dq as tf.Tensor2D, outward(dims), false, true), tf.sigmoid(spread!))];
}

const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

function reference([centre, spread]: Arrays, [q]: Float32Array[], { N, Q, anchor }: Dims): void {
  for (let row = 0; row < N!; row++) {
    const increment = (i: number): number => softplus(spread![row * (Q! - 1) + i]!);
    q![row * Q! + anchor!] = centre![row]!;
    for (let i = anchor!; i < Q! - 1; i++) q![row * Q! + i + 1] = q![row * Q! + i]! + increment(i);
    for (let i = anchor! - 1; i >= 0; i--) q![row * Q! + i] = q![row * Q! + i + 1]! - increment(i);
  }
}

function referenceGrad([spread, dq]: Arrays, [dCentre, dSpread]: Float32Array[], { N, Q, anchor }: Dims): void {
  for (let row = 0; row < N!; row++) {
    const slope = (i: number): number => 1 / (1 + Math.exp(-spread![row * (Q! - 1) + i]!));
    let above = 0;
    for (let i = Q! - 2; i >= anchor!; i--) dSpread![row * (Q! - 1) + i] = slope(i) * (above += dq![row * Q! + i + 1]!);
    let below = 0;
    for (let i = 0; i < anchor!; i++) dSpread![row * (Q! - 1) + i] = -slope(i) * (below += dq![row * Q! + i]!);
    dCentre![row] = above + below + dq![row * Q! + anchor!]!;
  }
}

export const quantilesKernel: Kernel = {
  name: 'AlmanacQuantiles',
  inputs: ['centre', 'spread'],
  shapes: ({ N, Q }: Dims) => [[N!, Q!]],
  compose,
  reference,
  wasm: { name: 'quantiles', dims: ['N', 'Q', 'anchor'], scratch: (wasm, { Q }) => wasm['quantilesScratch']!(Q!) },
};

export const quantilesGradKernel: Kernel = {
  name: 'AlmanacQuantilesGrad',
  inputs: ['spread', 'dq'],
  /** dCentre, dSpread */
  shapes: ({ N, Q }: Dims) => [[N!], [N!, Q! - 1]],
  compose: composeGrad,
  reference: referenceGrad,
  wasm: { name: 'quantilesGrad', dims: ['N', 'Q', 'anchor'] },
};
