/**
 * Scaled dot-product attention over time-major states, forward and backward; arguments as in src/attention/kernels.ts, absent tensors
 * are 0. Rows are read where they lie: with few queries and short histories, packing them for a matrix product took longer than it.
 */
import { fill } from './sequence';
import { HIGH, LOG2E, LOW, MAGIC, ONE, P1, P2, P3, P4, P5, constant, exp, fma } from './vector';

export function attention(q: usize, k: usize, v: usize, bias: usize, context: usize, weights: usize, B: i32, M: i32, N: i32, D: i32, E: i32, biasBatch: i32, delay: i32): void {
  const scale = f32(1 / Math.sqrt(D));
  for (let batch = 0; batch < B; batch++) {
    for (let m = 0; m < M; m++) {
      const row = batch * M + m;
      const w = weights + <usize>(row * N * 4);
      const qi = q + <usize>((m * B + batch) * D * 4);
      for (let j = 0; j < N; j++) store<f32>(w + <usize>(j * 4), j < delay ? 0 : dot(qi, k + <usize>(((j - delay) * B + batch) * D * 4), D));
      softmax(w, bias ? bias + <usize>((biasBatch ? row : m) * N * 4) : 0, scale, N);
      weightedSum(w, v + <usize>(batch * E * 4), <usize>(B * E * 4), N, context + <usize>((m * B + batch) * E * 4), E);
    }
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
  sum += lanes(sums);
  const part: f32 = 1 / sum;
  for (j = 0; j < end; j += 4) store<f32>(s + j, load<f32>(s + j) * part);
}

export function attentionGradScratch(N: i32): usize {
  return <usize>(N * 4);
}

export function attentionGrad(q: usize, k: usize, v: usize, weights: usize, dContext: usize, dWeights: usize, dq: usize, dk: usize, dv: usize, dBias: usize, B: i32, M: i32, N: i32, D: i32, E: i32, biasBatch: i32, delay: i32, dScores: usize): void {
  const scale = f32(1 / Math.sqrt(D));
  const scores = M * N * 4;
  const stepK = <usize>(B * D * 4);
  const stepV = <usize>(B * E * 4);
  fill(dv, <usize>(B * N * E * 4), 0);
  fill(dk, <usize>(B * N * D * 4), 0);
  fill(dBias, <usize>(biasBatch ? B * scores : scores), 0);
  for (let batch = 0; batch < B; batch++) {
    const kb = <usize>(batch * D * 4);
    const vb = <usize>(batch * E * 4);
    for (let m = 0; m < M; m++) {
      const at = <usize>((batch * M + m) * N * 4);
      const w = weights + at;
      const dc = dContext + <usize>((m * B + batch) * E * 4);
      const qi = <usize>((m * B + batch) * D * 4);
      for (let j = 0; j < N; j++) store<f32>(dScores + <usize>(j * 4), dot(dc, v + vb + <usize>j * stepV, E));
      softmaxGrad(w, dScores, dWeights ? dWeights + at : 0, dBias + (biasBatch ? at : <usize>(m * N * 4)), scale, N);
      for (let j = 0; j < N; j++) addScaled(dv + vb + <usize>j * stepV, load<f32>(w + <usize>(j * 4)), dc, E);
      const seen = dScores + <usize>(delay * 4);
      for (let j = 0; j < N - delay; j++) addScaled(dk + kb + <usize>j * stepK, load<f32>(seen + <usize>(j * 4)), q + qi, D);
      weightedSum(seen, k + kb, stepK, N - delay, dq + qi, D);
    }
  }
}

/** d becomes scale·w⊙(d − Σ d⊙w); without the scale it is added to dBias. */
function softmaxGrad(w: usize, d: usize, dWeights: usize, dBias: usize, scale: f32, n: i32): void {
  const end = <usize>(4 * n);
  let total: f32 = 0;
  for (let j: usize = 0; j < end; j += 4) {
    let g = load<f32>(d + j);
    if (dWeights) {
      g += load<f32>(dWeights + j);
      store<f32>(d + j, g);
    }
    total += g * load<f32>(w + j);
  }
  const mean = f32x4.splat(total), factor = f32x4.splat(scale);
  let j: usize = 0;
  for (; j + 16 <= end; j += 16) {
    const g = f32x4.mul(v128.load(w + j), f32x4.sub(v128.load(d + j), mean));
    v128.store(dBias + j, f32x4.add(v128.load(dBias + j), g));
    v128.store(d + j, f32x4.mul(g, factor));
  }
  for (; j < end; j += 4) {
    const g = load<f32>(w + j) * (load<f32>(d + j) - total);
    store<f32>(dBias + j, load<f32>(dBias + j) + g);
    store<f32>(d + j, g * scale);
  }
}

/** Σ a⊙b over n elements. */
function dot(a: usize, b: usize, n: i32): f32 {
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
  const end = <usize>(4 * n);
  let j: usize = 0;
  for (; j + 64 <= end; j += 64) {
    s0 = fma(v128.load(a + j), v128.load(b + j), s0);
    s1 = fma(v128.load(a + j, 16), v128.load(b + j, 16), s1);
    s2 = fma(v128.load(a + j, 32), v128.load(b + j, 32), s2);
    s3 = fma(v128.load(a + j, 48), v128.load(b + j, 48), s3);
  }
  let sum = lanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  for (; j < end; j += 4) sum += load<f32>(a + j) * load<f32>(b + j);
  return sum;
}

/** out = Σ_j w_j·x_j over n rows that lie `step` bytes apart. */
function weightedSum(w: usize, x: usize, step: usize, n: i32, out: usize, columns: i32): void {
  const end = <usize>(4 * columns);
  let c: usize = 0;
  for (; c + 64 <= end; c += 64) {
    let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
    let row = x + c;
    for (let j = 0; j < n; j++) {
      const weight = v128.load_splat<f32>(w + <usize>(j * 4));
      s0 = fma(weight, v128.load(row), s0);
      s1 = fma(weight, v128.load(row, 16), s1);
      s2 = fma(weight, v128.load(row, 32), s2);
      s3 = fma(weight, v128.load(row, 48), s3);
      row += step;
    }
    v128.store(out + c, s0);
    v128.store(out + c, s1, 16);
    v128.store(out + c, s2, 32);
    v128.store(out + c, s3, 48);
  }
  for (; c < end; c += 4) {
    let sum: f32 = 0;
    for (let j = 0; j < n; j++) sum += load<f32>(w + <usize>(j * 4)) * load<f32>(x + c + <usize>j * step);
    store<f32>(out + c, sum);
  }
}

/** y += a·x */
function addScaled(y: usize, a: f32, x: usize, n: i32): void {
  const factor = f32x4.splat(a);
  const end = <usize>(4 * n);
  let j: usize = 0;
  for (; j + 32 <= end; j += 32) {
    const s0 = fma(factor, v128.load(x + j), v128.load(y + j));
    const s1 = fma(factor, v128.load(x + j, 16), v128.load(y + j, 16));
    v128.store(y + j, s0);
    v128.store(y + j, s1, 16);
  }
  for (; j < end; j += 4) store<f32>(y + j, load<f32>(y + j) + a * load<f32>(x + j));
}

function lanes(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3);
}
