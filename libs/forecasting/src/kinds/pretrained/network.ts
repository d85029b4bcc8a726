/**
 * The pretrained sequence-to-sequence network. Two GRU layers read the context segment by segment, beginning from a coarse view of the
 * far past; a GRU decodes the horizon segment by segment from their last state, with a contextual attention over the encoder's states
 * (keys are the states before a segment: match, then read what followed). Step by step a small network then looks at the candidates (the
 * same phase of past seasons, and simple methods continued), mixes them by a softmax (the temporal attention) behind a gate, and adds a
 * correction and positive increments on both sides, so that quantiles cannot cross.
 *
 * Sources: SegRNN (Lin et al. 2023) for segments; Cinar et al. 2017 for attention over pseudo-periods; FFORMA (Montero-Manso et al. 2020)
 * for weighing simple methods by what is seen of a series; incremental quantiles after Park et al. 2022.
 */
import { attention, dense, gru, quantiles, seasonalCopy } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { anchorIndex } from '../../levels.js';
import type { Tensors } from '../../training/parameters.js';
import {
  CANDIDATES as K,
  COARSE_INPUTS,
  CONTEXT_SEGMENTS,
  LEVELS,
  QUERY_INPUTS,
  SEGMENT as w,
  SEGMENT_INPUTS,
  STEP_INPUTS,
  STEP_WIDTH as P,
} from './shape.js';
import type { Batch } from './windows.js';

export interface Output {
  /** [m, B, w, Q] quantiles in z, ascending along the last axis. */
  quantiles: tf.Tensor;
  /** [B, m, n] */
  contextual: tf.Tensor;
  /** [m, B, w, K] */
  temporal: tf.Tensor;
  /** [m, B, w] weight of the mixed candidates. */
  gate: tf.Tensor;
}

const constant = { constantInput: true };
const ANCHOR = anchorIndex(LEVELS);

/** To be called inside a `tidy`. */
export function forward(p: Tensors, batch: Batch): Output {
  const { n, m, size: B } = batch;
  const layer = (name: string): { wx: tf.Tensor; wh: tf.Tensor; b: tf.Tensor; bu: tf.Tensor } => ({
    wx: p[`${name}.wx`]!,
    wh: p[`${name}.wh`]!,
    b: p[`${name}.b`]!,
    bu: p[`${name}.bu`]!,
  });
  const embedded = dense(tf.tensor3d(batch.segments, [n, B, SEGMENT_INPUTS]), p['embed.w']!, p['embed.b']!, { ...constant, relu: true }); // [n, B, D]
  const far = tf.tanh(dense(tf.tensor2d(batch.coarse, [B, COARSE_INPUTS]), p['coarse.w']!, p['coarse.b']!, constant)); // [B, D]
  const below = gru({ x: embedded, ...layer('encoder.1'), h0: far });
  const above = gru({ x: below.h, ...layer('encoder.2'), h0: far });
  const query = dense(tf.tensor3d(batch.queries, [m, B, QUERY_INPUTS]), p['query.w']!, p['query.b']!, { ...constant, relu: true }); // [m, B, D]
  const { h: state } = gru({ x: query, ...layer('decoder'), h0: above.hT }); // [m, B, D]

  const lag = tf.slice(p['contextual.lag']!, [0, CONTEXT_SEGMENTS - n], [m, n]);
  const { context, weights } = attention({
    q: dense(state, p['contextual.q']!),
    k: above.h,
    v: above.h,
    bias: tf.add(lag, tf.tensor3d(batch.segmentBias, [B, 1, n])),
    delay: 1,
  });
  const mixed = tf.relu(tf.add(dense(state, p['mix.state']!, p['mix.b']!), dense(context, p['mix.context']!))); // [m, B, D]

  const rows = m * B * w;
  const ofSegment = tf.reshape(dense(mixed, p['step.state']!), [rows, P]);
  const ofStep = dense(tf.tensor2d(batch.steps, [rows, STEP_INPUTS]), p['step.w']!, p['step.b']!, constant);
  const seen = tf.relu(tf.add(ofSegment, ofStep)); // [m·B·w, P]
  const deep = dense(seen, p['deep.w']!, p['deep.b']!, { relu: true });
  const copy = seasonalCopy(
    tf.add(dense(deep, p['temporal.w']!, p['temporal.b']!), tf.tensor2d(batch.candidateBias, [rows, K])),
    tf.tensor2d(batch.candidates, [rows, K]),
    tf.reshape(dense(deep, p['gate.w']!, p['gate.b']!), [rows]),
  );
  // Corrections and increments are in units of the error that the window lets expect: softplus(x + log e) is near e·softplus(x).
  const expected = tf.tensor1d(batch.expected);
  const correction = tf.mul(tf.reshape(dense(deep, p['centre.w']!, p['centre.b']!), [rows]), expected);
  const centre = tf.add(copy.copied, correction);
  const spread = tf.add(dense(deep, p['spread.w']!, p['spread.b']!), tf.reshape(tf.log(expected), [rows, 1]));
  return {
    quantiles: tf.reshape(quantiles(centre, spread, ANCHOR), [m, B, w, LEVELS.length]),
    contextual: weights,
    temporal: tf.reshape(copy.weights, [m, B, w, K]),
    gate: tf.reshape(copy.gate, [m, B, w]),
  };
}
