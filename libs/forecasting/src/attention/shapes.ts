/** What the point-wise network is given, asked and answers: the shapes that it, its decoders and its smoothing share. */
import type * as tf from '@tensorflow/tfjs-core';
import type { Random } from '../dataset/random.js';
import type { StepHead } from '../heads/step.js';
import type { ParameterSpec, Tensors } from '../training/parameters.js';
import type { Alignment } from './align.js';

/** Which series a window is of, and where in its season it begins. */
export interface KnownWindows {
  /** [B], 0 for a stranger. */
  series: Int32Array;
  /** [B], 0 … seasonLength − 1, of the first step of the look-back. */
  phase: Int32Array;
  /** Of series that know their relatives; see `EncodeOptions`. */
  parents?: readonly number[];
}

export interface FeedOptions {
  random?: Random;
  /** Chance of each row and step to be fed the truth, where there is one; 1 by default. */
  truthProbability?: number;
  /** Rows per window, copy by copy: row k·B + b is copy k of window b. 1 by default. */
  copies?: number;
  /** Values [B] to go on with, given the raw numbers [B,parts] of a step, in place of its points. */
  draw?: (raw: Float32Array, step: number) => Float32Array;
}

export interface PointwiseInputs {
  /** [B,L], scaled; 0 where missing. */
  x: tf.Tensor2D;
  /** [B,L], 1 where observed; all by default. */
  mask?: tf.Tensor2D | undefined;
  /** [B,L+H,F] */
  covariates: tf.Tensor3D;
  /** [B,H], in training only: fills the pointer's buffer, and what a recursive decoder is fed. */
  truth?: tf.Tensor2D;
  /** [B,H], 1 where `truth` was observed; all by default. */
  known?: tf.Tensor2D;
  /** For a network that knows its series one by one. */
  windows?: KnownWindows;
}

export interface PointwiseOutput extends Alignment {
  /** [B,n], the points: medians, or means of counts. */
  forecast: tf.Tensor2D;
  /** [B,n,parts], what the head makes of each step; of the quantile head the quantiles, ascending. */
  raw: tf.Tensor3D;
  /** [B,H], what was taken out before the network and put back onto its forecasts; draws in copies lack it. */
  shift?: tf.Tensor2D;
}

export interface RunOptions extends FeedOptions {
  /** Index of the only branch that may speak (branch dropout). */
  forced?: number | undefined;
  /** Training: draws zoneout and what is fed. */
  random?: Random;
  /** Training of a forking decoder: steps of the look-back to decode from, each 1 … L; n is then forks × H, fork by fork. */
  forks?: readonly number[];
}

export interface PointwiseNetwork {
  readonly specs: readonly ParameterSpec[];
  readonly head: StepHead;
  run(p: Tensors, inputs: PointwiseInputs, options?: RunOptions): PointwiseOutput;
  /**
   * How far back the encoder's gradient reaches: the norm of that of its last state with respect to the first step of the look-back, over
   * that with respect to the last step. 1 forgets nothing; 0 is a look-back longer than what is learned from it.
   */
  reach(p: Tensors, inputs: PointwiseInputs, random: Random): number;
}

/** A run of n steps: what they ask, in the decoder's words and in the values before them. */
export interface Question {
  /** [B,n,D] */
  states: tf.Tensor3D;
  /** Of the contextual and the temporal branch; the pointer's come from the windows. */
  scores: (tf.Tensor | undefined)[];
  /** [B,n,K], the values before each step. */
  windows: tf.Tensor3D;
  /** [n,L], −1e9 where a step may not look. */
  barred?: tf.Tensor2D;
}
