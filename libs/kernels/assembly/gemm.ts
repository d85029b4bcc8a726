/**
 * Products of row-major float32 matrices over panels: B is copied once into panels of W columns, each [K,W] without
 * gaps (missing columns are zero), so that the inner product reads it in one stream. Leading dimensions are in bytes.
 */
import { columns1x16, columns1x8, columns2x16, columns2x8, columns4x16, columns4x8, columns6x16, columns6x8, rows1x16, rows1x8, rows2x16, rows2x8, rows4x16, rows4x8, rows6x16, rows6x8 } from '../build/micro';

/** Columns of a panel. */
// @ts-ignore: decorator
@inline
export const W: i32 = isDefined(WIDE) ? 16 : 8;

/** Bytes of the scratch tile that products with odd widths go through. */
// @ts-ignore: decorator
@inline
export const TILE: usize = 6 * 16 * 4;

/** Bytes that `n` columns of `k` rows take in panels. */
// @ts-ignore: decorator
@inline
export function panelBytes(k: i32, n: i32): usize {
  return <usize>(((n + W - 1) / W) * W * k * 4);
}

/** Copies B[k,n] into panels of `depth` rows each, from row `at` on. */
export function pack(b: usize, ldb: usize, k: i32, n: i32, panels: usize, depth: i32, at: i32): void {
  for (let j = 0; j < n; j += W) {
    let to = panels + <usize>((j * depth + at * W) * 4);
    let from = b + <usize>(j * 4);
    const left = n - j;
    if (left >= W) {
      for (let i = 0; i < k; i++) {
        const b0 = v128.load(from);
        const b1 = v128.load(from, 16);
        if (W == 16) {
          const b2 = v128.load(from, 32);
          const b3 = v128.load(from, 48);
          v128.store(to, b2, 32);
          v128.store(to, b3, 48);
        }
        v128.store(to, b0);
        v128.store(to, b1, 16);
        to += W * 4;
        from += ldb;
      }
    } else {
      for (let i = 0; i < k; i++) {
        for (let q = 0; q < W; q++) store<f32>(to + <usize>(q * 4), q < left ? load<f32>(from + <usize>(q * 4)) : 0);
        to += W * 4;
        from += ldb;
      }
    }
  }
}

/** Copies Bᵀ into panels, for B[n,k]: blocks of 4×4 by shuffles. */
export function packTransposed(b: usize, ldb: usize, k: i32, n: i32, panels: usize): void {
  for (let j = 0; j < n; j += 4) {
    const to = panels + <usize>((j / W) * W * k * 4 + (j % W) * 4);
    const rows = min(4, n - j);
    const from = b + <usize>j * ldb;
    let i = 0;
    if (rows == 4) {
      for (; i + 4 <= k; i += 4) {
        const at = from + <usize>(i * 4);
        const r0 = v128.load(at), r1 = v128.load(at + ldb), r2 = v128.load(at + 2 * ldb), r3 = v128.load(at + 3 * ldb);
        const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
        const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
        const p = to + <usize>(i * W * 4);
        v128.store(p, v128.shuffle<f64>(low01, low23, 0, 2));
        v128.store(p + W * 4, v128.shuffle<f64>(low01, low23, 1, 3));
        v128.store(p + 2 * W * 4, v128.shuffle<f64>(high01, high23, 0, 2));
        v128.store(p + 3 * W * 4, v128.shuffle<f64>(high01, high23, 1, 3));
      }
    }
    for (; i < k; i++) {
      for (let q = 0; q < 4; q++) {
        store<f32>(to + <usize>((i * W + q) * 4), q < rows ? load<f32>(from + <usize>q * ldb + <usize>(i * 4)) : 0);
      }
    }
  }
  // The columns that complete the last panel.
  for (let j = (n + 3) / 4 * 4; j % W != 0; j++) {
    for (let i = 0; i < k; i++) store<f32>(panels + <usize>(((j / W) * W * k + i * W + (j % W)) * 4), 0);
  }
}

// @ts-ignore: decorator
@inline
function tile(rows: i32, x: usize, ldx: usize, kx: i32, h: usize, ldh: usize, kh: i32, p: usize, c: usize, ldc: usize): void {
  if (W == 16) {
    if (rows == 6) rows6x16(x, ldx, kx, h, ldh, kh, p, c, ldc);
    else if (rows == 4) rows4x16(x, ldx, kx, h, ldh, kh, p, c, ldc);
    else if (rows == 2) rows2x16(x, ldx, kx, h, ldh, kh, p, c, ldc);
    else rows1x16(x, ldx, kx, h, ldh, kh, p, c, ldc);
  } else {
    if (rows == 6) rows6x8(x, ldx, kx, h, ldh, kh, p, c, ldc);
    else if (rows == 4) rows4x8(x, ldx, kx, h, ldh, kh, p, c, ldc);
    else if (rows == 2) rows2x8(x, ldx, kx, h, ldh, kh, p, c, ldc);
    else rows1x8(x, ldx, kx, h, ldh, kh, p, c, ldc);
  }
}

// @ts-ignore: decorator
@inline
function tileTransposed(rows: i32, a: usize, lda: usize, k: i32, p: usize, c: usize, ldc: usize): void {
  if (W == 16) {
    if (rows == 6) columns6x16(a, lda, k, p, c, ldc);
    else if (rows == 4) columns4x16(a, lda, k, p, c, ldc);
    else if (rows == 2) columns2x16(a, lda, k, p, c, ldc);
    else columns1x16(a, lda, k, p, c, ldc);
  } else {
    if (rows == 6) columns6x8(a, lda, k, p, c, ldc);
    else if (rows == 4) columns4x8(a, lda, k, p, c, ldc);
    else if (rows == 2) columns2x8(a, lda, k, p, c, ldc);
    else columns1x8(a, lda, k, p, c, ldc);
  }
}

/** The next block of rows: as many as the inner products have a size for. Two rows leave half of the multipliers idle, hence 8 = 4 + 4. */
// @ts-ignore: decorator
@inline
function block(left: i32): i32 {
  return left >= 6 && left != 8 ? 6 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
}

function copyTile(from: usize, ldFrom: usize, to: usize, ldTo: usize, rows: i32, columns: i32): void {
  for (let r = 0; r < rows; r++) memory.copy(to + <usize>r * ldTo, from + <usize>r * ldFrom, <usize>(columns * 4));
}

/** C[m,n] = [X|H]·B, with X[m,kx], H[m,kh] and B in panels of kx+kh rows. */
export function product(m: i32, n: i32, x: usize, ldx: usize, kx: i32, h: usize, ldh: usize, kh: i32, panels: usize, c: usize, ldc: usize, scratch: usize): void {
  for (let j = 0; j < n; j += W) {
    const p = panels + <usize>(j * (kx + kh) * 4);
    const width = min(W, n - j);
    for (let i = 0, rows = 0; i < m; i += rows) {
      rows = block(m - i);
      const to = c + <usize>i * ldc + <usize>(j * 4);
      const xi = x + <usize>i * ldx;
      const hi = h + <usize>i * ldh;
      if (width == W) tile(rows, xi, ldx, kx, hi, ldh, kh, p, to, ldc);
      else {
        tile(rows, xi, ldx, kx, hi, ldh, kh, p, scratch, W * 4);
        copyTile(scratch, W * 4, to, ldc, rows, width);
      }
    }
  }
}

/** C[m,n] += X·B, as `product` with one factor. */
export function addProduct(m: i32, n: i32, x: usize, ldx: usize, kx: i32, panels: usize, c: usize, ldc: usize, scratch: usize): void {
  for (let j = 0; j < n; j += W) {
    const p = panels + <usize>(j * kx * 4);
    for (let i = 0, rows = 0; i < m; i += rows) {
      rows = block(m - i);
      const xi = x + <usize>i * ldx;
      tile(rows, xi, ldx, kx, xi, ldx, 0, p, scratch, W * 4);
      addTile(scratch, c + <usize>i * ldc + <usize>(j * 4), ldc, rows, n - j);
    }
  }
}

/** C[m,n] += Aᵀ·B, with A[k,m] and B in panels of k rows. */
export function addTransposedProduct(m: i32, n: i32, k: i32, a: usize, lda: usize, panels: usize, c: usize, ldc: usize, scratch: usize): void {
  for (let j = 0; j < n; j += W) {
    const p = panels + <usize>(j * k * 4);
    for (let i = 0, rows = 0; i < m; i += rows) {
      rows = block(m - i);
      tileTransposed(rows, a + <usize>(i * 4), lda, k, p, scratch, W * 4);
      addTile(scratch, c + <usize>i * ldc + <usize>(j * 4), ldc, rows, n - j);
    }
  }
}

function addTile(tile: usize, c: usize, ldc: usize, rows: i32, width: i32): void {
  for (let r = 0; r < rows; r++) {
    if (width >= W) {
      for (let j = 0; j < W; j += 8) {
        const at = <usize>(j * 4);
        const s0 = f32x4.add(v128.load(c + at), v128.load(tile + at));
        const s1 = f32x4.add(v128.load(c + at, 16), v128.load(tile + at, 16));
        v128.store(c + at, s0);
        v128.store(c + at, s1, 16);
      }
    } else for (let j: usize = 0; j < <usize>(width * 4); j += 4) store<f32>(c + j, load<f32>(c + j) + load<f32>(tile + j));
    tile += W * 4;
    c += ldc;
  }
}

/** Adds the sums over the rows of A[m,n] to s[n]. */
export function addColumnSums(a: usize, m: i32, n: i32, s: usize): void {
  let j = 0;
  for (; j + 8 <= n; j += 8) {
    let s0 = v128.load(s + <usize>(j * 4));
    let s1 = v128.load(s + <usize>(j * 4), 16);
    let from = a + <usize>(j * 4);
    for (let i = 0; i < m; i++) {
      s0 = f32x4.add(s0, v128.load(from));
      s1 = f32x4.add(s1, v128.load(from, 16));
      from += <usize>(n * 4);
    }
    v128.store(s + <usize>(j * 4), s0);
    v128.store(s + <usize>(j * 4), s1, 16);
  }
  for (; j < n; j++) {
    let sum = load<f32>(s + <usize>(j * 4));
    for (let i = 0; i < m; i++) sum += load<f32>(a + <usize>((i * n + j) * 4));
    store<f32>(s + <usize>(j * 4), sum);
  }
}

/** a += b, n elements. */
export function addTo(a: usize, b: usize, n: i32): void {
  let j: usize = 0;
  for (; j + 32 <= <usize>(n * 4); j += 32) {
    const s0 = f32x4.add(v128.load(a + j), v128.load(b + j));
    const s1 = f32x4.add(v128.load(a + j, 16), v128.load(b + j, 16));
    v128.store(a + j, s0);
    v128.store(a + j, s1, 16);
  }
  for (; j < <usize>(n * 4); j += 4) store<f32>(a + j, load<f32>(a + j) + load<f32>(b + j));
}
