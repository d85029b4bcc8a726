/**
 * sLSTM (Beck et al. 2024, as in TiRex): an LSTM whose input gate is an exponential, kept in range by a running maximum m.
 *
 *   m' = max(log σ(f) + m, i);  i' = exp(i − m');  f' = exp(log σ(f) + m − m');
 *   c' = f'c + i' tanh z;  n' = f'n + i';  h' = σ(o) c' / n'
 *
 * There is no fused kernel of it: it runs step by step, for short sequences or few segments.
 */
import { dense } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';
import type { CellState } from './state.js';

export interface SlstmArgs {
  /** [T,B,I] */
  x: tf.Tensor3D;
  /** [I,4H], [H,4H], [4H]; gates i, f, z, o. */
  wx: tf.Tensor;
  wh: tf.Tensor;
  b: tf.Tensor;
  state?: CellState;
  reverse?: boolean;
  /** [T,B], 0 carries the state over unchanged. */
  mask?: tf.Tensor;
}

export function slstm({ x, wx, wh, b, state, reverse, mask }: SlstmArgs): { h: tf.Tensor3D; state: CellState } {
  const [T, B] = x.shape;
  const H = wh.shape[0]!;
  const projected = dense(x, wx, b);
  const zeros = tf.zeros<tf.Rank.R2>([B, H]);
  let { h, c = zeros, n = zeros, m = zeros } = state ?? { h: zeros };
  const outputs: tf.Tensor2D[] = [];
  for (let step = 0; step < T; step++) {
    const t = reverse ? T - 1 - step : step;
    const gates = tf.add(tf.reshape(tf.slice(projected, [t, 0, 0], [1, B, 4 * H]), [B, 4 * H]), dense(h, wh));
    const [input, forget, candidate, output] = tf.split(gates, 4, 1) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    const kept = tf.sub(m, tf.softplus(tf.neg(forget)));
    const top = tf.maximum(kept, input);
    const gate = tf.exp(tf.sub(input, top));
    const carry = tf.exp(tf.sub(kept, top));
    const next: Required<CellState> = {
      m: top as tf.Tensor2D,
      c: tf.add(tf.mul(carry, c), tf.mul(gate, tf.tanh(candidate))),
      n: tf.add(tf.mul(carry, n), gate),
      h,
    };
    // n can only vanish where every input gate so far has; the state is then empty and so is its output.
    next.h = tf.div(tf.mul(tf.sigmoid(output), next.c), tf.add(next.n, 1e-12));
    if (mask) {
      const counts = tf.reshape(tf.slice(mask, [t, 0], [1, B]), [B, 1]);
      const held = { h, c, n, m };
      for (const key of ['h', 'c', 'n', 'm'] as const) next[key] = tf.add(held[key], tf.mul(counts, tf.sub(next[key], held[key])));
    }
    ({ h, c, n, m } = next);
    outputs[t] = h;
  }
  return { h: tf.stack(outputs) as tf.Tensor3D, state: { h, c, n, m } };
}
