/** How much of a gradient survives the way back through time: the figure to log when a long context does not help. */
import * as tf from '@tensorflow/tfjs-core';
import { type Random } from '../dataset/random.js';
import { type Tensors } from '../training/parameters.js';
import { type RecurrentLayer } from './layer.js';

/**
 * RMS over random directions v of ‖∂(v·h_T)/∂h_(T−d)‖ / ‖v‖: 1 passes gradients on as they are, 0 forgets, above 1 explodes.
 *
 * @param x [T,B,I]
 * @param distances steps back from the end, each at most T
 */
export function gradientFlow(layer: RecurrentLayer, p: Tensors, x: tf.Tensor3D, distances: readonly number[], random: Random): number[] {
  const [T, B, I] = x.shape;
  return tf.tidy(() => {
    const direction = tf.tensor2d(
      Float32Array.from({ length: B * layer.hidden }, () => random.normal()),
      [B, layer.hidden],
    );
    return distances.map((distance) => {
      const before = layer.run(p, tf.slice(x, [0, 0, 0], [Math.max(1, T - distance), B, I])).state;
      const rest = tf.slice(x, [T - distance, 0, 0], [distance, B, I]);
      const start =
        distance < T ? before : Object.fromEntries(Object.entries(before).map(([key, value]) => [key, tf.zerosLike(value as tf.Tensor)]));
      const gradient = tf.grad((h) => tf.sum(tf.mul(direction, layer.run(p, rest, { state: { ...start, h: h as tf.Tensor2D } }).state.h)))(
        start.h as tf.Tensor2D,
      );
      return Math.sqrt(tf.div(tf.sum(tf.square(gradient)), tf.sum(tf.square(direction))).dataSync()[0]!);
    });
  });
}
