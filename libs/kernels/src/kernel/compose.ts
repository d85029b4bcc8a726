/**
 * What the composed kernels share. A composed kernel is the same computation written with standard tfjs operations, for
 * engines that bring none of its own; whatever the engine is good at (a GPU, say), it then still gets.
 */
import * as tf from '@tensorflow/tfjs-core';

export type Tensors = (tf.Tensor | null)[];

/** x·w over the last axis of x [T,B,I]. */
export function project(x: tf.Tensor, w: tf.Tensor): tf.Tensor {
  const [T, B, I] = x.shape as [number, number, number];
  return tf.reshape(tf.matMul(tf.reshape(x, [T * B, I]) as tf.Tensor2D, w as tf.Tensor2D), [T, B, w.shape[1]!]);
}

/** The order in which the steps are taken. */
export function order(T: number, reverse: number): number[] {
  return Array.from({ length: T }, (_, i) => (reverse ? T - 1 - i : i));
}

/** keep⊙before + (1 − keep)⊙now */
export function blend(keep: tf.Tensor | undefined, before: tf.Tensor, now: tf.Tensor): tf.Tensor {
  return keep ? tf.add(tf.mul(keep, before), tf.mul(tf.sub(1, keep), now)) : now;
}

export function steps(tensor: tf.Tensor | null): tf.Tensor[] | undefined {
  return tensor ? tf.unstack(tensor) : undefined;
}

/** dx, dwx and db of gates = x·wx + b, from the gradient of the gates [T,B,n]. */
export function inputGradients(x: tf.Tensor, wx: tf.Tensor, dGates: tf.Tensor): [tf.Tensor, tf.Tensor, tf.Tensor] {
  const [T, B, I] = x.shape as [number, number, number];
  const flat = tf.reshape(dGates, [T * B, -1]) as tf.Tensor2D;
  const dx = tf.reshape(tf.matMul(flat, wx as tf.Tensor2D, false, true), [T, B, I]);
  return [dx, tf.matMul(tf.reshape(x, [T * B, I]) as tf.Tensor2D, flat, true, false), tf.sum(flat, 0)];
}

/** The state before each step, [T,B,H], in the order of time. */
export function statesBefore(states: tf.Tensor, initial: tf.Tensor | null, reverse: number): tf.Tensor {
  const [T, B, H] = states.shape as [number, number, number];
  const first = initial ? tf.reshape(initial, [1, B, H]) : tf.zeros([1, B, H]);
  if (T === 1) return first;
  return reverse ? tf.concat([tf.slice(states, [1, 0, 0]), first], 0) : tf.concat([first, tf.slice(states, [0, 0, 0], [T - 1, B, H])], 0);
}

/** Σ_t beforeₜᵀ·dₜ, for [T,B,H] and [T,B,n]. */
export function recurrentGradient(before: tf.Tensor, d: tf.Tensor): tf.Tensor {
  const rows = before.shape[0]! * before.shape[1]!;
  return tf.matMul(tf.reshape(before, [rows, -1]) as tf.Tensor2D, tf.reshape(d, [rows, -1]) as tf.Tensor2D, true, false);
}

/** Puts the elements, made in order of travel, back in order of time. */
export function stackInTime(parts: tf.Tensor[], reverse: number): tf.Tensor {
  return tf.stack(reverse ? [...parts].reverse() : parts);
}
