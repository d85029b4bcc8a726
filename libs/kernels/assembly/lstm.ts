/** LSTM over a whole sequence, forward and backward; arguments as in src/lstm/kernels.ts, absent tensors are 0. */
import { lstmCell, lstmCellGrad } from '../build/cells';
import { TILE, addColumnSums, addProduct, addTransposedProduct, pack, packTransposed, panelBytes, product } from './gemm';
import { backRows, chunkRows, fill, previous, stepAt } from './sequence';

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
        lstmCell(
          g + 4 * o,
          b,
          cPrev + before + o,
          hPrev + before + o,
          keepC ? keepC + kept : zeros,
          keepH ? keepH + kept : zeros,
          c + kept,
          tanhC + kept,
          h + kept,
          H,
        );
      }
    }
    hPrev = h + t * state;
    cPrev = c + t * state;
  }
  memory.copy(hT, hPrev, state);
  memory.copy(cT, cPrev, state);
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
        lstmCellGrad(
          gates + 4 * kept,
          cPrev + o,
          tanhC + kept,
          keepC ? keepC + kept : zeros,
          keepH ? keepH + kept : zeros,
          dh ? dh + kept : zeros,
          dh0 + o,
          dc0 + o,
          slot + 4 * o,
          H,
        );
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
