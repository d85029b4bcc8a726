/**
 * Shortcuts with a delay around any encoder: h_t += Σ_s W_s h_{t−s}. What happened s steps ago is there without having come through the
 * steps between, and a gradient finds its way back in one step (El Hihi and Bengio 1996; Zhang et al. 2016 on skip coefficients).
 *
 * Starts as the encoder alone: the matrices are zero at first.
 */
import { dense } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { type Encoder } from './encoder.js';

/** @param delays in steps, each at least 1; longer ones than a sequence do nothing */
export function delayedEncoder(inner: Encoder, name: string, delays: readonly number[]): Encoder {
  const { width } = inner;
  return {
    width,
    specs: [
      ...inner.specs,
      ...delays.map((delay) => ({
        name: `${name}.delay${delay}`,
        shape: [width, width],
        init: { kind: 'values' as const, of: () => 0 },
        decay: true,
      })),
    ],
    encode(p, x, options) {
      const { h, last } = inner.encode(p, x, options);
      const [T, B] = h.shape;
      let [all, end]: tf.Tensor[] = [h, last];
      for (const delay of delays) {
        const kept = Math.max(0, T - delay);
        const before = tf.concat([tf.zeros([T - kept, B, width]), tf.slice(h, [0, 0, 0], [kept, B, width])], 0);
        const shortcut = dense(before, p[`${name}.delay${delay}`]!);
        all = tf.add(all!, shortcut);
        end = tf.add(end!, tf.reshape(tf.slice(shortcut, [T - 1, 0, 0], [1, B, width]), [B, width]));
      }
      return { h: all as tf.Tensor3D, last: end as tf.Tensor2D };
    },
  };
}
