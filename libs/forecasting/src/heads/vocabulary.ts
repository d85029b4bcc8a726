/**
 * The vocabulary head: values become words, a step's forecast a distribution over them, and what the pointer points at can be
 * copied word for word. For series that repeat themselves exactly.
 *
 *   P(b) = p·softmax(W z)_b + (1 − p)·Σ_j α_j K(x_j, b),  p = σ(w·[state; context])
 *
 * 512 bins, equally wide in arcsinh of the scaled value: fine where most values are, coarse in the tails (Chronos, Ansari et al.
 * 2024, uses a uniform grid of 4096). Targets and copied values are both smoothed by the same normal kernel K over neighbouring
 * bins: cross-entropy knows no order, and an unsmoothed copy could never match a smoothed target. The mixture of generating and
 * copying is that of pointer-generator networks (See et al. 2017).
 */
import { dense } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';
import type { StepHead, StepHeadSettings } from './step.js';

export const VOCABULARY = 512;
/** Scaled values beyond ±REACH are counted in the outermost bins. */
const REACH = 30;
const EDGE = Math.asinh(REACH);
/** Standard deviation of the kernel, and how far it is written out, in bins. */
const KERNEL = 1;
const KERNEL_REACH = 4;

/** Where a scaled value lies in the vocabulary: bin b covers [b, b + 1). */
export function positionOf(value: number): number {
  const position = ((Math.asinh(value) + EDGE) / (2 * EDGE)) * VOCABULARY;
  return Math.min(VOCABULARY - 1e-6, Math.max(0, position));
}

/** The scaled value at a position; the inverse of `positionOf` within its reach. */
export function valueAt(position: number): number {
  return Math.sinh((position / VOCABULARY) * 2 * EDGE - EDGE);
}

/** Writes the kernel around a scaled value, which sums to 1, into bins out[at …]. */
export function smoothed(value: number, out: Float32Array, at: number): void {
  const position = positionOf(value);
  const first = Math.max(0, Math.floor(position) - KERNEL_REACH);
  const last = Math.min(VOCABULARY - 1, Math.floor(position) + KERNEL_REACH);
  let sum = 0;
  for (let b = first; b <= last; b++) sum += out[at + b] = Math.exp(-0.5 * ((b + 0.5 - position) / KERNEL) ** 2);
  for (let b = first; b <= last; b++) out[at + b]! /= sum;
}

/** The value below which `level` of the probability lies, which is even within a bin. */
export function vocabularyQuantile(probabilities: ArrayLike<number>, level: number): number {
  let total = 0;
  for (let b = 0; b < VOCABULARY; b++) total += probabilities[b]!;
  const wanted = level * total;
  let below = 0;
  for (let b = 0; b < VOCABULARY; b++) {
    const own = probabilities[b]!;
    if (below + own >= wanted && own > 0) return valueAt(b + (wanted - below) / own);
    below += own;
  }
  return valueAt(VOCABULARY);
}

function kernels(values: ArrayLike<number>, shape: [number, number]): tf.Tensor3D {
  const out = new Float32Array(values.length * VOCABULARY);
  for (let i = 0; i < values.length; i++) smoothed(values[i]!, out, i * VOCABULARY);
  return tf.tensor3d(out, [...shape, VOCABULARY]);
}

export function vocabularyHead({ name, hidden }: StepHeadSettings): StepHead {
  return {
    specs: [
      { name: `${name}.words.w`, shape: [2 * hidden, VOCABULARY], init: { kind: 'glorot' }, decay: true },
      // Words near the centre come first, so that learning starts from a plausible spread.
      {
        name: `${name}.words.b`,
        shape: [VOCABULARY],
        init: { kind: 'values', of: (b) => -0.5 * Math.asinh(valueAt(b + 0.5)) ** 2 },
        decay: false,
      },
      { name: `${name}.own.w`, shape: [2 * hidden, 1], init: { kind: 'glorot' }, decay: true },
      { name: `${name}.own.b`, shape: [1], init: { kind: 'values', of: () => 0 }, decay: false },
    ],
    prepare: (x) => kernels(x.dataSync(), x.shape),
    outputs(p, { mixed, pointed, prepared }) {
      const [B, n] = mixed.shape;
      const words = tf.softmax(dense(mixed, p[`${name}.words.w`]!, p[`${name}.words.b`]!));
      const own = tf.sigmoid(dense(mixed, p[`${name}.own.w`]!, p[`${name}.own.b`]!));
      const raw = tf.add(tf.mul(own, words), tf.mul(tf.sub(1, own), tf.matMul(pointed!, prepared!))) as tf.Tensor3D;
      const rows = raw.dataSync<'float32'>();
      const centre = Float32Array.from({ length: B * n }, (_, i) =>
        vocabularyQuantile(rows.subarray(i * VOCABULARY, (i + 1) * VOCABULARY), 0.5),
      );
      return { raw, centre: tf.tensor2d(centre, [B, n]) };
    },
    loss(raw, truth, weight) {
      const surprise = tf.neg(tf.sum(tf.mul(kernels(truth.dataSync(), truth.shape), tf.log(tf.add(raw, 1e-7))), 2));
      return tf.mean(tf.mul(surprise, weight));
    },
    quantile: (row, { level }) => vocabularyQuantile(row, level),
  };
}
