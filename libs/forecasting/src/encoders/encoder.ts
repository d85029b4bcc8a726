/** What every encoder is: named weights, and a state for each step of a sequence. */
import type * as tf from '@tensorflow/tfjs-core';
import { type Random } from '../dataset/random.js';
import { type ParameterSpec, type Tensors } from '../training/parameters.js';

export interface EncodeOptions {
  /** [T,B], 0 where a step does not count (a gap, or padding before the history). */
  mask?: tf.Tensor2D;
  /** Training: draws zoneout. */
  random?: Random;
  /** Of the N series of a batch, whose rows stand series by series: the index of each one's parent, −1 for a root. */
  parents?: readonly number[];
}

export interface Encoding {
  /** [T,B,width] */
  h: tf.Tensor3D;
  /** [B,width], what has been read of the whole sequence. */
  last: tf.Tensor2D;
}

export interface Encoder {
  readonly width: number;
  readonly specs: readonly ParameterSpec[];
  /** x [T,B,I], time first. */
  encode(p: Tensors, x: tf.Tensor3D, options?: EncodeOptions): Encoding;
}
