/**
 * Exact real-time recurrent learning for one minGRU layer (Feng et al. 2024; the diagonal case of Williams and Zipser 1989).
 *
 * Each state h_j depends on its own column of the weights only, so the full derivative of h_j by them, which backpropagation
 * would need the whole past for, is carried forward in as many numbers as there are weights:
 *
 *   z = σ(x·W_z + b_z), u = x·W_u + b_u, h' = (1 − z)h + zu
 *   E_z' = (1 − z)E_z + (u − h)z(1 − z)x,  E_u' = (1 − z)E_u + zx,  ∂ℓ/∂W = Σ_t δ_t ⊙ E_t
 *
 * Exact while the weights stand still; they move slowly.
 */
import type { OnlineCore } from './onlineCore.js';

export class MinGruCore implements OnlineCore {
  /** [inputs + 1, 2·hidden], z then u; the last row is the bias. As `minGru` of the kernels has wx and b. */
  readonly weights: Float64Array;
  readonly state: Float64Array;
  /** ∂ state / ∂ weights, in the layout of `weights`. */
  readonly traces: Float64Array;

  constructor(
    readonly inputs: number,
    readonly hidden: number,
    weights?: Float64Array,
  ) {
    const size = (inputs + 1) * 2 * hidden;
    this.weights = weights ? weights.slice() : new Float64Array(size);
    this.state = new Float64Array(hidden);
    this.traces = new Float64Array(size);
  }

  /** Reads one step, x [inputs]. @param trace keeps the derivatives up to date; a model that only forecasts needs none */
  step(x: ArrayLike<number>, trace = true): void {
    const { inputs, hidden, weights, state, traces } = this;
    const width = 2 * hidden;
    for (let j = 0; j < hidden; j++) {
      let gate = weights[inputs * width + j]!;
      let candidate = weights[inputs * width + hidden + j]!;
      for (let i = 0; i < inputs; i++) {
        gate += x[i]! * weights[i * width + j]!;
        candidate += x[i]! * weights[i * width + hidden + j]!;
      }
      const z = 1 / (1 + Math.exp(-gate));
      const direct = (candidate - state[j]!) * z * (1 - z);
      if (trace) {
        for (let i = 0; i <= inputs; i++) {
          const input = i < inputs ? x[i]! : 1;
          const at = i * width + j;
          traces[at] = (1 - z) * traces[at]! + direct * input;
          traces[at + hidden] = (1 - z) * traces[at + hidden]! + z * input;
        }
      }
      state[j] = (1 - z) * state[j]! + z * candidate;
    }
  }

  /** Adds ∂ℓ/∂weights, given δ = ∂ℓ/∂state of the step just read. */
  addGradient(delta: ArrayLike<number>, gradient: Float64Array): void {
    const width = 2 * this.hidden;
    for (let at = 0; at < gradient.length; at++) gradient[at]! += delta[(at % width) % this.hidden]! * this.traces[at]!;
  }

  forget(): void {
    this.traces.fill(0);
  }
}
