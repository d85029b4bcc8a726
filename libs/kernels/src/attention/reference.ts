/** Scaled dot-product attention, forward and backward, in plain JavaScript. Arguments: `kernels.ts`. */
import { addProduct, addProductTransposed, addTransposedProduct } from '../kernel/gemm.js';
import { type Arrays, type Dims } from '../kernel/kernel.js';

export function attentionForward(inputs: Arrays, outputs: Float32Array[], { B, M, N, D, E, biasBatch }: Dims): void {
  const [q, k, v, bias] = inputs;
  const [context, weights] = outputs as [Float32Array, Float32Array];
  const scale = 1 / Math.sqrt(D!);
  for (let batch = 0; batch < B!; batch++) {
    const at = batch * M! * N!;
    addProductTransposed(q!, batch * M! * D!, k!, batch * N! * D!, weights, at, M!, D!, N!);
    for (let row = 0; row < M!; row++) {
      const scores = weights.subarray(at + row * N!, at + (row + 1) * N!);
      const biasAt = (biasBatch ? at : 0) + row * N!;
      let max = -Infinity;
      for (let j = 0; j < N!; j++) {
        scores[j] = scores[j]! * scale + (bias ? bias[biasAt + j]! : 0);
        max = Math.max(max, scores[j]!);
      }
      let sum = 0;
      for (let j = 0; j < N!; j++) sum += scores[j] = Math.exp(scores[j]! - max);
      for (let j = 0; j < N!; j++) scores[j]! /= sum;
    }
    addProduct(weights, at, v!, batch * N! * E!, context, batch * M! * E!, M!, N!, E!);
  }
}

export function attentionBackward(inputs: Arrays, outputs: Float32Array[], { B, M, N, D, E, biasBatch }: Dims): void {
  const [q, k, v, weights, dContext, dWeights] = inputs;
  const [dq, dk, dv, dBias] = outputs as [Float32Array, Float32Array, Float32Array, Float32Array];
  const scale = 1 / Math.sqrt(D!);
  const dScores = new Float32Array(M! * N!);
  for (let batch = 0; batch < B!; batch++) {
    const at = batch * M! * N!;
    if (dWeights) dScores.set(dWeights.subarray(at, at + M! * N!));
    else dScores.fill(0);
    addProductTransposed(dContext!, batch * M! * E!, v!, batch * N! * E!, dScores, 0, M!, E!, N!);
    addTransposedProduct(weights!, at, dContext!, batch * M! * E!, dv, batch * N! * E!, M!, N!, E!);
    for (let row = 0; row < M!; row++) {
      let dot = 0;
      for (let j = 0; j < N!; j++) dot += dScores[row * N! + j]! * weights![at + row * N! + j]!;
      for (let j = 0; j < N!; j++) {
        const d = weights![at + row * N! + j]! * (dScores[row * N! + j]! - dot);
        dBias[(biasBatch ? at : 0) + row * N! + j]! += d;
        dScores[row * N! + j] = d * scale;
      }
    }
    addProduct(dScores, 0, k!, batch * N! * D!, dq, batch * M! * D!, M!, N!, D!);
    addTransposedProduct(dScores, 0, q!, batch * M! * D!, dk, batch * N! * D!, M!, N!, D!);
  }
}
