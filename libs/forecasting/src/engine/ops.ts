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
  const inputs = w.shape[0]!;
  const outputs = w.shape[1]!;
  const flat = tf.reshape(x, [-1, inputs]);
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
  const shifted = b ? tf.add(product, b) : product;
  return tf.reshape(shifted, [...x.shape.slice(0, -1), outputs]);
}

/** One LSTM step from its summed pre-activations [N, 4H] and the cell [N, H]; returns the new h and c. */
export function lstmCell(gates: tf.Tensor, c: tf.Tensor): [tf.Tensor, tf.Tensor] {
  const [i, f, g, o] = tf.split(gates, 4, gates.rank - 1) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  const next = tf.add(tf.mul(tf.sigmoid(f), c), tf.mul(tf.sigmoid(i), tf.tanh(g)));
  return [tf.mul(tf.sigmoid(o), tf.tanh(next)), next];
}
