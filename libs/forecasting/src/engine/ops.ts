/** The tensor operations that the networks are made of, over whichever engine `initEngine` chose. */
export { dense as linear } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';

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
