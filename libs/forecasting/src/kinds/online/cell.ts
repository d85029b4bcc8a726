/**
 * Recurrent cells as online learning sees them: the next state, how it depends on the state before, and how it depends
 * directly on the weights. A state element depends directly on the weights of its own unit only: element s belongs to unit
 * s mod hidden. The first `hidden` elements are what is read of the state, h.
 *
 * Layout: weights [hidden, perUnit]; of one unit, gate by gate, the weights of the inputs, of the states, and the bias.
 */
export interface Linearised {
  /** [states] */
  next: Float64Array;
  /** ∂next/∂state, [states, states] row-major. */
  jacobian: Float64Array;
  /** ∂next_s/∂(weights of its unit), [states, perUnit]. */
  direct: Float64Array;
}

export interface OnlineCell {
  readonly inputs: number;
  readonly hidden: number;
  /** Numbers of the state: `hidden`, or twice as many of an LSTM: h, then c. */
  readonly states: number;
  readonly perUnit: number;
  linearise(weights: Float64Array, state: Float64Array, x: ArrayLike<number>): Linearised;
}

/** h' = tanh(W x + U h + b) */
export function tanhCell(inputs: number, hidden: number): OnlineCell {
  const perUnit = inputs + hidden + 1;
  return {
    inputs,
    hidden,
    states: hidden,
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
    states: hidden,
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

/** LSTM: i, f, o = σ(·), g = tanh(·), c' = fc + ig, h' = o tanh(c'); gates in the order i, f, g, o. */
export function lstmCell(inputs: number, hidden: number): OnlineCell {
  const gate = inputs + hidden + 1;
  const perUnit = 4 * gate;
  const states = 2 * hidden;
  return {
    inputs,
    hidden,
    states,
    perUnit,
    linearise(weights, state, x) {
      const { next, jacobian, direct } = empty(states, perUnit);
      const h = state.subarray(0, hidden);
      for (let j = 0; j < hidden; j++) {
        const at = [0, 1, 2, 3].map((k) => j * perUnit + k * gate) as [number, number, number, number];
        const [i, f, g, o] = at.map((from, k) => {
          const sum = preactivation(weights, from, h, x, inputs);
          return k === 2 ? Math.tanh(sum) : 1 / (1 + Math.exp(-sum));
        }) as [number, number, number, number];
        const before = state[hidden + j]!;
        const c = f * before + i * g;
        const bent = Math.tanh(c);
        next[j] = o * bent;
        next[hidden + j] = c;
        // Slopes of c' and h' by the four sums.
        const ofC = [g * i * (1 - i), before * f * (1 - f), i * (1 - g * g), 0];
        const through = o * (1 - bent * bent);
        const ofH = [...ofC.slice(0, 3).map((slope) => through * slope), bent * o * (1 - o)];
        for (const [row, slopes] of [
          [j, ofH],
          [hidden + j, ofC],
        ] as const) {
          slopes.forEach((slope, k) => {
            const from = at[k]!;
            for (let unit = 0; unit < hidden; unit++) jacobian[row * states + unit]! += slope * weights[from + inputs + unit]!;
            addInputs(direct, row * perUnit + k * gate, slope, h, x, inputs);
          });
        }
        jacobian[j * states + hidden + j] = through * f;
        jacobian[(hidden + j) * states + hidden + j] = f;
      }
      return { next, jacobian, direct };
    },
  };
}

function empty(states: number, perUnit: number): Linearised {
  return { next: new Float64Array(states), jacobian: new Float64Array(states * states), direct: new Float64Array(states * perUnit) };
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
