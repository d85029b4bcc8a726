/**
 * Forking sequences (Wen et al. 2017, MQ-RNN): the look-back is encoded once, and training decodes a whole horizon from many of its
 * steps, not from its end alone. One window so gives as many losses as it has forks, for little more than one encoding.
 *
 * Invariant: a fork at step t reads the look-back before t only; what comes after it is its truth.
 */
import * as tf from '@tensorflow/tfjs-core';
import { windowsBefore } from '../attention/pointer.js';

/** [F·B,W], the encoder's state before each fork, fork by fork. */
export function forkStarts(h: tf.Tensor3D, last: tf.Tensor2D, forks: readonly number[]): tf.Tensor2D {
  const [B, L, W] = h.shape;
  return tf.concat(
    forks.map((fork) => (fork === L ? last : tf.reshape(tf.slice(h, [0, fork - 1, 0], [B, 1, W]), [B, W]))),
    0,
  ) as tf.Tensor2D;
}

/** The horizons after the forks of sequences [B,L+H]: [B,F·H]. */
export function afterForks(sequence: tf.Tensor2D, forks: readonly number[], H: number): tf.Tensor2D {
  return tf.concat(
    forks.map((fork) => tf.slice(sequence, [0, fork], [sequence.shape[0], H])),
    1,
  ) as tf.Tensor2D;
}

export interface ForkedInputs {
  forks: readonly number[];
  H: number;
  /** Values per pointer window. */
  K: number;
  /** [B,L] */
  x: tf.Tensor2D;
  /** [B,H] */
  truth: tf.Tensor2D;
  /** [B,L+H,F] */
  covariates: tf.Tensor3D;
}

export interface ForkedParts {
  /** [F·B,H,covariates] */
  future: tf.Tensor3D;
  /** [B,F·H,K] */
  windows: tf.Tensor3D;
  /** [F·H,L], −1e9 where a step of the look-back lies after the fork. */
  barred: tf.Tensor2D;
  /** [F·B,H,n] → [B,F·H,n] */
  byRow: (z: tf.Tensor3D) => tf.Tensor3D;
  /** Scores by lag [H,L] of a decoder at the end, as the forks see them: [F·H,L] */
  shifted: (scores: tf.Tensor2D) => tf.Tensor2D;
}

export function forked({ forks, H, K, x, truth, covariates }: ForkedInputs): ForkedParts {
  const [B, L] = x.shape;
  const F = forks.length;
  const all = windowsBefore(tf.concat([x, truth], 1) as tf.Tensor2D, K); // [B,L+H,K]
  const barred = new Float32Array(F * H * L);
  forks.forEach((fork, f) => {
    for (let row = f * H; row < (f + 1) * H; row++) barred.fill(-1e9, row * L + fork, (row + 1) * L);
  });
  return {
    future: tf.concat(
      forks.map((fork) => tf.slice(covariates, [0, fork, 0], [B, H, covariates.shape[2]])),
      0,
    ) as tf.Tensor3D,
    windows: tf.concat(
      forks.map((fork) => tf.slice(all, [0, fork, 0], [B, H, K])),
      1,
    ) as tf.Tensor3D,
    barred: tf.tensor2d(barred, [F * H, L]),
    byRow: (z) => tf.reshape(tf.transpose(tf.reshape(z, [F, B, H, z.shape[2]]), [1, 0, 2, 3]), [B, F * H, z.shape[2]]),
    shifted: (scores) =>
      tf.concat(
        forks.map((fork) =>
          tf.pad(tf.slice(scores, [0, L - fork], [H, fork]), [
            [0, 0],
            [0, L - fork],
          ]),
        ),
        0,
      ) as tf.Tensor2D,
  };
}
