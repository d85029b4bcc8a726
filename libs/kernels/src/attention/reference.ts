/** Scaled dot-product attention, forward and backward, in plain JavaScript. Arguments: `kernels.ts`. */
import { type Arrays, type Dims } from '../kernel/kernel.js';

export function attentionForward(inputs: Arrays, outputs: Float32Array[], { B, M, N, D, E, biasBatch, delay }: Dims): void {
  const [q, k, v, bias] = inputs as [Float32Array, Float32Array, Float32Array, Float32Array | null];
  const [context, weights] = outputs as [Float32Array, Float32Array];
  const scale = 1 / Math.sqrt(D!);
  for (let batch = 0; batch < B!; batch++)
    for (let m = 0; m < M!; m++) {
      const row = batch * M! + m;
      const scores = weights.subarray(row * N!, (row + 1) * N!);
      const query = (m * B! + batch) * D!;
      let max = -Infinity;
      for (let j = 0; j < N!; j++) {
        let score = 0;
        if (j >= delay!) for (let d = 0; d < D!; d++) score += q[query + d]! * k[((j - delay!) * B! + batch) * D! + d]!;
        scores[j] = score * scale + (bias ? bias[(biasBatch ? row : m) * N! + j]! : 0);
        max = Math.max(max, scores[j]!);
      }
      let sum = 0;
      for (let j = 0; j < N!; j++) sum += scores[j] = Math.exp(scores[j]! - max);
      for (let j = 0; j < N!; j++) scores[j]! /= sum;
      for (let e = 0; e < E!; e++) {
        let mixed = 0;
        for (let j = 0; j < N!; j++) mixed += scores[j]! * v[(j * B! + batch) * E! + e]!;
        context[(m * B! + batch) * E! + e] = mixed;
      }
    }
}

export function attentionBackward(inputs: Arrays, outputs: Float32Array[], { B, M, N, D, E, biasBatch, delay }: Dims): void {
  const [q, k, v, weights, dContext, dWeights] = inputs as [
    ...[Float32Array, Float32Array, Float32Array, Float32Array, Float32Array],
    Float32Array | null,
  ];
  const [dq, dk, dv, dBias] = outputs as [Float32Array, Float32Array, Float32Array, Float32Array];
  const scale = 1 / Math.sqrt(D!);
  const dScores = new Float64Array(N!);
  for (let batch = 0; batch < B!; batch++)
    for (let m = 0; m < M!; m++) {
      const row = (batch * M! + m) * N!;
      const query = (m * B! + batch) * D!;
      const mixed = (m * B! + batch) * E!;
      let total = 0;
      for (let j = 0; j < N!; j++) {
        let d = dWeights ? dWeights[row + j]! : 0;
        for (let e = 0; e < E!; e++) d += dContext[mixed + e]! * v[(j * B! + batch) * E! + e]!;
        dScores[j] = d;
        total += d * weights[row + j]!;
      }
      for (let j = 0; j < N!; j++) {
        for (let e = 0; e < E!; e++) dv[(j * B! + batch) * E! + e]! += weights[row + j]! * dContext[mixed + e]!;
        const d = weights[row + j]! * (dScores[j]! - total);
        dBias[(biasBatch ? row : m * N!) + j]! += d;
        if (j < delay!) continue;
        const key = ((j - delay!) * B! + batch) * D!;
        for (let i = 0; i < D!; i++) {
          dq[query + i]! += d * scale * k[key + i]!;
          dk[key + i]! += d * scale * q[query + i]!;
        }
      }
    }
}
