/** The tensor operations that the networks are made of, over whichever engine `initEngine` chose. */
export { dense as linear } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';

/** One LSTM step from its summed pre-activations [N, 4H] and the cell [N, H]; returns the new h and c. */
export function lstmCell(gates: tf.Tensor, c: tf.Tensor): [tf.Tensor, tf.Tensor] {
  const [i, f, g, o] = tf.split(gates, 4, gates.rank - 1) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  const next = tf.add(tf.mul(tf.sigmoid(f), c), tf.mul(tf.sigmoid(i), tf.tanh(g)));
  return [tf.mul(tf.sigmoid(o), tf.tanh(next)), next];
}

/**
 * Elements of a table by flat index: out[i] = table[indices[i]]. Its gradient adds up where an index repeats.
 *
 * @returns shaped `shape`, as many elements as `indices`
 */
export function pick(table: tf.Tensor, indices: Int32Array, shape: number[]): tf.Tensor {
  return tf.customGrad((...args) => {
    const [source] = args as unknown as [tf.Tensor];
    const from = source.dataSync<'float32'>();
    const out = new Float32Array(indices.length);
    for (let i = 0; i < out.length; i++) out[i] = from[indices[i]!]!;
    return {
      value: tf.tensor(out, shape),
      gradFunc: (dy: tf.Tensor) => {
        const slopes = dy.dataSync<'float32'>();
        const sums = new Float32Array(table.size);
        for (let i = 0; i < slopes.length; i++) sums[indices[i]!]! += slopes[i]!;
        return tf.tensor(sums, table.shape);
      },
    };
  })(table);
}
