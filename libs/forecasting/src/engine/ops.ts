/** The tensor operations that the networks are made of, over whichever engine `initEngine` chose. */
import * as tf from '@tensorflow/tfjs-core';

/**
 * x·w + b over the last axis. The gradient multiplies by explicit transposes, because the engines' fast path takes none.
 *
 * @param x [..., I]
 * @param w [I, O]
 * @param b [O]
 * @returns [..., O]
 */
export function linear(x: tf.Tensor, w: tf.Tensor, b?: tf.Tensor): tf.Tensor {
  const flat = tf.reshape(x, [-1, w.shape[0]!]);
  const product = tf.customGrad((...args) => {
    const [a, weights, save] = args as unknown as [tf.Tensor2D, tf.Tensor2D, (tensors: tf.Tensor[]) => void];
    save([a, weights]);
    return {
      value: tf.matMul(a, weights),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [a, weights] = saved as [tf.Tensor2D, tf.Tensor2D];
        return [tf.matMul(dy as tf.Tensor2D, tf.transpose(weights)), tf.matMul(tf.transpose(a), dy as tf.Tensor2D)];
      },
    };
  })(flat, w);
  return shaped(product, x, b);
}

/** As `linear` of an `x` that nothing learns: spares the gradient towards it. */
export function linearOfData(x: tf.Tensor, w: tf.Tensor, b?: tf.Tensor): tf.Tensor {
  const flat = tf.reshape(x, [-1, w.shape[0]!]) as tf.Tensor2D;
  const product = tf.customGrad((...args) => {
    const [weights] = args as unknown as [tf.Tensor2D];
    return { value: tf.matMul(flat, weights), gradFunc: (dy: tf.Tensor) => tf.matMul(tf.transpose(flat), dy as tf.Tensor2D) };
  })(w);
  return shaped(product, x, b);
}

function shaped(product: tf.Tensor, x: tf.Tensor, b: tf.Tensor | undefined): tf.Tensor {
  return tf.reshape(b ? tf.add(product, b) : product, [...x.shape.slice(0, -1), product.shape[1]!]);
}

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
