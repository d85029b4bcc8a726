/** What stands between the last linear layers of a forecaster and its loss; arguments as in src/{quantiles,pinball,seasonalCopy}/kernels.ts. */
import { sigmoidAll, softplusAll } from '../build/cells';
import { softmax } from './attention';

/** Rows whose increments are in scratch memory at once. */
const ROWS: i32 = 64;

export function quantilesScratch(Q: i32): usize {
  return <usize>(4 * ROWS * Q);
}

export function quantiles(centre: usize, spread: usize, q: usize, N: i32, Q: i32, anchor: i32, scratch: usize): void {
  const P = Q - 1;
  for (let row = 0; row < N; row += ROWS) {
    const rows = min(ROWS, N - row);
    softplusAll(spread + <usize>(row * P * 4), scratch, rows * P);
    let s = scratch;
    let to = q + <usize>(row * Q * 4);
    for (let r = row; r < row + rows; r++) {
      const middle = load<f32>(centre + <usize>(4 * r));
      store<f32>(to + <usize>(4 * anchor), middle);
      let value = middle;
      for (let i = anchor; i < P; i++) store<f32>(to + <usize>(4 * i), (value += load<f32>(s + <usize>(4 * i))), 4);
      value = middle;
      for (let i = anchor - 1; i >= 0; i--) store<f32>(to + <usize>(4 * i), (value -= load<f32>(s + <usize>(4 * i))));
      s += <usize>(4 * P);
      to += <usize>(4 * Q);
    }
  }
}

export function quantilesGrad(spread: usize, dq: usize, dCentre: usize, dSpread: usize, N: i32, Q: i32, anchor: i32, _scratch: usize): void {
  const P = Q - 1;
  // The slope of softplus.
  sigmoidAll(spread, dSpread, N * P);
  for (let r = 0; r < N; r++) {
    let above: f32 = 0;
    for (let i = P - 1; i >= anchor; i--) {
      above += load<f32>(dq + <usize>(4 * i), 4);
      const at = dSpread + <usize>(4 * i);
      store<f32>(at, load<f32>(at) * above);
    }
    let below: f32 = 0;
    for (let i = 0; i < anchor; i++) {
      below += load<f32>(dq + <usize>(4 * i));
      const at = dSpread + <usize>(4 * i);
      store<f32>(at, -load<f32>(at) * below);
    }
    store<f32>(dCentre + <usize>(4 * r), above + below + load<f32>(dq + <usize>(4 * anchor)));
    dq += <usize>(4 * Q);
    dSpread += <usize>(4 * P);
  }
}

export function pinball(q: usize, target: usize, weight: usize, levels: usize, loss: usize, slope: usize, N: i32, Q: i32, _scratch: usize): void {
  const size = f32(1) / f32(N * Q);
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  let total: f64 = 0;
  for (let r = 0; r < N; r++) {
    const y = load<f32>(target + <usize>(4 * r));
    const w = load<f32>(weight + <usize>(4 * r)) * size;
    const ys = f32x4.splat(y), ws = f32x4.splat(w);
    let sums = zero;
    let j: usize = 0;
    const end = <usize>(4 * Q);
    for (; j + 16 <= end; j += 16) {
      const over = f32x4.sub(v128.load(q + j), ys);
      const side = v128.and(f32x4.gt(over, zero), one);
      const s = f32x4.mul(ws, f32x4.sub(side, v128.load(levels + j)));
      v128.store(slope + j, s);
      sums = f32x4.add(sums, f32x4.mul(s, over));
    }
    let sum = f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1) + f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3);
    for (; j < end; j += 4) {
      const over = load<f32>(q + j) - y;
      const s = w * ((over > 0 ? f32(1) : f32(0)) - load<f32>(levels + j));
      store<f32>(slope + j, s);
      sum += s * over;
    }
    total += sum;
    q += end;
    slope += end;
  }
  store<f32>(loss, f32(total));
}

export function seasonalCopy(logits: usize, candidates: usize, gate: usize, copied: usize, weights: usize, open: usize, N: i32, K: i32, _scratch: usize): void {
  memory.copy(weights, logits, <usize>(4 * N * K));
  sigmoidAll(gate, open, N);
  const end = <usize>(4 * K);
  for (let r = 0; r < N; r++) {
    softmax(weights, 0, 1, K);
    store<f32>(copied + <usize>(4 * r), load<f32>(open + <usize>(4 * r)) * dot(weights, candidates, end));
    weights += end;
    candidates += end;
  }
}

// @ts-ignore: decorator
@inline
function dot(a: usize, b: usize, bytes: usize): f32 {
  let sums = f32x4.splat(0);
  let j: usize = 0;
  for (; j + 16 <= bytes; j += 16) sums = f32x4.add(sums, f32x4.mul(v128.load(a + j), v128.load(b + j)));
  let sum = f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1) + f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3);
  for (; j < bytes; j += 4) sum += load<f32>(a + j) * load<f32>(b + j);
  return sum;
}

export function seasonalCopyGrad(candidates: usize, weights: usize, open: usize, dCopied: usize, dWeights: usize, dOpen: usize, dLogits: usize, dCandidates: usize, dGate: usize, N: i32, K: i32, _scratch: usize): void {
  const end = <usize>(4 * K);
  for (let r = 0; r < N; r++) {
    const at = <usize>(4 * r);
    const o = load<f32>(open + at);
    const mean = dot(weights, candidates, end);
    const dy = load<f32>(dCopied + at);
    store<f32>(dGate + at, (dy * mean + load<f32>(dOpen + at)) * o * (1 - o));
    // What the mean weight slope is: Σ w·(dy·o·c + dWeights).
    const slope = dy * o;
    const centre = slope * mean + dot(weights, dWeights, end);
    for (let j: usize = 0; j < end; j += 4) {
      const w = load<f32>(weights + j);
      store<f32>(dLogits + j, w * (slope * load<f32>(candidates + j) + load<f32>(dWeights + j) - centre));
      store<f32>(dCandidates + j, slope * w);
    }
    candidates += end;
    weights += end;
    dWeights += end;
    dLogits += end;
    dCandidates += end;
  }
}
