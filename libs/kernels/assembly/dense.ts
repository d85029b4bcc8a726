/** y = x·w + b and its gradients; and batches of general products. Arguments as in src/dense and src/matMul. */
import { TILE, addColumnSums, addTo, addTransposedProduct, pack, packTransposed, panelBytes, product } from './gemm';
import { backRows, chunkRows, fill } from './sequence';

export function denseScratch(I: i32, O: i32): usize {
  return panelBytes(I, O) + TILE;
}

export function dense(x: usize, w: usize, b: usize, y: usize, N: i32, I: i32, O: i32, relu: i32, scratch: usize): void {
  const tile = scratch + panelBytes(I, O);
  pack(w, 4 * O, I, O, scratch, I, 0);
  rowsTimesPanels(x, 4 * I, N, I, scratch, O, y, tile);
  for (let r = 0; r < N; r++) {
    const row = y + <usize>(r * O * 4);
    if (b) addTo(row, b, O);
    if (relu) rectify(row, O);
  }
}

/** max(0, a), n elements. */
function rectify(a: usize, n: i32): void {
  const zero = f32x4.splat(0);
  let j: usize = 0;
  for (; j + 16 <= <usize>(n * 4); j += 16) v128.store(a + j, f32x4.max(v128.load(a + j), zero));
  for (; j < <usize>(n * 4); j += 4) store<f32>(a + j, max<f32>(load<f32>(a + j), 0));
}

/** d where y is positive, else 0; n elements. */
function passPositive(d: usize, y: usize, to: usize, n: i32): void {
  const zero = f32x4.splat(0);
  let j: usize = 0;
  for (; j + 16 <= <usize>(n * 4); j += 16) v128.store(to + j, v128.and(v128.load(d + j), f32x4.gt(v128.load(y + j), zero)));
  for (; j < <usize>(n * 4); j += 4) store<f32>(to + j, load<f32>(y + j) > 0 ? load<f32>(d + j) : 0);
}

/** C[m,n] = A·panels, as many rows at once as stay in cache. */
function rowsTimesPanels(a: usize, lda: usize, m: i32, k: i32, panels: usize, n: i32, c: usize, tile: usize): void {
  const rowsAtOnce = chunkRows(k);
  for (let row = 0; row < m; row += rowsAtOnce) {
    const from = a + <usize>row * lda;
    product(min(rowsAtOnce, m - row), n, from, lda, k, from, lda, 0, panels, c + <usize>(row * n * 4), 4 * n, tile);
  }
}

export function denseGradScratch(N: i32, I: i32, O: i32): usize {
  const rows = backRows(O, 1, N);
  return panelBytes(O, I) + TILE + panelBytes(rows, O) + <usize>(4 * rows * O);
}

/** y is 0 where the layer has no relu, dx where x wants no gradient. */
export function denseGrad(x: usize, w: usize, dy: usize, y: usize, dw: usize, db: usize, dx: usize, N: i32, I: i32, O: i32, wantsX: i32, scratch: usize): void {
  const tile = scratch + panelBytes(O, I);
  const panels = tile + TILE;
  const rowsAtOnce = backRows(O, 1, N);
  const passed = panels + panelBytes(rowsAtOnce, O);
  if (wantsX) packTransposed(w, 4 * O, O, I, scratch);
  fill(dw, <usize>(I * O * 4), 0);
  fill(db, <usize>(O * 4), 0);
  for (let row = 0; row < N; row += rowsAtOnce) {
    const rows = min(rowsAtOnce, N - row);
    const at = <usize>(row * O * 4);
    let d = dy + at;
    if (y) {
      passPositive(d, y + at, passed, rows * O);
      d = passed;
    }
    pack(d, 4 * O, rows, O, panels, rows, 0);
    addTransposedProduct(I, O, rows, x + <usize>(row * I * 4), 4 * I, panels, dw, 4 * O, tile);
    addColumnSums(d, rows, O, db);
    if (wantsX) rowsTimesPanels(d, 4 * O, rows, O, scratch, I, dx + <usize>(row * I * 4), tile);
  }
}

export function matMulScratch(M: i32, K: i32, N: i32): usize {
  return panelBytes(K, N) + TILE;
}

/** One product a batch row; a batch of one on either side serves for all. */
export function matMul(a: usize, b: usize, c: usize, batch: i32, batchA: i32, batchB: i32, M: i32, K: i32, N: i32, transposeA: i32, transposeB: i32, scratch: usize): void {
  const tile = scratch + panelBytes(K, N);
  for (let i = 0; i < batch; i++) {
    const ai = a + <usize>((batchA == 1 ? 0 : i) * M * K * 4);
    const ci = c + <usize>(i * M * N * 4);
    if (i == 0 || batchB > 1) {
      const bi = b + <usize>(i * K * N * 4);
      if (transposeB) packTransposed(bi, 4 * K, K, N, scratch);
      else pack(bi, 4 * N, K, N, scratch, K, 0);
    }
    if (transposeA) {
      fill(ci, <usize>(M * N * 4), 0);
      addTransposedProduct(M, N, K, ai, 4 * M, scratch, ci, 4 * N, tile);
    } else rowsTimesPanels(ai, 4 * K, M, K, scratch, N, ci, tile);
  }
}
