/**
 * Two clocks: a fast layer moves at every step, a slow one every `every` steps on the mean of the fast states since, and the
 * fast layer reads the slow state (El Hihi and Bengio 1996; clockwork RNNs). A gradient travels through T / every slow
 * steps instead of T.
 */
import * as tf from '@tensorflow/tfjs-core';
import { recurrentLayer } from '../cells/layer.js';
import { type CellKind } from '../cells/kinds.js';
import { type Encoder } from './encoder.js';
import type { CellState } from '../cells/state.js';

export interface HierarchicalSettings {
  name: string;
  cell: CellKind;
  inputs: number;
  hidden: number;
  /** Steps of the fast clock per step of the slow one: a season, or seven. */
  every: number;
}

/** `last` holds the fast and the slow state, `h` the fast state and the slow one that it read. */
export function hierarchicalEncoder({ name, cell, inputs, hidden, every }: HierarchicalSettings): Encoder {
  const fast = recurrentLayer({ name: `${name}.fast`, cell, inputs: inputs + hidden, hidden });
  const slow = recurrentLayer({ name: `${name}.slow`, cell, inputs: hidden, hidden });
  return {
    width: 2 * hidden,
    specs: [...fast.specs, ...slow.specs],
    encode(p, x, { mask } = {}) {
      const [T, B, I] = x.shape;
      let fastState: CellState | undefined;
      let slowState: CellState | undefined;
      const outputs: tf.Tensor3D[] = [];
      // The first block is the short one, so that the last ends with the history.
      for (let from = 0, to = T % every || every; from < T; from = to, to = Math.min(T, to + every)) {
        const steps = to - from;
        const read = tf.tile(tf.reshape(slowState?.h ?? tf.zeros([B, hidden]), [1, B, hidden]), [steps, 1, 1]) as tf.Tensor3D;
        const part = tf.concat([tf.slice(x, [from, 0, 0], [steps, B, I]), read], 2);
        const { h, state } = fast.run(p, part, {
          ...(fastState ? { state: fastState } : {}),
          ...(mask ? { mask: tf.slice(mask, [from, 0], [steps, B]) } : {}),
        });
        fastState = state;
        outputs.push(tf.concat([h, read], 2));
        slowState = slow.step(p, tf.mean(h, 0) as tf.Tensor2D, slowState);
      }
      return { h: tf.concat(outputs, 0), last: tf.concat([fastState!.h, slowState!.h], 1) };
    },
  };
}
