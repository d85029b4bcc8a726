/** GRU (reset after) over a whole sequence, forward and backward; arguments as in src/gru/kernels.ts, absent tensors are 0. */
import { gruCell, gruCellGrad } from '../build/cells';
import { TILE, addColumnSums, addTo, addTransposedProduct, pack, packTransposed, panelBytes, product } from './gemm';
import { backRows, chunkRows, fill, previous, stepAt } from './sequence';

export function gruScratch(B: i32, I: i32, H: i32): usize {
  return panelBytes(I + H, 2 * H) + panelBytes(I, H) + panelBytes(H, H) + TILE + <usize>(B * H * 4);
}

export function gru(
  x: usize,
  wx: usize,
  wh: usize,
  b: usize,
  bu: usize,
  h0: usize,
  keepH: usize,
  h: usize,
  hT: usize,
  gates: usize,
  un: usize,
  T: i32,
  B: i32,
  I: i32,
  H: i32,
  reverse: i32,
  scratch: usize,
): void {
  const wide = <usize>(12 * H);
  const state = <usize>(B * H * 4);
  const newGate = <usize>(8 * H);
  const both = scratch; // r and z take input and state in one product
  const input = both + panelBytes(I + H, 2 * H);
  const recurrent = input + panelBytes(I, H);
  const tile = recurrent + panelBytes(H, H);
  const zeros = tile + TILE;
  fill(zeros, state, 0);
  pack(wx, wide, I, 2 * H, both, I + H, 0);
  pack(wh, wide, H, 2 * H, both, I + H, I);
  pack(wx + newGate, wide, I, H, input, I, 0);
  pack(wh + newGate, wide, H, H, recurrent, H, 0);
  const rowsAtOnce = chunkRows(I + H);
  let hPrev = h0 ? h0 : zeros;
  for (let step = 0; step < T; step++) {
    const t = <usize>stepAt(step, T, reverse);
    for (let row = 0; row < B; row += rowsAtOnce) {
      const rows = min(rowsAtOnce, B - row);
      const at = (t * B + row) * H * 4;
      const before = hPrev + <usize>(row * H * 4);
      const g = gates + 3 * at;
      const xt = x + (t * B + row) * I * 4;
      product(rows, 2 * H, xt, 4 * I, I, before, 4 * H, H, both, g, wide, tile);
      product(rows, H, xt, 4 * I, I, xt, 4 * I, 0, input, g + newGate, wide, tile);
      product(rows, H, before, 4 * H, H, before, 4 * H, 0, recurrent, un + at, 4 * H, tile);
      for (let r = 0; r < rows; r++) {
        const o = <usize>(r * H * 4);
        gruCell(g + 3 * o, b, bu, un + at + o, before + o, keepH ? keepH + at + o : zeros, h + at + o, H);
      }
    }
    hPrev = h + t * state;
  }
  memory.copy(hT, hPrev, state);
}

export function gruGradScratch(T: i32, B: i32, I: i32, H: i32): usize {
  const rows = backRows(4 * H, B, T);
  return (
    panelBytes(3 * H, H) +
    panelBytes(3 * H, I) +
    TILE +
    <usize>(2 * B * H * 4) +
    <usize>(rows * 16 * H) +
    2 * panelBytes(rows, 2 * H) +
    <usize>(16 * H)
  );
}

export function gruGrad(
  x: usize,
  wx: usize,
  wh: usize,
  h0: usize,
  keepH: usize,
  h: usize,
  gates: usize,
  un: usize,
  dh: usize,
  dhT: usize,
  dx: usize,
  dwx: usize,
  dwh: usize,
  db: usize,
  dbu: usize,
  dh0: usize,
  T: i32,
  B: i32,
  I: i32,
  H: i32,
  reverse: i32,
  scratch: usize,
): void {
  const state = <usize>(B * H * 4);
  const wide = <usize>(12 * H);
  const slotWide = <usize>(16 * H); // r, z, n of the input's product, n of the state's
  const maxRows = backRows(4 * H, B, T);
  const whT = scratch;
  const wxT = whT + panelBytes(3 * H, H);
  const tile = wxT + panelBytes(3 * H, I);
  const zeros = tile + TILE;
  const direct = zeros + state;
  const sums = direct + state;
  const dGates = sums + slotWide;
  const panels = dGates + <usize>maxRows * slotWide;
  packTransposed(wh, wide, 3 * H, H, whT);
  packTransposed(wx, wide, 3 * H, I, wxT);
  fill(zeros, state, 0);
  fill(direct, state, 0);
  fill(sums, slotWide, 0);
  fill(dwx, <usize>I * wide, 0);
  fill(dwh, <usize>H * wide, 0);
  if (dhT) memory.copy(dh0, dhT, state);
  else fill(dh0, state, 0);

  let left = T;
  while (left > 0) {
    // The first step has its own previous state, so it is a stretch of its own.
    const steps = left == 1 ? 1 : min(maxRows / B, left - 1);
    const last = left - 1;
    const first = left - steps;
    for (let step = last; step >= first; step--) {
      const t = <usize>stepAt(step, T, reverse);
      const at = t * state;
      const slot = dGates + <usize>((reverse ? last - step : step - first) * B) * slotWide;
      const hPrev = step == 0 ? (h0 ? h0 : zeros) : h + previous(t, reverse) * state;
      for (let r = 0; r < B; r++) {
        const o = <usize>(r * H * 4);
        gruCellGrad(
          gates + 3 * (at + o),
          un + at + o,
          hPrev + o,
          keepH ? keepH + at + o : zeros,
          dh ? dh + at + o : zeros,
          dh0 + o,
          direct + o,
          slot + 4 * o,
          H,
        );
      }
      product(B, H, slot, slotWide, 2 * H, slot + wide, slotWide, H, whT, dh0, 4 * H, tile);
    }
    const rows = steps * B;
    const from = <usize>min(stepAt(first, T, reverse), stepAt(last, T, reverse));
    const hPrev = first == 0 ? (h0 ? h0 : zeros) : h + (reverse ? from + 1 : from - 1) * state;
    const xt = x + from * B * I * 4;
    const n = <usize>(8 * H);
    pack(dGates, slotWide, rows, 2 * H, panels, rows, 0);
    addTransposedProduct(H, 2 * H, rows, hPrev, 4 * H, panels, dwh, wide, tile);
    addTransposedProduct(I, 2 * H, rows, xt, 4 * I, panels, dwx, wide, tile);
    pack(dGates + n, slotWide, rows, H, panels, rows, 0);
    addTransposedProduct(I, H, rows, xt, 4 * I, panels, dwx + n, wide, tile);
    pack(dGates + wide, slotWide, rows, H, panels, rows, 0);
    addTransposedProduct(H, H, rows, hPrev, 4 * H, panels, dwh + n, wide, tile);
    addColumnSums(dGates, rows, 4 * H, sums);
    product(rows, I, dGates, slotWide, 3 * H, dGates, slotWide, 0, wxT, dx + from * B * I * 4, 4 * I, tile);
    left -= steps;
  }
  addTo(dh0, direct, B * H);
  memory.copy(db, sums, wide);
  memory.copy(dbu, sums, <usize>(8 * H));
  memory.copy(dbu + <usize>(8 * H), sums + wide, <usize>(4 * H));
}
