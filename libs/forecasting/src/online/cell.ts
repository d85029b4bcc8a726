/**
 * Recurrent cells as online learning sees them: the next state, how it depends on the state before, and how it depends
 * directly on the weights. A state element depends directly on the weights of its own unit only.
 *
 * Layout: weights [hidden, perUnit]; of one unit, gate by gate, the weights of the inputs, of the states, and the bias.
 */
export interface Linearised {
  /** [hidden] */
  next: Float64Array;
  /** ∂next/∂state, [hidden, hidden] row-major. */
  jacobian: Float64Array;
  /** ∂next_j/∂(weights of unit j), [hidden, perUnit]. */
  direct: Float64Array;
}

export interface OnlineCell {
  readonly inputs: number;
  readonly hidden: number;
  readonly perUnit: number;
  linearise(weights: Float64Array, state: Float64Array, x: ArrayLike<number>): Linearised;
}

/** h' = tanh(W x + U h + b) */
export function tanhCell(inputs: number, hidden: number): OnlineCell {
  const perUnit = inputs + hidden + 1;
  return {
    inputs,
    hidden,
    perUnit,
    linearise(weights, state, x) {
      const { next, jacobian, direct } = empty(hidden, perUnit);
      for (let j = 0; j < hidden; j++) {
        next[j] = Math.tanh(preactivation(weights, j * perUnit, state, x, inputs));
        const slope = 1 - next[j]! ** 2;
        for (let k = 0; k < hidden; k++) jacobian[j * hidden + k] = slope * weights[j * perUnit + inputs + k]!;
        addInputs(direct, j * perUnit, slope, state, x, inputs);
      }
      return { next, jacobian, direct };
    },
  };
}

/** Reset-after GRU: r, z = σ(·), n = tanh(W x + b + r(U h + b_u)), h' = (1 − z)n + zh; gates in the order r, z, n. */
export function gruCell(inputs: number, hidden: number): OnlineCell {
  const gate = inputs + hidden + 1;
  const perUnit = 3 * gate + 1; // the last is b_u of n
  return {
    inputs,
    hidden,
    perUnit,
    linearise(weights, state, x) {
      const { next, jacobian, direct } = empty(hidden, perUnit);
      const nothing = new Float64Array(hidden);
      for (let j = 0; j < hidden; j++) {
        const [r0, z0, n0, last] = [j * perUnit, j * perUnit + gate, j * perUnit + 2 * gate, (j + 1) * perUnit - 1];
        const r = 1 / (1 + Math.exp(-preactivation(weights, r0, state, x, inputs)));
        const z = 1 / (1 + Math.exp(-preactivation(weights, z0, state, x, inputs)));
        let recurrent = weights[last]!;
        for (let k = 0; k < hidden; k++) recurrent += weights[n0 + inputs + k]! * state[k]!;
        const n = Math.tanh(preactivation(weights, n0, nothing, x, inputs) + r * recurrent);
        next[j] = (1 - z) * n + z * state[j]!;
        const dn = (1 - z) * (1 - n * n);
        const dz = (state[j]! - n) * z * (1 - z);
        const dr = dn * recurrent * r * (1 - r);
        for (let k = 0; k < hidden; k++) {
          jacobian[j * hidden + k] = dn * r * weights[n0 + inputs + k]! + dz * weights[z0 + inputs + k]! + dr * weights[r0 + inputs + k]!;
        }
        jacobian[j * hidden + j]! += z;
        addInputs(direct, r0, dr, state, x, inputs);
        addInputs(direct, z0, dz, state, x, inputs);
        addInputs(direct, n0, dn, state, x, inputs);
        for (let k = 0; k < hidden; k++) direct[n0 + inputs + k] = dn * r * state[k]!;
        direct[last] = dn * r;
      }
      return { next, jacobian, direct };
    },
  };
}

function empty(hidden: number, perUnit: number): Linearised {
  return { next: new Float64Array(hidden), jacobian: new Float64Array(hidden * hidden), direct: new Float64Array(hidden * perUnit) };
}

function preactivation(weights: Float64Array, at: number, state: Float64Array, x: ArrayLike<number>, inputs: number): number {
  let sum = weights[at + inputs + state.length]!;
  for (let i = 0; i < inputs; i++) sum += weights[at + i]! * x[i]!;
  for (let k = 0; k < state.length; k++) sum += weights[at + inputs + k]! * state[k]!;
  return sum;
}

function addInputs(direct: Float64Array, at: number, slope: number, state: Float64Array, x: ArrayLike<number>, inputs: number): void {
  for (let i = 0; i < inputs; i++) direct[at + i] = slope * x[i]!;
  for (let k = 0; k < state.length; k++) direct[at + inputs + k] = slope * state[k]!;
  direct[at + inputs + state.length] = slope;
}
