/**
 * Hierarchies of series (product, store, region) and forecasts that add up in them.
 *
 * Source: Wickramasuriya, Athanasopoulos and Hyndman (2019), with diagonal weights: ŷ = S (SᵀWS)⁻¹ SᵀW ŷ⁰, the coherent
 * forecasts nearest to the given ones.
 */
import { AlmanacError } from '@almanac/series';

export interface Hierarchy {
  /** Index of each node's parent; −1 for a root. */
  parents: readonly number[];
}

/** Nodes by depth, roots first. @throws HIERARCHY_INVALID a parent that does not exist, or a circle */
export function levelsOf({ parents }: Hierarchy): number[][] {
  const levels: number[][] = [];
  parents.forEach((_, node) => {
    let depth = 0;
    for (let at = parents[node]!; at !== -1; at = parents[at]!) {
      if (!(at >= 0 && at < parents.length) || ++depth > parents.length) {
        throw new AlmanacError('HIERARCHY_INVALID', `Node ${node} of the hierarchy has no way up to a root.`, {
          hint: 'Give each node the index of its parent, and −1 to the root.',
          subject: { node },
        });
      }
    }
    (levels[depth] ??= []).push(node);
  });
  return levels;
}

/** S [nodes, leaves], row-major: 1 where a leaf is part of a node. Leaves in the order of their nodes. */
export function summingMatrix({ parents }: Hierarchy): { matrix: Float64Array; leaves: number[] } {
  const inner = new Set(parents);
  const leaves = [...parents.keys()].filter((node) => !inner.has(node));
  const matrix = new Float64Array(parents.length * leaves.length);
  leaves.forEach((leaf, column) => {
    for (let node = leaf; node !== -1; node = parents[node]!) matrix[node * leaves.length + column] = 1;
  });
  return { matrix, leaves };
}

/**
 * Makes forecasts add up.
 *
 * @param forecasts [nodes, horizon], row-major
 * @param weights trust in each node, e.g. 1 / variance of its errors; all equal by default
 * @returns [nodes, horizon], each parent the sum of its children
 */
export function reconcile(hierarchy: Hierarchy, forecasts: Float64Array, weights?: readonly number[]): Float64Array {
  const { matrix, leaves } = summingMatrix(hierarchy);
  const nodes = hierarchy.parents.length;
  const n = leaves.length;
  const horizon = forecasts.length / nodes;
  const normal = new Float64Array(n * n);
  const right = new Float64Array(n * horizon);
  for (let node = 0; node < nodes; node++) {
    const weight = weights?.[node] ?? 1;
    for (let i = 0; i < n; i++) {
      if (matrix[node * n + i] === 0) continue;
      for (let j = 0; j < n; j++) normal[i * n + j]! += weight * matrix[node * n + j]!;
      for (let t = 0; t < horizon; t++) right[i * horizon + t]! += weight * forecasts[node * horizon + t]!;
    }
  }
  const bottom = solve(normal, right, n, horizon);
  const result = new Float64Array(forecasts.length);
  for (let node = 0; node < nodes; node++) {
    for (let i = 0; i < n; i++) {
      if (matrix[node * n + i] === 0) continue;
      for (let t = 0; t < horizon; t++) result[node * horizon + t]! += bottom[i * horizon + t]!;
    }
  }
  return result;
}

/** Largest |parent − sum of children| over the size of the parent's forecasts. */
export function incoherence({ parents }: Hierarchy, forecasts: Float64Array): number {
  const horizon = forecasts.length / parents.length;
  const sums = new Float64Array(forecasts.length);
  const inner = new Set(parents);
  parents.forEach((parent, node) => {
    if (parent >= 0) for (let t = 0; t < horizon; t++) sums[parent * horizon + t]! += forecasts[node * horizon + t]!;
  });
  let worst = 0;
  for (let node = 0; node < parents.length; node++) {
    if (!inner.has(node)) continue;
    for (let t = 0; t < horizon; t++) {
      const own = forecasts[node * horizon + t]!;
      worst = Math.max(worst, Math.abs(own - sums[node * horizon + t]!) / Math.max(1e-12, Math.abs(own)));
    }
  }
  return worst;
}

/** A·X = B for a symmetric positive definite A [n,n], by Cholesky. */
function solve(a: Float64Array, b: Float64Array, n: number, columns: number): Float64Array {
  const l = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= l[i * n + k]! * l[j * n + k]!;
      l[i * n + j] = i === j ? Math.sqrt(sum) : sum / l[j * n + j]!;
    }
  }
  const x = b.slice();
  for (let t = 0; t < columns; t++) {
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < i; k++) x[i * columns + t]! -= l[i * n + k]! * x[k * columns + t]!;
      x[i * columns + t]! /= l[i * n + i]!;
    }
    for (let i = n - 1; i >= 0; i--) {
      for (let k = i + 1; k < n; k++) x[i * columns + t]! -= l[k * n + i]! * x[k * columns + t]!;
      x[i * columns + t]! /= l[i * n + i]!;
    }
  }
  return x;
}
