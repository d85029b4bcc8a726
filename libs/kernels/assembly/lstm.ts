/** LSTM over a whole sequence, forward and backward; arguments as in src/lstm/kernels.ts, absent tensors are 0. */
import { TILE, addColumnSums, addProduct, addTransposedProduct, pack, packTransposed, panelBytes, product } from './gemm';
import { backRows, chunkRows, fill, previous, stepAt } from './sequence';
import { HIGH, LOW, MAGIC, MINUS_LOG2E, ONE, P1, P2, P3, P4, P5, TWO, TWO_LOG2E, constant, fma, sigmoid, tanh } from './vector';

export function lstmScratch(B: i32, I: i32, H: i32): usize {
  return panelBytes(I + H, 4 * H) + TILE + <usize>(B * H * 4);
}

export function lstm(
  x: usize,
  wx: usize,
  wh: usize,
  b: usize,
  h0: usize,
  c0: usize,
  keepH: usize,
  keepC: usize,
  h: usize,
  hT: usize,
  cT: usize,
  gates: usize,
  c: usize,
  tanhC: usize,
  T: i32,
  B: i32,
  I: i32,
  H: i32,
  reverse: i32,
  scratch: usize,
): void {
  const depth = I + H;
  const panels = scratch;
  const tile = panels + panelBytes(depth, 4 * H);
  const zeros = tile + TILE;
  const state = <usize>(B * H * 4);
  const wide = <usize>(16 * H);
  fill(zeros, state, 0);
  pack(wx, wide, I, 4 * H, panels, depth, 0);
  pack(wh, wide, H, 4 * H, panels, depth, I);
  const rowsAtOnce = chunkRows(I + H);
  let hPrev = h0 ? h0 : zeros;
  let cPrev = c0 ? c0 : zeros;
  for (let step = 0; step < T; step++) {
    const t = <usize>stepAt(step, T, reverse);
    for (let row = 0; row < B; row += rowsAtOnce) {
      const rows = min(rowsAtOnce, B - row);
      const at = (t * B + row) * H * 4;
      const before = <usize>(row * H * 4);
      const g = gates + 4 * at;
      product(rows, 4 * H, x + (t * B + row) * I * 4, 4 * I, I, hPrev + before, 4 * H, H, panels, g, wide, tile);
      for (let r = 0; r < rows; r++) {
        const o = <usize>(r * H * 4);
        const kept = at + o;
        cell(g + 4 * o, b, cPrev + before + o, hPrev + before + o, keepC ? keepC + kept : zeros, keepH ? keepH + kept : zeros, c + kept, tanhC + kept, h + kept, H);
      }
    }
    hPrev = h + t * state;
    cPrev = c + t * state;
  }
  memory.copy(hT, hPrev, state);
  memory.copy(cT, cPrev, state);
}

/**
 * One row of gates to the new state, eight units at a time: neighbouring vectors side by side, see scripts/micro.mjs.
 * Without zoneout or mask `keepC` and `keepH` are zeros.
 */
function cell(g: usize, b: usize, cPrev: usize, hPrev: usize, keepC: usize, keepH: usize, c: usize, tanhC: usize, h: usize, H: i32): void {
  const low = constant(LOW), high = constant(HIGH), magic = constant(MAGIC), one = constant(ONE), two = constant(TWO);
  const p5 = constant(P5), p4 = constant(P4), p3 = constant(P3), p2 = constant(P2), p1 = constant(P1);
  const s = constant(MINUS_LOG2E), w = constant(TWO_LOG2E);
  const gate = <usize>(4 * H);
  let j = 0;
  for (; j + 8 <= H; j += 8) {
    const i0 = sigmoid(f32x4.add(v128.load(g), v128.load(b)), s, low, high, magic, p5, p4, p3, p2, p1, one);
    const i1 = sigmoid(f32x4.add(v128.load(g, 16), v128.load(b, 16)), s, low, high, magic, p5, p4, p3, p2, p1, one);
    const f0 = sigmoid(f32x4.add(v128.load(g + gate), v128.load(b + gate)), s, low, high, magic, p5, p4, p3, p2, p1, one);
    const f1 = sigmoid(f32x4.add(v128.load(g + gate, 16), v128.load(b + gate, 16)), s, low, high, magic, p5, p4, p3, p2, p1, one);
    const n0 = tanh(f32x4.add(v128.load(g + 2 * gate), v128.load(b + 2 * gate)), w, low, high, magic, p5, p4, p3, p2, p1, one, two);
    const n1 = tanh(f32x4.add(v128.load(g + 2 * gate, 16), v128.load(b + 2 * gate, 16)), w, low, high, magic, p5, p4, p3, p2, p1, one, two);
    const o0 = sigmoid(f32x4.add(v128.load(g + 3 * gate), v128.load(b + 3 * gate)), s, low, high, magic, p5, p4, p3, p2, p1, one);
    const o1 = sigmoid(f32x4.add(v128.load(g + 3 * gate, 16), v128.load(b + 3 * gate, 16)), s, low, high, magic, p5, p4, p3, p2, p1, one);
    const m0 = v128.load(cPrev);
    const m1 = v128.load(cPrev, 16);
    const c0 = fma(f0, m0, f32x4.mul(i0, n0));
    const c1 = fma(f1, m1, f32x4.mul(i1, n1));
    const t0 = tanh(c0, w, low, high, magic, p5, p4, p3, p2, p1, one, two);
    const t1 = tanh(c1, w, low, high, magic, p5, p4, p3, p2, p1, one, two);
    const h0 = f32x4.mul(o0, t0);
    const h1 = f32x4.mul(o1, t1);
    const k0 = fma(v128.load(keepC), f32x4.sub(m0, c0), c0);
    const k1 = fma(v128.load(keepC, 16), f32x4.sub(m1, c1), c1);
    const q0 = fma(v128.load(keepH), f32x4.sub(v128.load(hPrev), h0), h0);
    const q1 = fma(v128.load(keepH, 16), f32x4.sub(v128.load(hPrev, 16), h1), h1);
    v128.store(g, i0);
    v128.store(g, i1, 16);
    v128.store(g + gate, f0);
    v128.store(g + gate, f1, 16);
    v128.store(g + 2 * gate, n0);
    v128.store(g + 2 * gate, n1, 16);
    v128.store(g + 3 * gate, o0);
    v128.store(g + 3 * gate, o1, 16);
    v128.store(c, k0);
    v128.store(c, k1, 16);
    v128.store(tanhC, t0);
    v128.store(tanhC, t1, 16);
    v128.store(h, q0);
    v128.store(h, q1, 16);
    g += 32;
    b += 32;
    cPrev += 32;
    hPrev += 32;
    keepC += 32;
    keepH += 32;
    c += 32;
    tanhC += 32;
    h += 32;
  }
  for (let u: usize = 0; u < <usize>((H - j) * 4); u += 4) {
    const i = sigmoid(f32x4.add(v128.load32_zero(g + u), v128.load32_zero(b + u)), s, low, high, magic, p5, p4, p3, p2, p1, one);
    const f = sigmoid(f32x4.add(v128.load32_zero(g + u + gate), v128.load32_zero(b + u + gate)), s, low, high, magic, p5, p4, p3, p2, p1, one);
    const n = tanh(f32x4.add(v128.load32_zero(g + u + 2 * gate), v128.load32_zero(b + u + 2 * gate)), w, low, high, magic, p5, p4, p3, p2, p1, one, two);
    const o = sigmoid(f32x4.add(v128.load32_zero(g + u + 3 * gate), v128.load32_zero(b + u + 3 * gate)), s, low, high, magic, p5, p4, p3, p2, p1, one);
    const m = v128.load32_zero(cPrev + u);
    const now = fma(f, m, f32x4.mul(i, n));
    const t = tanh(now, w, low, high, magic, p5, p4, p3, p2, p1, one, two);
    const out = f32x4.mul(o, t);
    v128.store_lane<f32>(g + u, i, 0);
    v128.store_lane<f32>(g + u + gate, f, 0);
    v128.store_lane<f32>(g + u + 2 * gate, n, 0);
    v128.store_lane<f32>(g + u + 3 * gate, o, 0);
    v128.store_lane<f32>(c + u, fma(v128.load32_zero(keepC + u), f32x4.sub(m, now), now), 0);
    v128.store_lane<f32>(tanhC + u, t, 0);
    v128.store_lane<f32>(h + u, fma(v128.load32_zero(keepH + u), f32x4.sub(v128.load32_zero(hPrev + u), out), out), 0);
  }
}

export function lstmGradScratch(T: i32, B: i32, I: i32, H: i32): usize {
  const rows = backRows(4 * H, B, T);
  return panelBytes(4 * H, H) + panelBytes(4 * H, I) + TILE + <usize>(B * H * 4) + <usize>(rows * 16 * H) + panelBytes(rows, 4 * H);
}

export function lstmGrad(
  x: usize,
  wx: usize,
  wh: usize,
  h0: usize,
  c0: usize,
  keepH: usize,
  keepC: usize,
  h: usize,
  gates: usize,
  c: usize,
  tanhC: usize,
  dh: usize,
  dhT: usize,
  dcT: usize,
  dx: usize,
  dwx: usize,
  dwh: usize,
  db: usize,
  dh0: usize,
  dc0: usize,
  T: i32,
  B: i32,
  I: i32,
  H: i32,
  reverse: i32,
  scratch: usize,
): void {
  const state = <usize>(B * H * 4);
  const wide = <usize>(16 * H);
  const maxRows = backRows(4 * H, B, T);
  const whT = scratch;
  const wxT = whT + panelBytes(4 * H, H);
  const tile = wxT + panelBytes(4 * H, I);
  const zeros = tile + TILE;
  const dGates = zeros + state;
  const panels = dGates + <usize>maxRows * wide;
  packTransposed(wh, wide, 4 * H, H, whT);
  packTransposed(wx, wide, 4 * H, I, wxT);
  fill(zeros, state, 0);
  fill(dwx, <usize>I * wide, 0);
  fill(dwh, <usize>H * wide, 0);
  fill(db, wide, 0);
  if (dhT) memory.copy(dh0, dhT, state);
  else fill(dh0, state, 0);
  if (dcT) memory.copy(dc0, dcT, state);
  else fill(dc0, state, 0);

  let left = T;
  while (left > 0) {
    // The first step has its own previous state, so it is a stretch of its own.
    const steps = left == 1 ? 1 : min(maxRows / B, left - 1);
    const last = left - 1;
    const first = left - steps;
    for (let step = last; step >= first; step--) {
      const t = <usize>stepAt(step, T, reverse);
      const at = t * state;
      // In order of time within the stretch, as x and h are.
      const slot = dGates + <usize>((reverse ? last - step : step - first) * B) * wide;
      const cPrev = step == 0 ? (c0 ? c0 : zeros) : c + previous(t, reverse) * state;
      for (let r = 0; r < B; r++) {
        const o = <usize>(r * H * 4);
        const kept = at + o;
        cellGrad(gates + 4 * kept, cPrev + o, tanhC + kept, keepC ? keepC + kept : zeros, keepH ? keepH + kept : zeros, dh ? dh + kept : zeros, dh0 + o, dc0 + o, slot + 4 * o, H);
      }
      if (keepH) addProduct(B, H, slot, wide, 4 * H, whT, dh0, 4 * H, tile);
      else product(B, H, slot, wide, 4 * H, slot, wide, 0, whT, dh0, 4 * H, tile);
    }
    const rows = steps * B;
    const from = <usize>min(stepAt(first, T, reverse), stepAt(last, T, reverse));
    const hPrev = first == 0 ? (h0 ? h0 : zeros) : h + (reverse ? from + 1 : from - 1) * state;
    pack(dGates, wide, rows, 4 * H, panels, rows, 0);
    addTransposedProduct(H, 4 * H, rows, hPrev, 4 * H, panels, dwh, wide, tile);
    addTransposedProduct(I, 4 * H, rows, x + from * B * I * 4, 4 * I, panels, dwx, wide, tile);
    addColumnSums(dGates, rows, 4 * H, db);
    product(rows, I, dGates, wide, 4 * H, dGates, wide, 0, wxT, dx + from * B * I * 4, 4 * I, tile);
    left -= steps;
  }
}

/**
 * One row: the gradients of the gates before activation, and the running gradients of cell and state, of which the
 * latter becomes the part that skips the cell.
 */
function cellGrad(g: usize, cPrev: usize, tanhC: usize, keepC: usize, keepH: usize, dh: usize, dState: usize, dCell: usize, d: usize, H: i32): void {
  const gate = <usize>(4 * H);
  const one = f32x4.splat(1);
  let j = 0;
  for (; j + 8 <= H; j += 8) {
    const i0 = v128.load(g);
    const i1 = v128.load(g, 16);
    const f0 = v128.load(g + gate);
    const f1 = v128.load(g + gate, 16);
    const n0 = v128.load(g + 2 * gate);
    const n1 = v128.load(g + 2 * gate, 16);
    const o0 = v128.load(g + 3 * gate);
    const o1 = v128.load(g + 3 * gate, 16);
    const t0 = v128.load(tanhC);
    const t1 = v128.load(tanhC, 16);
    const m0 = v128.load(cPrev);
    const m1 = v128.load(cPrev, 16);
    const k0 = v128.load(keepC);
    const k1 = v128.load(keepC, 16);
    const q0 = v128.load(keepH);
    const q1 = v128.load(keepH, 16);
    const r0 = v128.load(dCell);
    const r1 = v128.load(dCell, 16);
    const e0 = f32x4.add(v128.load(dh), v128.load(dState));
    const e1 = f32x4.add(v128.load(dh, 16), v128.load(dState, 16));
    const p0 = f32x4.mul(q0, e0);
    const p1 = f32x4.mul(q1, e1);
    const h0 = f32x4.sub(e0, p0);
    const h1 = f32x4.sub(e1, p1);
    const s0 = f32x4.mul(k0, r0);
    const s1 = f32x4.mul(k1, r1);
    const c0 = fma(f32x4.mul(h0, o0), f32x4.sub(one, f32x4.mul(t0, t0)), f32x4.sub(r0, s0));
    const c1 = fma(f32x4.mul(h1, o1), f32x4.sub(one, f32x4.mul(t1, t1)), f32x4.sub(r1, s1));
    const z0 = fma(c0, f0, s0);
    const z1 = fma(c1, f1, s1);
    v128.store(d, f32x4.mul(f32x4.mul(c0, n0), f32x4.mul(i0, f32x4.sub(one, i0))));
    v128.store(d, f32x4.mul(f32x4.mul(c1, n1), f32x4.mul(i1, f32x4.sub(one, i1))), 16);
    v128.store(d + gate, f32x4.mul(f32x4.mul(c0, m0), f32x4.mul(f0, f32x4.sub(one, f0))));
    v128.store(d + gate, f32x4.mul(f32x4.mul(c1, m1), f32x4.mul(f1, f32x4.sub(one, f1))), 16);
    v128.store(d + 2 * gate, f32x4.mul(f32x4.mul(c0, i0), f32x4.sub(one, f32x4.mul(n0, n0))));
    v128.store(d + 2 * gate, f32x4.mul(f32x4.mul(c1, i1), f32x4.sub(one, f32x4.mul(n1, n1))), 16);
    v128.store(d + 3 * gate, f32x4.mul(f32x4.mul(h0, t0), f32x4.mul(o0, f32x4.sub(one, o0))));
    v128.store(d + 3 * gate, f32x4.mul(f32x4.mul(h1, t1), f32x4.mul(o1, f32x4.sub(one, o1))), 16);
    v128.store(dCell, z0);
    v128.store(dCell, z1, 16);
    v128.store(dState, p0);
    v128.store(dState, p1, 16);
    g += 32;
    cPrev += 32;
    tanhC += 32;
    keepC += 32;
    keepH += 32;
    dh += 32;
    dState += 32;
    dCell += 32;
    d += 32;
  }
  for (let u: usize = 0; u < <usize>((H - j) * 4); u += 4) {
    const one: f32 = 1;
    const i = load<f32>(g + u), f = load<f32>(g + u + gate), n = load<f32>(g + u + 2 * gate), o = load<f32>(g + u + 3 * gate);
    const t = load<f32>(tanhC + u), kc = load<f32>(keepC + u), kh = load<f32>(keepH + u), after = load<f32>(dCell + u);
    const total = load<f32>(dState + u) + load<f32>(dh + u);
    const hidden = (one - kh) * total;
    const c = hidden * o * (one - t * t) + (one - kc) * after;
    store<f32>(d + u, c * n * i * (one - i));
    store<f32>(d + u + gate, c * load<f32>(cPrev + u) * f * (one - f));
    store<f32>(d + u + 2 * gate, c * i * (one - n * n));
    store<f32>(d + u + 3 * gate, hidden * t * o * (one - o));
    store<f32>(dCell + u, c * f + kc * after);
    store<f32>(dState + u, kh * total);
  }
}
