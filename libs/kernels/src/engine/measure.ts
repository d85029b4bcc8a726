/** The short measurement by which a CPU engine is chosen. */
import * as tf from '@tensorflow/tfjs-core';
import { lstm } from '../lstm/lstm.js';

const [T, B, I, H] = [48, 64, 8, 64];

/**
 * Milliseconds of one training step of an LSTM layer on the current engine, the best of five.
 *
 * @param share threads that would share the batch; one of them is timed
 */
export function timeEngine(share: number): number {
  return tf.tidy(() => {
    const rows = Math.ceil(B / share);
    const inputs = [tf.fill([T, rows, I], 0.1), tf.fill([I, 4 * H], 0.1), tf.fill([H, 4 * H], 0.01), tf.zeros([4 * H])];
    const step = tf.grads((x: tf.Tensor, wx: tf.Tensor, wh: tf.Tensor, b: tf.Tensor) => tf.sum(lstm({ x, wx, wh, b }).h));
    let best = Infinity;
    for (let i = 0; i < 6; i++) {
      const start = performance.now();
      for (const gradient of step(inputs)) gradient.dataSync();
      if (i > 0) best = Math.min(best, performance.now() - start);
    }
    return best;
  });
}
