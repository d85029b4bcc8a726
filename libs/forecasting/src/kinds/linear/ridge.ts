/**
 * Ridge regression of several targets on the same inputs: sums of products over blocks of rows, then one triangular factor for
 * all targets. Targets may be missing here and there: each is learned from the rows that have it, and its products are scaled up
 * as if it had all, which is exact where the gaps have nothing to do with the inputs.
 *
 * Products of a block are formed by the engine in float32; sums over blocks and the solution are float64.
 */
import * as tf from '@tensorflow/tfjs-core';

export class RidgeSums {
  private rows = 0;
  private readonly gram: Float64Array;
  private readonly products: Float64Array;
  private readonly counts: Float64Array;

  /** @param inputs the last of which is always 1, for the constant */
  constructor(
    private readonly inputs: number,
    private readonly targets: number,
  ) {
    this.gram = new Float64Array(inputs * inputs);
    this.products = new Float64Array(inputs * targets);
    this.counts = new Float64Array(targets);
  }

  /** @param x [rows, inputs], @param y [rows, targets] with NaN where missing; it is overwritten */
  add(x: Float32Array, y: Float32Array, rows: number): void {
    const { inputs, targets, counts } = this;
    this.rows += rows;
    for (let r = 0, at = 0; r < rows; r++)
      for (let t = 0; t < targets; t++, at++) {
        if (Number.isNaN(y[at]!)) y[at] = 0;
        else counts[t]!++;
      }
    tf.tidy(() => {
      const [a, b] = [tf.tensor2d(x, [rows, inputs]), tf.tensor2d(y, [rows, targets])];
      accumulate(this.gram, tf.matMul(a, a, true).dataSync<'float32'>());
      accumulate(this.products, tf.matMul(a, b, true).dataSync<'float32'>());
    });
  }

  /**
   * @param penalty of the weights, per row; that of the constant is 0
   * @returns weights [inputs, targets]
   */
  solve(penalty: number): Float64Array {
    const { inputs, targets, counts, rows } = this;
    const factor = this.gram.slice();
    for (let i = 0; i < inputs - 1; i++) factor[i * inputs + i]! += penalty * rows;
    cholesky(factor, inputs);
    const weights = this.products.map((product, i) => {
      const seen = counts[i % targets]!;
      return seen > 0 ? (product * rows) / seen : 0;
    });
    substitute(factor, inputs, weights, targets);
    return weights;
  }
}

function accumulate(sums: Float64Array, part: Float32Array): void {
  for (let i = 0; i < sums.length; i++) sums[i]! += part[i]!;
}

/** A = L·Lᵀ in place, in the lower triangle of A[n,n]. */
function cholesky(a: Float64Array, n: number): void {
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= a[i * n + k]! * a[j * n + k]!;
      a[i * n + j] = i === j ? Math.sqrt(sum) : sum / a[j * n + j]!;
    }
}

/** Solves L·Lᵀ·X = B in place for B[n,m]. */
function substitute(l: Float64Array, n: number, b: Float64Array, m: number): void {
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) subtract(b, i * m, l[i * n + k]!, k * m, m);
    divide(b, i * m, l[i * n + i]!, m);
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) subtract(b, i * m, l[k * n + i]!, k * m, m);
    divide(b, i * m, l[i * n + i]!, m);
  }
}

function subtract(b: Float64Array, to: number, factor: number, from: number, m: number): void {
  for (let t = 0; t < m; t++) b[to + t]! -= factor * b[from + t]!;
}

function divide(b: Float64Array, at: number, by: number, m: number): void {
  for (let t = 0; t < m; t++) b[at + t]! /= by;
}
