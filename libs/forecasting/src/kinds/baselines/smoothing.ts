/**
 * Simple exponential smoothing by least squares: l_t = l_{t−1} + α(y_t − l_{t−1}). A missing value leaves the level as it is.
 *
 * The one-step errors are linear in the first level, so for each α the best first level is known in closed form, and
 * only α is searched (0.0001 to 0.9999, as in R's ses).
 */
export interface Smoothing {
  alpha: number;
  /** After the last observation. */
  level: number;
  /** Sum of squared one-step errors and their number. */
  squares: number;
  count: number;
  /** Missing steps at the end. */
  gap: number;
}

export function fitSmoothing(values: Float64Array): Smoothing {
  const alpha = goldenSection((candidate) => smooth(values, candidate).squares, 1e-4, 0.9999, 12);
  return smooth(values, alpha);
}

function smooth(values: Float64Array, alpha: number): Smoothing {
  // y_t − l_{t−1} = e_t − c_t·δ, where e starts from the first observation, δ is l_0's distance from it, and
  // c_t = (1 − α)^(observations before t).
  let level = values.find((value) => !Number.isNaN(value)) ?? Number.NaN;
  let share = 1;
  let cross = 0;
  let square = 0;
  let total = 0;
  let count = 0;
  let gap = 0;
  for (const value of values) {
    gap++;
    if (Number.isNaN(value)) continue;
    gap = 0;
    const error = value - level;
    total += error * error;
    cross += error * share;
    square += share * share;
    level += alpha * error;
    share *= 1 - alpha;
    count++;
  }
  const first = cross / square;
  return { alpha, level: level + share * first, squares: Math.max(0, total - cross * first), count, gap };
}

/** The lowest point of `cost` on [from, to]: the best cell of a grid, then golden sections of its neighbourhood. */
export function goldenSection(cost: (x: number) => number, from: number, to: number, cells: number): number {
  let best = 0;
  let bestCost = Infinity;
  const at = (cell: number): number => from + ((to - from) * cell) / cells;
  for (let cell = 0; cell <= cells; cell++) {
    const value = cost(at(cell));
    if (value < bestCost) [best, bestCost] = [cell, value];
  }
  let low = at(Math.max(0, best - 1));
  let high = at(Math.min(cells, best + 1));
  const ratio = (Math.sqrt(5) - 1) / 2;
  let a = high - ratio * (high - low);
  let b = low + ratio * (high - low);
  let costA = cost(a);
  let costB = cost(b);
  for (let i = 0; i < 32 && high - low > 1e-6; i++) {
    if (costA <= costB) {
      high = b;
      [b, costB] = [a, costA];
      a = high - ratio * (high - low);
      costA = cost(a);
    } else {
      low = a;
      [a, costA] = [b, costB];
      b = low + ratio * (high - low);
      costB = cost(b);
    }
  }
  const inside = costA <= costB ? a : b;
  return Math.min(costA, costB) <= bestCost ? inside : at(best);
}
