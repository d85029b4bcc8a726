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

/** Each node's values replaced by the sum over the leaves below it. @param values [nodes, horizon], row-major; leaves are read */
export function summedUp(hierarchy: Hierarchy, values: Float64Array): Float64Array {
  const { parents } = hierarchy;
  const horizon = values.length / parents.length;
  const inner = new Set(parents);
  const result = values.map((value, at) => (inner.has(Math.floor(at / horizon)) ? 0 : value));
  for (const level of levelsOf(hierarchy).reverse())
    for (const node of level) {
      const parent = parents[node]!;
      if (parent >= 0) for (let t = 0; t < horizon; t++) result[parent * horizon + t]! += result[node * horizon + t]!;
    }
  return result;
}

/**
 * Makes forecasts add up. In a tree the least-squares problem is solved by two passes, up and down, in time that is linear in the
 * nodes: a node's estimate from the sum of its children and its own forecast are combined by their variances (1 / weight), and what
 * remains between a parent and the sum of its children is shared among these by theirs.
 *
 * @param forecasts [nodes, horizon], row-major
 * @param weights trust in each node, above 0, e.g. 1 / variance of its errors; all equal by default
 * @returns [nodes, horizon], each parent the sum of its children
 */
export function reconcile(hierarchy: Hierarchy, forecasts: Float64Array, weights?: readonly number[]): Float64Array {
  const { parents } = hierarchy;
  const horizon = forecasts.length / parents.length;
  const levels = levelsOf(hierarchy);
  const inner = new Set(parents);
  const variance = Float64Array.from(parents, (_, node) => 1 / (weights?.[node] ?? 1));
  const below = new Float64Array(parents.length); // variance of the sum of the children
  const sums = new Float64Array(forecasts.length);
  const result = forecasts.slice();
  for (const level of [...levels].reverse())
    for (const node of level) {
      if (inner.has(node)) {
        const own = variance[node]!;
        const share = below[node]! / (below[node]! + own);
        for (let t = 0; t < horizon; t++) {
          const sum = sums[node * horizon + t]!;
          result[node * horizon + t] = sum + share * (forecasts[node * horizon + t]! - sum);
        }
        variance[node] = share * own;
      }
      const parent = parents[node]!;
      if (parent < 0) continue;
      below[parent]! += variance[node]!;
      for (let t = 0; t < horizon; t++) sums[parent * horizon + t]! += result[node * horizon + t]!;
    }
  // Fixed from the roots down; the leaves decide, so that sums are sums to the last bit that addition has.
  for (const level of levels.slice(1))
    for (const node of level) {
      const parent = parents[node]!;
      const share = variance[node]! / below[parent]!;
      for (let t = 0; t < horizon; t++)
        result[node * horizon + t]! += share * (result[parent * horizon + t]! - sums[parent * horizon + t]!);
    }
  return summedUp(hierarchy, result);
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
