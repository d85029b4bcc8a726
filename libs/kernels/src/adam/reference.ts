/** One AdamW update in plain JavaScript; `adam.ts` says what it computes. */
import { type Arrays, type Dims } from '../kernel/kernel.js';

export function adamReference(inputs: Arrays, outputs: Float32Array[], dims: Dims): void {
  const [values, gradient, m, v, average, decay] = inputs as Float32Array[] as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const [newValues, newM, newV, newAverage, norm] = outputs as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array];
  const { n, clip, rate, correction, weightDecay, beta1, beta2, epsilon, ema } = dims;
  let squares = 0;
  for (let i = 0; i < n!; i++) squares += gradient[i]! * gradient[i]!;
  norm[0] = Math.sqrt(squares);
  const shrink = norm[0]! > clip! ? clip! / norm[0]! : 1;
  for (let i = 0; i < n!; i++) {
    const g = gradient[i]! * shrink;
    newM[i] = beta1! * m[i]! + (1 - beta1!) * g;
    newV[i] = beta2! * v[i]! + (1 - beta2!) * g * g;
    const value = values[i]! * (1 - weightDecay! * decay[i]!) - (rate! * newM[i]!) / (Math.sqrt(newV[i]!) * correction! + epsilon!);
    newValues[i] = value;
    newAverage[i] = average[i]! + (1 - ema!) * (value - average[i]!);
  }
}
