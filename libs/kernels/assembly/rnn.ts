/** tanh RNN over a whole sequence, forward and backward; arguments as in src/rnn/kernels.ts, absent tensors are 0. */
import { rnnCell, rnnCellGrad } from '../build/cells';
import { TILE, addColumnSums, addProduct, addTransposedProduct, pack, packTransposed, panelBytes, product } from './gemm';
import { backRows, fill, stepAt } from './sequence';

export function rnnScratch(B: i32, I: i32, H: i32): usize {
  return panelBytes(I + H, H) + TILE + <usize>(B * H * 4);
}

export function rnn(
  x: usize,
  wx: usize,
  wh: usize,
  b: usize,
  h0: usize,
  keepH: usize,
  h: usize,
  hT: usize,
  gates: usize,
  T: i32,
  B: i32,
  I: i32,
  H: i32,
  reverse: i32,
  scratch: usize,
): void {
  const wide = <usize>(4 * H);
  const state = <usize>B * wide;
  const tile = scratch + panelBytes(I + H, H);
  const zeros = tile + TILE;
  fill(zeros, state, 0);
  pack(wx, wide, I, H, scratch, I + H, 0);
  pack(wh, wide, H, H, scratch, I + H, I);
  let hPrev = h0 ? h0 : zeros;
  for (let step = 0; step < T; step++) {
    const t = <usize>stepAt(step, T, reverse);
    const at = t * state;
    product(B, H, x + t * B * I * 4, 4 * I, I, hPrev, wide, H, scratch, gates + at, wide, tile);
    for (let r = 0; r < B; r++) {
      const o = <usize>r * wide;
      rnnCell(gates + at + o, b, hPrev + o, keepH ? keepH + at + o : zeros, h + at + o, H);
    }
    hPrev = h + at;
  }
  memory.copy(hT, hPrev, state);
}

export function rnnGradScratch(T: i32, B: i32, I: i32, H: i32): usize {
  const rows = backRows(H, B, T);
  return panelBytes(H, H) + panelBytes(H, I) + TILE + <usize>(B * H * 4) + <usize>(rows * 4 * H) + panelBytes(rows, H);
}

export function rnnGrad(
  x: usize,
  wx: usize,
  wh: usize,
  h0: usize,
  keepH: usize,
  h: usize,
  gates: usize,
  dh: usize,
  dhT: usize,
  dx: usize,
  dwx: usize,
  dwh: usize,
  db: usize,
  dh0: usize,
  T: i32,
  B: i32,
  I: i32,
  H: i32,
  reverse: i32,
  scratch: usize,
): void {
  const wide = <usize>(4 * H);
  const state = <usize>B * wide;
  const maxRows = backRows(H, B, T);
  const whT = scratch;
  const wxT = whT + panelBytes(H, H);
  const tile = wxT + panelBytes(H, I);
  const zeros = tile + TILE;
  const dGates = zeros + state;
  const panels = dGates + <usize>maxRows * wide;
  packTransposed(wh, wide, H, H, whT);
  packTransposed(wx, wide, H, I, wxT);
  fill(zeros, state, 0);
  fill(dwx, <usize>I * wide, 0);
  fill(dwh, <usize>H * wide, 0);
  fill(db, wide, 0);
  if (dhT) memory.copy(dh0, dhT, state);
  else fill(dh0, state, 0);

  let left = T;
  while (left > 0) {
    // The first step has its own previous state, so it is a stretch of its own.
    const steps = left == 1 ? 1 : min(maxRows / B, left - 1);
    const last = left - 1;
    const first = left - steps;
    for (let step = last; step >= first; step--) {
      const at = <usize>stepAt(step, T, reverse) * state;
      const slot = dGates + <usize>((reverse ? last - step : step - first) * B) * wide;
      for (let r = 0; r < B; r++) {
        const o = <usize>r * wide;
        rnnCellGrad(gates + at + o, keepH ? keepH + at + o : zeros, dh ? dh + at + o : zeros, dh0 + o, slot + o, H);
      }
      if (keepH) addProduct(B, H, slot, wide, H, whT, dh0, wide, tile);
      else product(B, H, slot, wide, H, slot, wide, 0, whT, dh0, wide, tile);
    }
    const rows = steps * B;
    const from = <usize>min(stepAt(first, T, reverse), stepAt(last, T, reverse));
    const hPrev = first == 0 ? (h0 ? h0 : zeros) : h + (reverse ? from + 1 : from - 1) * state;
    pack(dGates, wide, rows, H, panels, rows, 0);
    addTransposedProduct(H, H, rows, hPrev, wide, panels, dwh, wide, tile);
    addTransposedProduct(I, H, rows, x + from * B * I * 4, 4 * I, panels, dwx, wide, tile);
    addColumnSums(dGates, rows, H, db);
    product(rows, I, dGates, wide, H, dGates, wide, 0, wxT, dx + from * B * I * 4, 4 * I, tile);
    left -= steps;
  }
}
