/**
 * The segment sequence-to-sequence network. A GRU or an LSTM reads the context segment by segment; every horizon segment is decoded
 * at once from its position and calendar and the encoder's last state. Two attentions help it: the contextual one mixes
 * encoder states by content (keys are the states *before* a segment, values those after: match, then read what followed),
 * the temporal one points, per horizon step, at the same phase of past seasons and copies those values behind a gate.
 * The head yields a median and positive increments on both sides, so quantiles cannot cross.
 *
 * Sources: SegRNN (Lin et al. 2023) for segments and parallel decoding; Cinar et al. 2017 for attention over pseudo-periods;
 * incremental quantiles after Park et al. 2022.
 */
import { attention, dense, gru, gruState, lstm, lstmState, quantiles, seasonalCopy } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';
import type { SegmentConfig } from './config.js';
import type { Batch, Sizes } from './windows.js';
import { pick } from '../../engine/ops.js';
import { parametricHead } from '../../heads/head.js';
import { anchorIndex } from '../../levels.js';
import type { Tensors } from '../../training/parameters.js';

/** An optimiser's step is as long for an effect of several scales as for a weight of a tenth: it must get there within few hundred. */
const EFFECT_RATE = 8;

export interface Output {
  /** [m, B, w, Q] scaled quantiles, ascending along the last axis; of a parametric head [m, B, w, 1 + extras] its raw numbers. */
  raw: tf.Tensor;
  /** [B, m, n] */
  contextual: tf.Tensor;
  /** [m, B, w, K]; absent without a season. */
  temporal?: tf.Tensor;
  /** [m, B, w] weight of the copied value; absent without a season. */
  gate?: tf.Tensor;
}

/** Batch arrays as tensors, to be made inside a `tidy`. */
export interface Inputs {
  segments: tf.Tensor3D;
  queries: tf.Tensor3D;
  candidates: tf.Tensor4D;
  candidateBias: tf.Tensor4D | null;
  segmentBias: tf.Tensor | null;
  /** [n·B·w, F], [m·B·w, F] and [m·B·w·K, F]: see `Batch.effects`. */
  effects: { context: tf.Tensor2D; horizon: tf.Tensor2D; candidates: tf.Tensor2D } | null;
  batch: Batch;
}

export function inputsOf(
  batch: Batch,
  { contextSegments: n, horizonSegments: m, segmentLength: w, inputs, queries, seasons: K }: Sizes,
): Inputs {
  const B = batch.size;
  return {
    segments: tf.tensor3d(batch.segments, [n, B, inputs]),
    queries: tf.tensor3d(batch.queries, [m, B, queries]),
    candidates: tf.tensor4d(batch.candidates, [m, B, w, K]),
    candidateBias: batch.candidateBias && tf.tensor4d(batch.candidateBias, [m, B, w, K]),
    segmentBias: batch.segmentBias && tf.tensor(batch.segmentBias, [B, 1, n]),
    effects: batch.effects ? effectsOf(batch.effects, n * B * w, m * B * w, K) : null,
    batch,
  };
}

function effectsOf(
  { context, horizon, candidates }: NonNullable<Batch['effects']>,
  past: number,
  ahead: number,
  K: number,
): Inputs['effects'] {
  const F = context.length / past;
  return {
    context: tf.tensor2d(context, [past, F]),
    horizon: tf.tensor2d(horizon, [ahead, F]),
    candidates: tf.tensor2d(candidates, [ahead * K, F]),
  };
}

/** @param dropout [m, B, D] factors on the mixed state, 0 or 1/(1 − rate); null for none */
export function forward(p: Tensors, inputs: Inputs, config: SegmentConfig, sizes: Sizes, dropout: tf.Tensor | null): Output {
  const D = config.hidden;
  const { horizonSegments: m, segmentLength: w, seasons: K } = sizes;
  const B = inputs.segments.shape[1];
  const cycle = p['series.cycle'] ? cycles(p['series.cycle'], inputs.batch, config, sizes) : null;
  const effect = p['covariates.effect'] && inputs.effects ? covariateEffects(p['covariates.effect'], inputs.effects, inputs, sizes) : null;
  const without = cycle ? tf.sub(inputs.segments, cycle.context) : inputs.segments;
  const segments = effect ? tf.sub(without, effect.context) : without;
  const embedded = dense(segments, p['embed.w']!, p['embed.b']!, { relu: true, constantInput: !cycle && !effect }) as tf.Tensor3D; // [n, B, D]
  const encoder = encode(p, embedded);

  const constant = { constantInput: true };
  const query = p['series.w']
    ? tf.relu(
        tf.add(
          dense(inputs.queries, p['query.w']!, p['query.b']!, constant),
          dense(embeddings(p['series.embedding']!, inputs.batch), p['series.w']),
        ),
      )
    : dense(inputs.queries, p['query.w']!, p['query.b']!, { ...constant, relu: true }); // [m, B, D]
  // One step for all horizon segments side by side, each from the encoder's last state.
  const state = tf.reshape(decode(p, tf.reshape(query, [1, m * B, D]) as tf.Tensor3D, encoder, m), [m, B, D]);

  // One projection of the query does for the scores, one of the context for the values: a product of two is no richer.
  const lagBias = p['contextual.lag']!; // [m, n]
  const { context, weights } = attention({
    q: dense(state, p['contextual.q']!), // [m, B, D]
    k: encoder.h, // [n, B, D]
    v: encoder.h,
    bias: inputs.segmentBias ? tf.add(lagBias, inputs.segmentBias) : lagBias,
    delay: 1, // keys are the states before a segment
  });
  const mixed = tf.relu(tf.add(dense(state, p['mix.state']!, p['mix.b']!), dense(context, p['mix.context']!)));
  const z = dropout ? tf.mul(mixed, dropout) : mixed; // [m, B, D]

  let median = dense(z, p['median.w']!, p['median.b']!); // [m, B, w]
  const output: Partial<Output> = { contextual: weights };
  if (K > 0) {
    const logits = tf.reshape(dense(z, p['temporal.w']!, p['temporal.b']!), [m, B, w, K]);
    const acyclic = cycle ? tf.sub(inputs.candidates, tf.expandDims(cycle.horizon, 3)) : inputs.candidates;
    const copy = seasonalCopy(
      inputs.candidateBias ? tf.add(logits, inputs.candidateBias) : logits,
      effect ? tf.sub(acyclic, effect.candidates) : acyclic,
      dense(z, p['gate.w']!, p['gate.b']!),
    );
    output.temporal = copy.weights;
    output.gate = copy.gate;
    median = tf.add(median, copy.copied);
  }
  if (cycle) median = tf.add(median, cycle.horizon);
  if (effect) median = tf.add(median, effect.horizon);
  output.raw = headOutputs(median, z, p, config);
  return output as Output;
}

/** States of the context [n, B, D] and the last one; an LSTM's has a cell too. */
interface Encoded {
  h: tf.Tensor3D;
  hT: tf.Tensor2D;
  cT?: tf.Tensor2D;
}

/** A GRU is recognised by the bias of its recurrent product, which an LSTM does not have. */
function encode(p: Tensors, x: tf.Tensor3D): Encoded {
  const layer = { x, wx: p['encoder.wx']!, wh: p['encoder.wh']!, b: p['encoder.b']! };
  const bu = p['encoder.bu'];
  return bu ? gru({ ...layer, bu }) : lstm(layer);
}

/** @param x [1, m·B, D] queries; returns their states [m·B, D] */
function decode(p: Tensors, x: tf.Tensor3D, { hT, cT }: Encoded, m: number): tf.Tensor2D {
  const layer = { x, wx: p['decoder.wx']!, wh: p['decoder.wh']!, b: p['decoder.b']!, h0: repeated(hT, m) };
  const bu = p['decoder.bu'];
  return bu ? gruState({ ...layer, bu }).hT : lstmState({ ...layer, c0: repeated(cT!, m) }).hT;
}

/** The centre [m, B, w] with its spread: ascending quantiles, or a parametric head's further numbers. */
function headOutputs(centre: tf.Tensor, z: tf.Tensor, p: Tensors, config: SegmentConfig): tf.Tensor {
  const [m, B, w] = centre.shape as [number, number, number];
  if (!p['spread.w']) return tf.expandDims(centre, 3);
  const spread = tf.reshape(dense(z, p['spread.w'], p['spread.b']!), [m, B, w, p['spread.w'].shape[1]! / w]);
  if (parametricHead(config.head)) return tf.concat([tf.expandDims(centre, 3), spread], 3);
  return quantiles(centre, spread, anchorIndex(config.levels));
}

/** [B, E] rows of the windows' series. */
function embeddings(table: tf.Tensor, { series, size }: Batch): tf.Tensor {
  const E = table.shape[1]!;
  return pick(
    table,
    Int32Array.from({ length: size * E }, (_, i) => series[Math.floor(i / E)]! * E + (i % E)),
    [size, E],
  );
}

/**
 * The learned cycle (CycleNet, Lin et al. 2024) along context and horizon, relative to its value at the last context step,
 * because the windows are centred there. Missing steps get 0, so that the mask stays true.
 */
function cycles(table: tf.Tensor, batch: Batch, config: SegmentConfig, sizes: Sizes): { context: tf.Tensor; horizon: tf.Tensor } {
  const length = config.cycle;
  const { contextSegments: n, horizonSegments: m, segmentLength: w, inputs } = sizes;
  const B = batch.size;
  const at = (b: number, offset: number): number => {
    const phase = (batch.originStep[b]! + offset) % length;
    return batch.series[b]! * length + (phase < 0 ? phase + length : phase);
  };
  const along = (segments: number, first: number): tf.Tensor => {
    const indices = new Int32Array(segments * B * w);
    for (let s = 0; s < segments; s++)
      for (let b = 0; b < B; b++) for (let i = 0; i < w; i++) indices[(s * B + b) * w + i] = at(b, first + s * w + i);
    return pick(table, indices, [segments, B, w]);
  };
  const last = pick(
    table,
    Int32Array.from({ length: B }, (_, b) => at(b, -1)),
    [1, B, 1],
  );
  const observed = tf.slice(tf.tensor3d(batch.segments, [n, B, inputs]), [0, 0, w], [n, B, w]);
  const context = tf.mul(tf.sub(along(n, -config.contextLength), last), observed);
  return { context: tf.concat([context, tf.zeros([n, B, inputs - w])], 2), horizon: tf.sub(along(m, 0), last) };
}

/**
 * The learned effect of future covariates, a number for each, taken out of the context and of the seasons that are copied, and put back
 * where the forecast is: as the learned cycle is, and for the same reason. A promotion on the last day of the history would else be
 * taken for its level, and strong dropout hides from the network what it could say of the days ahead.
 */
function covariateEffects(
  effect: tf.Tensor,
  { context, horizon, candidates }: NonNullable<Inputs['effects']>,
  { segments, candidates: copied }: Inputs,
  { contextSegments: n, horizonSegments: m, segmentLength: w, inputs, seasons: K }: Sizes,
): { context: tf.Tensor; horizon: tf.Tensor; candidates: tf.Tensor } {
  const B = segments.shape[1];
  const scaled = tf.mul(effect, EFFECT_RATE) as tf.Tensor2D; // [F, 1]
  const of = (x: tf.Tensor2D, shape: number[]): tf.Tensor => tf.reshape(tf.matMul(x, scaled), shape);
  return {
    context: tf.concat([of(context, [n, B, w]), tf.zeros([n, B, inputs - w])], 2),
    horizon: of(horizon, [m, B, w]),
    candidates: K > 0 ? of(candidates, [m, B, w, K]) : copied,
  };
}

/** `times` copies below each other; the engine's own tile goes value by value. */
function repeated(x: tf.Tensor2D, times: number): tf.Tensor2D {
  return times === 1 ? x : tf.concat(Array<tf.Tensor2D>(times).fill(x), 0);
}
