/**
 * The heads of the point-wise network: from the mixed state of a horizon step, and what the alignments copied into it, to a
 * distribution, its loss and its quantiles.
 *
 * Invariant: `quantile` does not fall as the level rises, whatever the numbers that the network gives.
 */
import { dense, pinball } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { normalQuantile } from '../normal.js';
import { anchorIndex } from '../levels.js';
import { type ParameterSpec, type Tensors } from '../training/parameters.js';
import { parametricHead, type HeadKind, type ParametricHead } from './head.js';
import { negativeLogLikelihood } from './likelihood.js';
import { vocabularyHead } from './vocabulary.js';
import type { Score, StepHead, StepHeadSettings, StepState } from './step.js';

export function scoreOf(level: number): Score {
  return { level, z: normalQuantile(level) };
}

export function stepHead(kind: HeadKind, settings: StepHeadSettings): StepHead {
  if (kind === 'vocabulary') return vocabularyHead(settings);
  const parametric = parametricHead(kind);
  return parametric ? distributionHead(kind, parametric, settings) : quantileHead(settings);
}

const matrix = (name: string, rows: number, columns: number): ParameterSpec => ({
  name,
  shape: [rows, columns],
  init: { kind: 'glorot' },
  decay: true,
});
const bias = (name: string, size: number, of: (i: number) => number): ParameterSpec => ({
  name,
  shape: [size],
  init: { kind: 'values', of },
  decay: false,
});

/** What the alignments point at is copied, and corrected. */
function centreSpecs(name: string, hidden: number): ParameterSpec[] {
  return [matrix(`${name}.out.w`, 2 * hidden, 1), bias(`${name}.out.b`, 1, () => 0), bias(`${name}.copy`, 1, () => 1)];
}

function centreOf(p: Tensors, name: string, { mixed, copied }: StepState): tf.Tensor3D {
  return tf.add(tf.mul(copied, p[`${name}.copy`]!), dense(mixed, p[`${name}.out.w`]!, p[`${name}.out.b`]!)) as tf.Tensor3D;
}

function flat(centre: tf.Tensor3D): tf.Tensor2D {
  return tf.reshape(centre, [centre.shape[0], centre.shape[1]]);
}

/** A median and positive increments on both sides of it (Park et al. 2022). */
function quantileHead({ name, hidden, levels }: StepHeadSettings): StepHead {
  const Q = levels.length;
  const outward = cumulative(Q, anchorIndex(levels));
  const scores = levels.map(normalQuantile);
  // softplus(−1) ≈ .31: neighbouring levels start a third of a scale apart.
  const spread = Q > 1 ? [matrix(`${name}.spread.w`, 2 * hidden, Q - 1), bias(`${name}.spread.b`, Q - 1, () => -1)] : [];
  return {
    specs: [...centreSpecs(name, hidden), ...spread],
    outputs(p, state) {
      const median = centreOf(p, name, state);
      const raw =
        Q > 1 ? tf.add(median, dense(tf.softplus(dense(state.mixed, p[`${name}.spread.w`]!, p[`${name}.spread.b`]!)), outward())) : median;
      return { raw: raw as tf.Tensor3D, centre: flat(median) };
    },
    loss: (raw, truth, weight) => pinball(tf.expandDims(raw, 0), tf.expandDims(truth, 0), tf.expandDims(weight, 0), levels),
    shifted: (raw, by) => tf.add(raw, tf.expandDims(by, 2)) as tf.Tensor3D,
    quantile: (row, { z }) => between(row, scores, z),
  };
}

/** The value at normal score z on straight lines over the scores of the learned levels; the outermost line goes on. */
export function between(row: ArrayLike<number>, scores: readonly number[], z: number): number {
  const last = scores.length - 1;
  if (last === 0) return row[0]!;
  let high = 1;
  while (high < last && scores[high]! <= z) high++;
  const share = (z - scores[high - 1]!) / (scores[high]! - scores[high - 1]!);
  return (1 - share) * row[high - 1]! + share * row[high]!;
}

function distributionHead(kind: HeadKind, head: ParametricHead, { name, hidden }: StepHeadSettings): StepHead {
  const { extras, start } = head;
  return {
    specs: [
      ...centreSpecs(name, hidden),
      matrix(`${name}.spread.w`, 2 * hidden, extras),
      bias(`${name}.spread.b`, extras, (i) => start[i]!),
    ],
    outputs(p, state) {
      const centre = centreOf(p, name, state);
      const spread = dense(state.mixed, p[`${name}.spread.w`]!, p[`${name}.spread.b`]!);
      return {
        raw: tf.concat([centre, spread], 2) as tf.Tensor3D,
        centre: flat(kind === 'negativeBinomial' ? tf.softplus(centre) : centre),
      };
    },
    loss: (raw, truth, weight, scales) => {
      const [target, weights] = [truth.dataSync<'float32'>(), weight.dataSync<'float32'>()];
      return negativeLogLikelihood(head, tf.expandDims(raw, 0), target, weights, scales);
    },
    ...(kind === 'negativeBinomial' ? {} : { shifted: moved }),
    quantile: (row, { level }, scale) => head.quantile(row, level, scale),
  };
}

/** Moves the centre alone, the first of a distribution's numbers. */
function moved(raw: tf.Tensor3D, by: tf.Tensor2D): tf.Tensor3D {
  return tf.add(
    raw,
    tf.pad(tf.expandDims(by, 2), [
      [0, 0],
      [0, 0],
      [0, raw.shape[2] - 1],
    ]),
  ) as tf.Tensor3D;
}

/** [Q − 1, Q] of −1, 0, 1: sums the increments outward from the anchor. */
function cumulative(Q: number, anchor: number): () => tf.Tensor2D {
  const values = new Float32Array((Q - 1) * Q);
  for (let row = 0; row < Q - 1; row++) {
    for (let q = 0; q < Q; q++) {
      if (row < anchor && q <= row) values[row * Q + q] = -1;
      if (row >= anchor && q > row) values[row * Q + q] = 1;
    }
  }
  return () => tf.tensor2d(values, [Q - 1, Q]);
}
