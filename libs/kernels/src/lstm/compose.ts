/** The LSTM kernels from standard operations; see `kernels.ts` for the arguments. */
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

export function composeLstm([x, wx, wh, b, h0, c0, keepH, keepC]: Tensors, { T, B, H, reverse }: Dims): tf.Tensor[] {
  const inputs = tf.unstack(tf.add(project(x!, wx!), b!));
  const [kh, kc] = [steps(keepH!), steps(keepC!)];
  let h = h0 ?? tf.zeros([B!, H!]);
  let c = c0 ?? tf.zeros([B!, H!]);
  const [hs, cs, gates, tanhs]: tf.Tensor[][] = [[], [], [], []];
  for (const t of order(T!, reverse!)) {
    const sums = tf.add(inputs[t]!, tf.matMul(h as tf.Tensor2D, wh as tf.Tensor2D));
    const [i, f, g, o] = tf.split(sums, 4, 1) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const after = [tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)] as const;
    const cell = tf.add(tf.mul(after[1], c), tf.mul(after[0], after[2]));
    const tanhC = tf.tanh(cell);
    c = blend(kc?.[t], c, cell);
    h = blend(kh?.[t], h, tf.mul(after[3], tanhC));
    hs!.push(h);
    cs!.push(c);
    tanhs!.push(tanhC);
    gates!.push(tf.concat([...after], 1));
  }
  const time = (parts: tf.Tensor[]): tf.Tensor => stackInTime(parts, reverse!);
  return [time(hs!), tf.clone(h), tf.clone(c), time(gates!), time(cs!), time(tanhs!)];
}

export function composeLstmGrad(
  [x, wx, wh, h0, c0, keepH, keepC, h, gates, c, tanhC, dh, dhT, dcT]: Tensors,
  { T, B, H, reverse }: Dims,
): tf.Tensor[] {
  const [kh, kc, dhs] = [steps(keepH!), steps(keepC!), steps(dh!)];
  const hBefore = statesBefore(h!, h0!, reverse!);
  const cs = tf.unstack(statesBefore(c!, c0!, reverse!));
  const allGates = tf.unstack(gates!);
  const tanhs = tf.unstack(tanhC!);
  let dState: tf.Tensor = dhT ?? tf.zeros([B!, H!]);
  let dCell: tf.Tensor = dcT ?? tf.zeros([B!, H!]);
  const slopes: tf.Tensor[] = [];
  for (const t of order(T!, reverse!).reverse()) {
    const [i, f, g, o] = tf.split(allGates[t]!, 4, 1) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const total = dhs ? tf.add(dState, dhs[t]!) : dState;
    const dHidden = kh ? tf.mul(tf.sub(1, kh[t]!), total) : total;
    const through = kc ? tf.mul(tf.sub(1, kc[t]!), dCell) : dCell;
    const dc = tf.add(tf.mul(tf.mul(dHidden, o), tf.sub(1, tf.square(tanhs[t]!))), through);
    const slope = tf.concat(
      [
        tf.mul(tf.mul(dc, g), tf.mul(i, tf.sub(1, i))),
        tf.mul(tf.mul(dc, cs[t]!), tf.mul(f, tf.sub(1, f))),
        tf.mul(tf.mul(dc, i), tf.sub(1, tf.square(g))),
        tf.mul(tf.mul(dHidden, tanhs[t]!), tf.mul(o, tf.sub(1, o))),
      ],
      1,
    ) as tf.Tensor2D;
    slopes.push(slope);
    dCell = kc ? tf.add(tf.mul(dc, f), tf.mul(kc[t]!, dCell)) : tf.mul(dc, f);
    const back: tf.Tensor = tf.matMul(slope, wh as tf.Tensor2D, false, true);
    dState = kh ? tf.add(back, tf.mul(kh[t]!, total)) : back;
  }
  // Made from the last step taken to the first.
  const dGates = stackInTime(slopes, reverse ? 0 : 1);
  const [dx, dwx, db] = inputGradients(x!, wx!, dGates);
  return [dx, dwx, recurrentGradient(hBefore, dGates), db, tf.clone(dState), tf.clone(dCell)];
}
