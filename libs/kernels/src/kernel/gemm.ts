/** Dense products for the references: plain loops, sums in double precision. */

/** C[M,N] += A[M,K]·B[K,N]; the offsets are where each matrix starts in its array. */
export function addProduct(
  a: Float32Array,
  aAt: number,
  b: Float32Array,
  bAt: number,
  c: Float32Array,
  cAt: number,
  m: number,
  k: number,
  n: number,
): void {
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += a[aAt + i * k + p]! * b[bAt + p * n + j]!;
      c[cAt + i * n + j]! += sum;
    }
}

/** C[M,N] += A[M,K]·B[N,K]ᵀ */
export function addProductTransposed(
  a: Float32Array,
  aAt: number,
  b: Float32Array,
  bAt: number,
  c: Float32Array,
  cAt: number,
  m: number,
  k: number,
  n: number,
): void {
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += a[aAt + i * k + p]! * b[bAt + j * k + p]!;
      c[cAt + i * n + j]! += sum;
    }
}

/** C[K,N] += A[M,K]ᵀ·B[M,N] */
export function addTransposedProduct(
  a: Float32Array,
  aAt: number,
  b: Float32Array,
  bAt: number,
  c: Float32Array,
  cAt: number,
  m: number,
  k: number,
  n: number,
): void {
  for (let p = 0; p < k; p++)
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let i = 0; i < m; i++) sum += a[aAt + i * k + p]! * b[bAt + i * n + j]!;
      c[cAt + p * n + j]! += sum;
    }
}

/** Adds the column sums of A[M,N] to s[N]. */
export function addColumnSums(a: Float32Array, s: Float32Array, m: number, n: number): void {
  for (let j = 0; j < n; j++) {
    let sum = 0;
    for (let i = 0; i < m; i++) sum += a[i * n + j]!;
    s[j]! += sum;
  }
}

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
