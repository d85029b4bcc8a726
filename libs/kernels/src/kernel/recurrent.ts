/** What the recurrent ops share: argument checks, and masks and zoneout turned into one factor per state element. */
import * as tf from '@tensorflow/tfjs-core';
import { AlmanacError } from '@almanac/series';

/** A share of the previous state to keep, [T,B,H] or one number for all: a drawn 0/1 mask in training, its expectation otherwise. */
export type Zoneout = tf.Tensor | number;

export interface SequenceArgs {
  /** [T,B,I], time first. */
  x: tf.Tensor;
  /** [I,G·H], G gates. */
  wx: tf.Tensor;
  /** [G·H] */
  b: tf.Tensor;
  /** [B,H]; zeros when absent. */
  h0?: tf.Tensor;
  /** Runs from the last step to the first; `h[t]` still belongs to step t, and hT is the state after step 0. */
  reverse?: boolean;
  /** [T,B], 1 where the step counts and 0 where the state is carried over unchanged. Gets no gradient. */
  mask?: tf.Tensor;
}

export function checkShape(op: string, name: string, tensor: tf.Tensor | undefined, expected: (number | null)[]): void {
  if (!tensor) return;
  const fits = tensor.shape.length === expected.length && expected.every((n, i) => n === null || n === tensor.shape[i]);
  if (fits) return;
  const wanted = expected.map((n) => n ?? '·').join(',');
  throw new AlmanacError('SHAPE_MISMATCH', `${op}: ${name} is [${tensor.shape.join(',')}], expected [${wanted}]`, {
    hint: 'Sequences are time-major [T,B,I]; weights are [inputs, gates·hidden].',
    subject: { op, name },
  });
}

/** 1 − mask·(1 − zoneout), shape [T,B,H], or null when nothing is kept. */
export function keepFactor(mask: tf.Tensor | undefined, zoneout: Zoneout | undefined, shape: [number, number, number]): tf.Tensor | null {
  const noZoneout = zoneout === undefined || zoneout === 0;
  if (!mask) {
    if (noZoneout) return null;
    return typeof zoneout === 'number' ? tf.fill(shape, zoneout) : zoneout;
  }
  const counts = tf.reshape(tf.cast(mask, 'float32'), [shape[0], shape[1], 1]);
  const changed = noZoneout ? counts : tf.mul(counts, typeof zoneout === 'number' ? 1 - zoneout : tf.sub(1, zoneout));
  return tf.broadcastTo(tf.sub(1, changed), shape);
}
