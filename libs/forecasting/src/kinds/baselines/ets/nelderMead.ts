/** Minimisation without derivatives (Nelder and Mead 1965, the standard coefficients). Deterministic; stops after `budget` evaluations. */
export function nelderMead(cost: (x: Float64Array) => number, start: Float64Array, sizes: Float64Array, budget: number): Float64Array {
  const dimensions = start.length;
  const simplex: { x: Float64Array; cost: number }[] = Array.from({ length: dimensions + 1 }, (_, i) => {
    const x = start.slice();
    if (i > 0) x[i - 1]! += sizes[i - 1]!;
    return { x, cost: cost(x) };
  });
  let spent = dimensions + 1;
  const along = (from: Float64Array, centre: Float64Array, factor: number): { x: Float64Array; cost: number } => {
    const x = centre.map((c, i) => c + factor * (from[i]! - c));
    spent++;
    return { x, cost: cost(x) };
  };
  while (spent < budget) {
    simplex.sort((a, b) => a.cost - b.cost);
    const best = simplex[0]!;
    const worst = simplex[dimensions]!;
    if (Math.abs(worst.cost - best.cost) <= 1e-8 * (Math.abs(best.cost) + 1e-8)) break;
    const centre = new Float64Array(dimensions);
    for (let i = 0; i < dimensions; i++) for (let k = 0; k < dimensions; k++) centre[k]! += simplex[i]!.x[k]! / dimensions;
    const reflected = along(worst.x, centre, -1);
    if (reflected.cost < best.cost) {
      const expanded = along(worst.x, centre, -2);
      simplex[dimensions] = expanded.cost < reflected.cost ? expanded : reflected;
    } else if (reflected.cost < simplex[dimensions - 1]!.cost) {
      simplex[dimensions] = reflected;
    } else {
      const contracted = along(reflected.cost < worst.cost ? reflected.x : worst.x, centre, 0.5);
      if (contracted.cost < Math.min(worst.cost, reflected.cost)) {
        simplex[dimensions] = contracted;
      } else {
        for (let i = 1; i <= dimensions; i++) simplex[i] = along(simplex[i]!.x, best.x, 0.5);
      }
    }
  }
  return simplex.reduce((a, b) => (b.cost < a.cost ? b : a)).x;
}
