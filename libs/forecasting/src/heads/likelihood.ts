/** The likelihood of a parametric head as one tensor operation with one gradient, and its outputs as quantiles. */
import * as tf from '@tensorflow/tfjs-core';
import type { ParametricHead } from './head.js';

/**
 * Mean over all steps of weight·(−ln p).
 *
 * @param raw [m, B, w, 1 + extras]
 * @param target [m, B, w] scaled
 * @param weight [m, B, w]; a step of weight 0 is not looked at
 * @param scales [B]
 */
export function negativeLogLikelihood(
  head: ParametricHead,
  raw: tf.Tensor,
  target: Float32Array,
  weight: Float32Array,
  scales: Float64Array,
): tf.Scalar {
  const [, B, w, parts] = raw.shape as [number, number, number, number];
  return tf.customGrad((...args) => {
    const [tensor] = args as unknown as [tf.Tensor];
    const values = tensor.dataSync<'float32'>();
    const slopes = new Float32Array(values.length);
    const own = new Float64Array(parts);
    let sum = 0;
    for (let row = 0; row < target.length; row++) {
      const share = weight[row]! / target.length;
      if (share === 0) continue;
      const at = row * parts;
      sum += share * head.negativeLogLikelihood(values.subarray(at, at + parts), target[row]!, scales[Math.floor(row / w) % B]!, own);
      for (let i = 0; i < parts; i++) slopes[at + i] = share * own[i]!;
    }
    return { value: tf.scalar(sum), gradFunc: (dy: tf.Tensor) => tf.mul(tf.tensor(slopes, raw.shape), dy) };
  })(raw) as tf.Scalar;
}

/** [m·B·w, levels] scaled quantiles of raw outputs [m, B, w, 1 + extras]. */
export function headQuantiles(
  head: ParametricHead,
  raw: Float32Array,
  levels: readonly number[],
  w: number,
  scales: Float64Array,
): Float32Array {
  const parts = 1 + head.extras;
  const rows = raw.length / parts;
  const out = new Float32Array(rows * levels.length);
  for (let row = 0; row < rows; row++) {
    const own = raw.subarray(row * parts, (row + 1) * parts);
    const scale = scales[Math.floor(row / w) % scales.length]!;
    levels.forEach((level, q) => (out[row * levels.length + q] = head.quantile(own, level, scale)));
  }
  return out;
}
