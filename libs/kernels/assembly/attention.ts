/** Scaled dot-product attention, forward and backward; arguments as in src/attention/kernels.ts, absent tensors are 0. */
import { TILE, addTransposedProduct, pack, packTransposed, panelBytes, product } from './gemm';
import { fill } from './sequence';
import { HIGH, LOG2E, LOW, MAGIC, ONE, P1, P2, P3, P4, P5, constant, exp } from './vector';

export function attentionScratch(N: i32, D: i32, E: i32): usize {
  return panelBytes(D, N) + panelBytes(N, E) + TILE;
}

export function attention(q: usize, k: usize, v: usize, bias: usize, context: usize, weights: usize, B: i32, M: i32, N: i32, D: i32, E: i32, biasBatch: i32, scratch: usize): void {
  const values = scratch + panelBytes(D, N);
  const tile = values + panelBytes(N, E);
  const scale = f32(1 / Math.sqrt(D));
  for (let batch = 0; batch < B; batch++) {
    const qi = q + <usize>(batch * M * D * 4);
    const w = weights + <usize>(batch * M * N * 4);
    packTransposed(k + <usize>(batch * N * D * 4), 4 * D, D, N, scratch);
    product(M, N, qi, 4 * D, D, qi, 4 * D, 0, scratch, w, 4 * N, tile);
    for (let row = 0; row < M; row++) {
      softmax(w + <usize>(row * N * 4), bias ? bias + <usize>((row + (biasBatch ? batch * M : 0)) * N * 4) : 0, scale, N);
    }
    pack(v + <usize>(batch * N * E * 4), 4 * E, N, E, values, N, 0);
    product(M, E, w, 4 * N, N, w, 4 * N, 0, values, context + <usize>(batch * M * E * 4), 4 * E, tile);
  }
}

/** softmax(scale·s + bias) in place. */
export function softmax(s: usize, bias: usize, scale: f32, n: i32): void {
  let max: f32 = -Infinity;
  const end = <usize>(4 * n);
  for (let j: usize = 0; j < end; j += 4) {
    const score = load<f32>(s + j) * scale + (bias ? load<f32>(bias + j) : 0);
    store<f32>(s + j, score);
    if (score > max) max = score;
  }
  const log2e = constant(LOG2E), low = constant(LOW), high = constant(HIGH), magic = constant(MAGIC), one = constant(ONE);
  const p5 = constant(P5), p4 = constant(P4), p3 = constant(P3), p2 = constant(P2), p1 = constant(P1);
  const most = f32x4.splat(max);
  let sums = f32x4.splat(0);
  let sum: f32 = 0;
  let j: usize = 0;
  for (; j + 16 <= end; j += 16) {
    const e = exp(log2e, low, high, magic, p5, p4, p3, p2, p1, one, f32x4.sub(v128.load(s + j), most));
    v128.store(s + j, e);
    sums = f32x4.add(sums, e);
  }
  for (; j < end; j += 4) {
    const e = exp(log2e, low, high, magic, p5, p4, p3, p2, p1, one, f32x4.sub(v128.load32_zero(s + j), most));
    v128.store_lane<f32>(s + j, e, 0);
    sum += f32x4.extract_lane(e, 0);
  }
  sum += f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1) + f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3);
  const part: f32 = 1 / sum;
  for (j = 0; j < end; j += 4) store<f32>(s + j, load<f32>(s + j) * part);
}

export function attentionGradScratch(M: i32, N: i32, D: i32, E: i32): usize {
  return panelBytes(E, N) + panelBytes(M, max(D, E)) + panelBytes(N, D) + <usize>(M * N * 4) + TILE;
}

export function attentionGrad(q: usize, k: usize, v: usize, weights: usize, dContext: usize, dWeights: usize, dq: usize, dk: usize, dv: usize, dBias: usize, B: i32, M: i32, N: i32, D: i32, E: i32, biasBatch: i32, scratch: usize): void {
  const narrow = scratch + panelBytes(E, N);
  const keys = narrow + panelBytes(M, max(D, E));
  const dScores = keys + panelBytes(N, D);
  const tile = dScores + <usize>(M * N * 4);
  const scale = f32(1 / Math.sqrt(D));
  const scores = M * N * 4;
  fill(dv, <usize>(B * N * E * 4), 0);
  fill(dk, <usize>(B * N * D * 4), 0);
  fill(dBias, <usize>(biasBatch ? B * scores : scores), 0);
  for (let batch = 0; batch < B; batch++) {
    const qi = q + <usize>(batch * M * D * 4);
    const w = weights + <usize>(batch * scores);
    const dc = dContext + <usize>(batch * M * E * 4);
    packTransposed(v + <usize>(batch * N * E * 4), 4 * E, E, N, scratch);
    product(M, N, dc, 4 * E, E, dc, 4 * E, 0, scratch, dScores, 4 * N, tile);
    pack(dc, 4 * E, M, E, narrow, M, 0);
    addTransposedProduct(N, E, M, w, 4 * N, narrow, dv + <usize>(batch * N * E * 4), 4 * E, tile);
    for (let row = 0; row < M; row++) {
      const at = <usize>(row * N * 4);
      softmaxGrad(w + at, dScores + at, dWeights ? dWeights + <usize>(batch * scores) + at : 0, dBias + (biasBatch ? <usize>(batch * scores) : 0) + at, scale, N);
    }
    pack(k + <usize>(batch * N * D * 4), 4 * D, N, D, keys, N, 0);
    product(M, D, dScores, 4 * N, N, dScores, 4 * N, 0, keys, dq + <usize>(batch * M * D * 4), 4 * D, tile);
    pack(qi, 4 * D, M, D, narrow, M, 0);
    addTransposedProduct(N, D, M, dScores, 4 * N, narrow, dk + <usize>(batch * N * D * 4), 4 * D, tile);
  }
}

/** d becomes scale·w⊙(d − Σ d⊙w); without the scale it is added to dBias. */
function softmaxGrad(w: usize, d: usize, dWeights: usize, dBias: usize, scale: f32, n: i32): void {
  const end = <usize>(4 * n);
  let dot: f32 = 0;
  for (let j: usize = 0; j < end; j += 4) {
    let g = load<f32>(d + j);
    if (dWeights) {
      g += load<f32>(dWeights + j);
      store<f32>(d + j, g);
    }
    dot += g * load<f32>(w + j);
  }
  const mean = f32x4.splat(dot), factor = f32x4.splat(scale);
  let j: usize = 0;
  for (; j + 16 <= end; j += 16) {
    const g = f32x4.mul(v128.load(w + j), f32x4.sub(v128.load(d + j), mean));
    v128.store(dBias + j, f32x4.add(v128.load(dBias + j), g));
    v128.store(d + j, f32x4.mul(g, factor));
  }
  for (; j < end; j += 4) {
    const g = load<f32>(w + j) * (load<f32>(d + j) - dot);
    store<f32>(dBias + j, load<f32>(dBias + j) + g);
    store<f32>(d + j, g * scale);
  }
}
