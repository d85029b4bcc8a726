/**
 * A recursive net over a hierarchy of series (child-sum Tree-LSTM, Tai et al. 2015, with GRU cells): states go up from the
 * children to the root, then down again, so that every series knows its parts and its whole.
 */
import * as tf from '@tensorflow/tfjs-core';
import { recurrentLayer } from '../cells/layer.js';
import { type ParameterSpec, type Tensors } from '../training/parameters.js';
import { levelsOf, type Hierarchy } from './hierarchy.js';

export interface TreeSettings {
  name: string;
  inputs: number;
  hidden: number;
  hierarchy: Hierarchy;
}

export interface TreeEncoder {
  /** Upward and downward state side by side. */
  readonly width: number;
  readonly specs: readonly ParameterSpec[];
  /** x [nodes,B,I] → [nodes,B,width] */
  encode(p: Tensors, x: tf.Tensor3D): tf.Tensor3D;
}

export function treeEncoder({ name, inputs, hidden, hierarchy }: TreeSettings): TreeEncoder {
  const up = recurrentLayer({ name: `${name}.up`, cell: 'gru', inputs, hidden });
  const down = recurrentLayer({ name: `${name}.down`, cell: 'gru', inputs: hidden, hidden });
  const { parents } = hierarchy;
  const levels = levelsOf(hierarchy);
  /** For each node of `to`, the sum of the related rows of `states` [from, B·H]. */
  const sumOver = (
    to: readonly number[],
    from: readonly number[],
    related: (a: number, b: number) => boolean,
    states: tf.Tensor2D,
  ): tf.Tensor2D => {
    const relation = to.flatMap((a) => from.map((b) => Number(related(a, b))));
    return tf.matMul(tf.tensor2d(relation, [to.length, from.length]), states);
  };
  return {
    width: 2 * hidden,
    specs: [...up.specs, ...down.specs],
    encode(p, x) {
      const [N, B, I] = x.shape;
      const rows = (level: readonly number[]): tf.Tensor3D =>
        tf.concat(
          level.map((node) => tf.slice(x, [node, 0, 0], [1, B, I])),
          0,
        );
      const stateOf = (sum: tf.Tensor2D | undefined, n: number): { state?: { h: tf.Tensor2D } } =>
        sum ? { state: { h: tf.reshape(sum, [n * B, hidden]) } } : {};
      const upward: tf.Tensor2D[] = []; // per level [n, B·H]
      for (let depth = levels.length - 1; depth >= 0; depth--) {
        const level = levels[depth]!;
        const below = levels[depth + 1];
        const sum = below && sumOver(level, below, (a, b) => parents[b] === a, upward[depth + 1]!);
        const { state } = up.run(p, tf.reshape<tf.Rank.R3>(rows(level), [1, level.length * B, I]), stateOf(sum, level.length));
        upward[depth] = tf.reshape(state.h, [level.length, B * hidden]);
      }
      const downward: tf.Tensor2D[] = [];
      levels.forEach((level, depth) => {
        const above = levels[depth - 1];
        const own = tf.reshape(upward[depth]!, [1, level.length * B, hidden]) as tf.Tensor3D;
        const parent = above && sumOver(level, above, (a, b) => parents[a] === b, downward[depth - 1]!);
        const { state } = down.run(p, own, stateOf(parent, level.length));
        downward[depth] = tf.reshape(state.h, [level.length, B * hidden]);
      });
      // Levels in order of depth, put back in the order of the nodes.
      const order = levels.flat();
      const both = tf.concat([tf.reshape(tf.concat(upward, 0), [N, B, hidden]), tf.reshape(tf.concat(downward, 0), [N, B, hidden])], 2);
      if (order.every((node, i) => node === i)) return both as tf.Tensor3D;
      const place: tf.Tensor = tf.oneHot(
        tf.tensor1d(
          [...parents.keys()].map((node) => order.indexOf(node)),
          'int32',
        ),
        N,
      );
      return tf.reshape(tf.matMul(tf.cast(place, 'float32') as tf.Tensor2D, tf.reshape(both, [N, B * 2 * hidden])), [N, B, 2 * hidden]);
    },
  };
}
