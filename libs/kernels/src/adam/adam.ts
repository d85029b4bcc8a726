/** `adam`: one optimiser step over all weights of a model, which live in one flat tensor. */
import type * as tf from '@tensorflow/tfjs-core';
import { runKernel } from '../kernel/kernel.js';
import { adamKernel } from './kernels.js';

export interface AdamState {
  /** [n] */
  values: tf.Tensor1D;
  /** First moments. */
  m: tf.Tensor1D;
  /** Second moments. */
  v: tf.Tensor1D;
  /** Running average of the values. */
  average: tf.Tensor1D;
}

export interface AdamSettings {
  /** Counts from 1; the bias corrections depend on it. */
  step: number;
  learningRate: number;
  /** Share of a value that one step at learning rate 1 takes away. */
  weightDecay: number;
  /** Largest gradient norm. */
  clip: number;
  /** Decay of the average, after its warm-up. */
  ema: number;
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}

/**
 * AdamW (Loshchilov & Hutter 2019) after clipping the gradient's norm, and the average of the weights, whose decay is
 * min(ema, (1 + step) / (10 + step)).
 *
 * @param decay [n], 1 where weight decay applies and 0 where not
 * @returns the new state, and the gradient's norm [1] before clipping; the old state is left to the caller
 */
export function adam(
  state: AdamState,
  gradient: tf.Tensor1D,
  decay: tf.Tensor1D,
  settings: AdamSettings,
): AdamState & { norm: tf.Tensor1D } {
  const dims = { n: state.values.size, ...adamFactors(settings) };
  const [values, m, v, average, norm] = runKernel(adamKernel, { ...state, gradient, decay }, dims) as tf.Tensor1D[];
  return { values: values!, m: m!, v: v!, average: average!, norm: norm! };
}

export type AdamFactors = Record<'clip' | 'rate' | 'correction' | 'weightDecay' | 'beta1' | 'beta2' | 'epsilon' | 'ema', number>;

/** The numbers of one step that the kernels take. */
export function adamFactors({
  step,
  learningRate,
  weightDecay,
  clip,
  ema,
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
}: AdamSettings): AdamFactors {
  return {
    clip,
    rate: learningRate / (1 - beta1 ** step),
    correction: 1 / Math.sqrt(1 - beta2 ** step),
    weightDecay: learningRate * weightDecay,
    beta1,
    beta2,
    epsilon,
    ema: Math.min(ema, (1 + step) / (10 + step)),
  };
}
