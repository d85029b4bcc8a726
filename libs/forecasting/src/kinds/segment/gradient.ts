/** One evaluation of the network: its loss over a batch of windows, and the gradient of it in the flat layout of the weights. */
import { pinball } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';
import type { SegmentConfig } from './config.js';
import { Random } from '../../dataset/random.js';
import type { Batch, Sizes, Window, WindowReader } from './windows.js';
import { parametricHead } from '../../heads/head.js';
import { negativeLogLikelihood } from '../../heads/likelihood.js';
import type { LossWeights } from './loss.js';
import { forward, inputsOf } from './network.js';
import type { Parameters } from '../../training/parameters.js';

export interface Evaluator {
  config: SegmentConfig;
  sizes: Sizes;
  reader: WindowReader;
  weights: LossWeights;
  parameters: Parameters;
}

const DROPOUT_PURPOSE = 3;

/** Writes `share` times the gradient into `out` and returns that part of the loss; seed and step name the dropout draws. */
export function gradient(
  evaluator: Evaluator,
  windows: readonly Window[],
  stream: { seed: number; step: number; share: number },
  out: Float32Array,
): number {
  const { config, sizes, reader, weights, parameters } = evaluator;
  const batch = reader.read(windows);
  const stepWeights = weights.of(windows, batch);
  return tf.tidy(() => {
    const inputs = inputsOf(batch, sizes);
    const loss = lossOf(config, batch, stepWeights, sizes);
    const mask = config.train.dropout > 0 ? dropoutMask(config, [sizes.horizonSegments, batch.size, config.hidden], stream) : null;
    const { value, grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) => {
      const whole = loss(forward(parameters.named(tensors), inputs, config, sizes, mask).raw);
      return stream.share === 1 ? whole : tf.mul(whole, stream.share);
    })(parameters.tensors());
    parameters.gather(grads, out);
    return value.dataSync()[0]!;
  });
}

/** Loss of the weights `values` over windows, without dropout; reads them in batches. */
export function evaluate(
  { config, sizes, reader, weights, parameters }: Evaluator,
  windows: readonly Window[],
  values: Float32Array,
): number {
  let sum = 0;
  for (let from = 0; from < windows.length; from += EVALUATION_BATCH) {
    const part = windows.slice(from, from + EVALUATION_BATCH);
    const batch = reader.read(part);
    const loss = tf.tidy(() => {
      const { raw } = forward(parameters.named(parameters.tensors(values)), inputsOf(batch, sizes), config, sizes, null);
      return lossOf(config, batch, weights.of(part, batch), sizes)(raw).dataSync()[0]!;
    });
    sum += loss * part.length;
  }
  return sum / windows.length;
}

export const EVALUATION_BATCH = 256;

/** The loss of the configured head as a function of the network's raw outputs. */
function lossOf(
  config: SegmentConfig,
  batch: Batch,
  weights: Float32Array,
  { horizonSegments: m, segmentLength: w }: Sizes,
): (raw: tf.Tensor) => tf.Scalar {
  const head = parametricHead(config.head);
  if (head) return (raw) => negativeLogLikelihood(head, raw, batch.target, weights, batch.scale);
  const shape: [number, number, number] = [m, batch.size, w];
  const [target, weight] = [tf.tensor3d(batch.target, shape), tf.tensor3d(weights, shape)];
  return (raw) => pinball(raw, target, weight, config.levels);
}

function dropoutMask(config: SegmentConfig, shape: [number, number, number], { seed, step }: { seed: number; step: number }): tf.Tensor {
  const random = new Random(seed, DROPOUT_PURPOSE, step);
  const rate = config.train.dropout;
  const mask = new Float32Array(shape[0] * shape[1] * shape[2]);
  const kept = 1 / (1 - rate);
  const below = Math.ceil(rate * 2 ** 32);
  for (let i = 0; i < mask.length; i++) if (random.nextUint() >= below) mask[i] = kept;
  return tf.tensor3d(mask, shape);
}
