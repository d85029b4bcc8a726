/** The RNN kernels from standard operations; see `kernels.ts` for the arguments. */
import * as tf from '@tensorflow/tfjs-core';
import {
  blend,
  inputGradients,
  order,
  project,
  recurrentGradient,
  statesBefore,
  steps,
  stackInTime,
  type Tensors,
} from '../kernel/compose.js';
import { type Dims } from '../kernel/kernel.js';

export function composeRnn([x, wx, wh, b, h0, keepH]: Tensors, { T, B, H, reverse }: Dims): tf.Tensor[] {
  const inputs = tf.unstack(tf.add(project(x!, wx!), b!));
  const kh = steps(keepH!);
  let h = h0 ?? tf.zeros([B!, H!]);
  const [hs, gates]: tf.Tensor[][] = [[], []];
  for (const t of order(T!, reverse!)) {
    const now = tf.tanh(tf.add(inputs[t]!, tf.matMul(h as tf.Tensor2D, wh as tf.Tensor2D)));
    h = blend(kh?.[t], h, now);
    hs!.push(h);
    gates!.push(now);
  }
  return [stackInTime(hs!, reverse!), tf.clone(h), stackInTime(gates!, reverse!)];
}

export function composeRnnGrad([x, wx, wh, h0, keepH, h, gates, dh, dhT]: Tensors, { T, B, H, reverse }: Dims): tf.Tensor[] {
  const [kh, dhs] = [steps(keepH!), steps(dh!)];
  const allGates = tf.unstack(gates!);
  let dState: tf.Tensor = dhT ?? tf.zeros([B!, H!]);
  const slopes: tf.Tensor[] = [];
  for (const t of order(T!, reverse!).reverse()) {
    const total = dhs ? tf.add(dState, dhs[t]!) : dState;
    const dNew = kh ? tf.mul(tf.sub(1, kh[t]!), total) : total;
    const slope = tf.mul(dNew, tf.sub(1, tf.square(allGates[t]!))) as tf.Tensor2D;
    slopes.push(slope);
    const back: tf.Tensor = tf.matMul(slope, wh as tf.Tensor2D, false, true);
    dState = kh ? tf.add(back, tf.mul(kh[t]!, total)) : back;
  }
  // Made from the last step taken to the first.
  const dGates = stackInTime(slopes, reverse ? 0 : 1);
  const [dx, dwx, db] = inputGradients(x!, wx!, dGates);
  return [dx, dwx, recurrentGradient(statesBefore(h!, h0!, reverse!), dGates), db, tf.clone(dState)];
}
