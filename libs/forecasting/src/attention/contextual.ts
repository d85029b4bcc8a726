/**
 * Contextual alignment: which past situations look like the one to be forecast? The key of step j is the state before it with
 * its covariates; the value is the state after it: match, then read what followed (Bahdanau et al. 2015, dot-product scores).
 */
import { dense } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { type ParameterSpec, type Tensors } from '../training/parameters.js';

/** @param width of the encoder's states @param hidden of the decoder's, and of the product */
export function contextualSpecs(name: string, width: number, hidden: number, covariates: number): ParameterSpec[] {
  const matrix = (part: string, rows: number): ParameterSpec => ({
    name: `${name}.${part}`,
    shape: [rows, hidden],
    init: { kind: 'glorot' },
    decay: true,
  });
  return [matrix('key', width + covariates), matrix('query', hidden + covariates)];
}

/**
 * @param before [B,L,W], the encoder's state before each look-back step
 * @param past [B,L,F] covariates
 * @returns [B,L,D]
 */
export function contextualKeys(p: Tensors, name: string, before: tf.Tensor3D, past: tf.Tensor3D): tf.Tensor3D {
  return dense(tf.concat([before, past], 2), p[`${name}.key`]!) as tf.Tensor3D;
}

/**
 * @param keys [B,L,D]
 * @param queries [B,n,D], the decoder's states
 * @param future [B,n,F] covariates
 * @returns scores [B,n,L]
 */
export function contextualScores(p: Tensors, name: string, keys: tf.Tensor3D, queries: tf.Tensor3D, future: tf.Tensor3D): tf.Tensor3D {
  const asked = dense(tf.concat([queries, future], 2), p[`${name}.query`]!);
  return tf.mul(tf.matMul(asked, keys, false, true), 1 / Math.sqrt(queries.shape[2])) as tf.Tensor3D;
}
