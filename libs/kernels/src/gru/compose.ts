/** The GRU kernels from standard operations; see `kernels.ts` for the arguments. */
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

type Three = [tf.Tensor, tf.Tensor, tf.Tensor];

export function composeGru([x, wx, wh, b, bu, h0, keepH]: Tensors, { T, B, H, reverse }: Dims): tf.Tensor[] {
  const inputs = tf.unstack(tf.add(project(x!, wx!), b!));
  const kh = steps(keepH!);
  let h = h0 ?? tf.zeros([B!, H!]);
  const [hs, gates, uns]: tf.Tensor[][] = [[], [], []];
  for (const t of order(T!, reverse!)) {
    const [xr, xz, xn] = tf.split(inputs[t]!, 3, 1) as Three;
    const [ur, uz, un] = tf.split(tf.add(tf.matMul(h as tf.Tensor2D, wh as tf.Tensor2D), bu!), 3, 1) as Three;
    const [r, z] = [tf.sigmoid(tf.add(xr, ur)), tf.sigmoid(tf.add(xz, uz))];
    const n = tf.tanh(tf.add(xn, tf.mul(r, un)));
    h = blend(kh?.[t], h, tf.add(n, tf.mul(z, tf.sub(h, n))));
    hs!.push(h);
    gates!.push(tf.concat([r, z, n], 1));
    uns!.push(un);
  }
  const time = (parts: tf.Tensor[]): tf.Tensor => stackInTime(parts, reverse!);
  return [time(hs!), tf.clone(h), time(gates!), time(uns!)];
}

export function composeGruGrad([x, wx, wh, h0, keepH, h, gates, un, dh, dhT]: Tensors, { T, B, H, reverse }: Dims): tf.Tensor[] {
  const [kh, dhs] = [steps(keepH!), steps(dh!)];
  const before = statesBefore(h!, h0!, reverse!);
  const hs = tf.unstack(before);
  const [allGates, uns] = [tf.unstack(gates!), tf.unstack(un!)];
  let dState: tf.Tensor = dhT ?? tf.zeros([B!, H!]);
  const [inputSlopes, stateSlopes]: tf.Tensor[][] = [[], []];
  for (const t of order(T!, reverse!).reverse()) {
    const [r, z, n] = tf.split(allGates[t]!, 3, 1) as Three;
    const total = dhs ? tf.add(dState, dhs[t]!) : dState;
    const dNew = kh ? tf.mul(tf.sub(1, kh[t]!), total) : total;
    const dn = tf.mul(tf.mul(dNew, tf.sub(1, z)), tf.sub(1, tf.square(n)));
    const dr = tf.mul(tf.mul(dn, uns[t]!), tf.mul(r, tf.sub(1, r)));
    const dz = tf.mul(tf.mul(dNew, tf.sub(hs[t]!, n)), tf.mul(z, tf.sub(1, z)));
    inputSlopes!.push(tf.concat([dr, dz, dn], 1));
    const slope = tf.concat([dr, dz, tf.mul(dn, r)], 1) as tf.Tensor2D;
    stateSlopes!.push(slope);
    const back = tf.add(tf.matMul(slope, wh as tf.Tensor2D, false, true), tf.mul(dNew, z));
    dState = kh ? tf.add(back, tf.mul(kh[t]!, total)) : back;
  }
  // Made from the last step taken to the first.
  const [dGates, dU] = [stackInTime(inputSlopes!, reverse ? 0 : 1), stackInTime(stateSlopes!, reverse ? 0 : 1)];
  const [dx, dwx, db] = inputGradients(x!, wx!, dGates);
  return [dx, dwx, recurrentGradient(before, dU), db, tf.sum(dU, [0, 1]), tf.clone(dState)];
}
