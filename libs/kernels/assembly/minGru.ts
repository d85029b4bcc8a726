/** minGRU over a whole sequence, forward and backward; arguments as in src/minGru/kernels.ts, absent tensors are 0. */
import { minGruCell, minGruCellGrad } from '../build/cells';
import { TILE, addColumnSums, addTransposedProduct, pack, packTransposed, panelBytes, product } from './gemm';
import { backRows, fill, previous, stepAt } from './sequence';

export function minGruScratch(B: i32, I: i32, H: i32): usize {
  return panelBytes(I, 2 * H) + TILE + <usize>(B * H * 4);
}

export function minGru(
  x: usize,
  wx: usize,
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
  const wide = <usize>(8 * H);
  const state = <usize>(B * H * 4);
  const tile = scratch + panelBytes(I, 2 * H);
  const zeros = tile + TILE;
  fill(zeros, state, 0);
  pack(wx, wide, I, 2 * H, scratch, I, 0);
  let hPrev = h0 ? h0 : zeros;
  for (let step = 0; step < T; step++) {
    const t = <usize>stepAt(step, T, reverse);
    const at = t * state;
    const xt = x + t * B * I * 4;
    product(B, 2 * H, xt, 4 * I, I, xt, 4 * I, 0, scratch, gates + 2 * at, wide, tile);
    for (let r = 0; r < B; r++) {
      const o = <usize>(r * H * 4);
      minGruCell(gates + 2 * (at + o), b, hPrev + o, keepH ? keepH + at + o : zeros, h + at + o, H);
    }
    hPrev = h + at;
  }
  memory.copy(hT, hPrev, state);
}

export function minGruGradScratch(T: i32, B: i32, I: i32, H: i32): usize {
  const rows = backRows(2 * H, B, T);
  return panelBytes(2 * H, I) + TILE + <usize>(B * H * 4) + <usize>(rows * 8 * H) + panelBytes(rows, 2 * H);
}

export function minGruGrad(
  x: usize,
  wx: usize,
  h0: usize,
  keepH: usize,
  h: usize,
  gates: usize,
  dh: usize,
  dhT: usize,
  dx: usize,
  dwx: usize,
  db: usize,
  dh0: usize,
  T: i32,
  B: i32,
  I: i32,
  H: i32,
  reverse: i32,
  scratch: usize,
): void {
  const state = <usize>(B * H * 4);
  const wide = <usize>(8 * H);
  const maxRows = backRows(2 * H, B, T);
  const wxT = scratch;
  const tile = wxT + panelBytes(2 * H, I);
  const zeros = tile + TILE;
  const dGates = zeros + state;
  const panels = dGates + <usize>maxRows * wide;
  packTransposed(wx, wide, 2 * H, I, wxT);
  fill(zeros, state, 0);
  fill(dwx, <usize>I * wide, 0);
  fill(db, wide, 0);
  if (dhT) memory.copy(dh0, dhT, state);
  else fill(dh0, state, 0);

  let left = T;
  while (left > 0) {
    const steps = min(maxRows / B, left);
    const last = left - 1;
    const first = left - steps;
    for (let step = last; step >= first; step--) {
      const t = <usize>stepAt(step, T, reverse);
      const at = t * state;
      const slot = dGates + <usize>((reverse ? last - step : step - first) * B) * wide;
      const hPrev = step == 0 ? (h0 ? h0 : zeros) : h + previous(t, reverse) * state;
      for (let r = 0; r < B; r++) {
        const o = <usize>(r * H * 4);
        minGruCellGrad(gates + 2 * (at + o), hPrev + o, keepH ? keepH + at + o : zeros, dh ? dh + at + o : zeros, dh0 + o, slot + 2 * o, H);
      }
    }
    const rows = steps * B;
    const from = <usize>min(stepAt(first, T, reverse), stepAt(last, T, reverse));
    pack(dGates, wide, rows, 2 * H, panels, rows, 0);
    addTransposedProduct(I, 2 * H, rows, x + from * B * I * 4, 4 * I, panels, dwx, wide, tile);
    addColumnSums(dGates, rows, 2 * H, db);
    product(rows, I, dGates, wide, 2 * H, dGates, wide, 0, wxT, dx + from * B * I * 4, 4 * I, tile);
    left -= steps;
  }
}
