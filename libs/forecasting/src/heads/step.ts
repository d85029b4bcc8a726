/**
 * What a head of the point-wise network is: from the mixed state of a horizon step, and what the alignments copied into it, to a
 * distribution, its loss and its quantiles. The heads themselves are in `stepHead.ts` and `vocabulary.ts`.
 */
import type * as tf from '@tensorflow/tfjs-core';
import type { ParameterSpec, Tensors } from '../training/parameters.js';

/** A point of a distribution: its level, and the normal quantile of that level. */
export interface Score {
  level: number;
  z: number;
}

/** What a head reads of n steps. */
export interface StepState {
  /** [B,n,2D], decoder state and attention context. */
  mixed: tf.Tensor3D;
  /** [B,n,1], the mean of the observed values over the gated maps. */
  copied: tf.Tensor3D;
  /** [B,n,L], the pointer's map; absent without a pointer. */
  pointed?: tf.Tensor3D;
  /** What `prepare` made of the look-back. */
  prepared?: tf.Tensor3D;
}

export interface StepHead {
  readonly specs: readonly ParameterSpec[];
  /** Of x [B,L], once per run, where the head needs something of it; batch first. */
  prepare?(x: tf.Tensor2D): tf.Tensor3D;
  /** @returns raw [B,n,parts] and the point [B,n] that a recursive decoder or a pointer's buffer is fed */
  outputs(p: Tensors, state: StepState): { raw: tf.Tensor3D; centre: tf.Tensor2D };
  /**
   * Mean over all steps, weighted.
   *
   * @param truth [B,n] scaled @param weight [B,n] @param scales [B] of the windows
   */
  loss(raw: tf.Tensor3D, truth: tf.Tensor2D, weight: tf.Tensor2D, scales: Float64Array): tf.Scalar;
  /** The same distributions moved by `by` [B,n]; absent where the head cannot be moved. */
  shifted?(raw: tf.Tensor3D, by: tf.Tensor2D): tf.Tensor3D;
  /** Scaled quantile of one step, from its `parts` raw numbers. */
  quantile(row: Float32Array, score: Score, scale: number): number;
}

export interface StepHeadSettings {
  name: string;
  hidden: number;
  /** Ascending; what the quantile head learns. */
  levels: readonly number[];
}
