/** The minGRU kernels from standard operations; see `kernels.ts` for the arguments. */
import * as tf from '@tensorflow/tfjs-core';
import { inputGradients, order, project, statesBefore, steps, stackInTime, type Tensors } from '../kernel/compose.js';
import { type Dims } from '../kernel/kernel.js';

export function composeMinGru([x, wx, b, h0, keepH]: Tensors, { T, B, H, reverse }: Dims): tf.Tensor[] {
  const [sums, u] = tf.split(tf.add(project(x!, wx!), b!), 2, 2) as [tf.Tensor, tf.Tensor];
  const z = tf.sigmoid(sums);
  const shares = tf.unstack(keepH ? tf.mul(z, tf.sub(1, keepH)) : z);
  const candidates = tf.unstack(u);
  let h = h0 ?? tf.zeros([B!, H!]);
  const hs: tf.Tensor[] = [];
  for (const t of order(T!, reverse!)) {
    h = tf.add(h, tf.mul(shares[t]!, tf.sub(candidates[t]!, h)));
    hs.push(h);
  }
  return [stackInTime(hs, reverse!), tf.clone(h), tf.concat([z, u], 2)];
}

export function composeMinGruGrad([x, wx, h0, keepH, h, gates, dh, dhT]: Tensors, { T, B, H, reverse }: Dims): tf.Tensor[] {
  const [z, u] = tf.split(gates!, 2, 2) as [tf.Tensor, tf.Tensor];
  const share = keepH ? tf.mul(z, tf.sub(1, keepH)) : z;
  const [shares, dhs] = [tf.unstack(share), steps(dh!)];
  let dState: tf.Tensor = dhT ?? tf.zeros([B!, H!]);
  const totals: tf.Tensor[] = [];
  for (const t of order(T!, reverse!).reverse()) {
    const total = dhs ? tf.add(dState, dhs[t]!) : dState;
    totals.push(total);
    dState = tf.mul(total, tf.sub(1, shares[t]!));
  }
  // Made from the last step taken to the first.
  const all = stackInTime(totals, reverse ? 0 : 1);
  const dShare = tf.mul(all, tf.sub(u, statesBefore(h!, h0!, reverse!)));
  const dz = tf.mul(tf.mul(keepH ? tf.mul(dShare, tf.sub(1, keepH)) : dShare, z), tf.sub(1, z));
  const [dx, dwx, db] = inputGradients(x!, wx!, tf.concat([dz, tf.mul(all, share)], 2));
  return [dx, dwx, db, tf.clone(dState)];
}
