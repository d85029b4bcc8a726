/**
 * Gradients of a recurrent net carried forward in time, for any cell: exact (RTRL), or by an unbiased random product of two
 * vectors, which needs no more memory than the weights.
 *
 * RTRL: Williams and Zipser (1989), O(hidden³·perUnit) a step. NoBackTrack: Ollivier, Tallec and Charpiat (2015). UORO: Tallec
 * and Ollivier (2018). The random ones are noisy (about twice the gradient's own size), so average K of them.
 */
import { type Random } from '../../dataset/random.js';
import { type Linearised, type OnlineCell } from './cell.js';

export interface Trace {
  /** Takes over from one state to the next. */
  advance(step: Linearised): void;
  /**
   * Adds (an estimate of) ∂ℓ/∂weights, given δ = ∂ℓ/∂state; elements of the state beyond δ, such as the cells of an LSTM, do not touch ℓ.
   */
  addGradient(delta: ArrayLike<number>, gradient: Float64Array): void;
}

export const TRACE_RULES = ['rtrl', 'uoro', 'noBackTrack'] as const;
export type TraceRule = (typeof TRACE_RULES)[number];

/** Numbers that a trace remembers. */
export function traceSize(rule: TraceRule, { hidden, states, perUnit }: OnlineCell, copies = 8): number {
  return rule === 'rtrl' ? states * hidden * perUnit : copies * (states + hidden * perUnit);
}

/**
 * @param random where signs are drawn from, or for each step anew
 * @param copies independent random traces that are averaged; exact RTRL needs one
 * @param memory [traceSize], zero at the start, where the trace keeps all that it knows
 */
export function createTrace(
  rule: TraceRule,
  cell: OnlineCell,
  random: Random | (() => Random),
  copies = 8,
  memory: Float64Array = new Float64Array(traceSize(rule, cell, copies)),
): Trace {
  if (rule === 'rtrl') return new ExactTrace(cell, memory);
  const size = traceSize(rule, cell, 1);
  const traces = Array.from({ length: copies }, (_, k) => {
    const own = memory.subarray(k * size, (k + 1) * size);
    return rule === 'uoro' ? new UoroTrace(cell, own) : new NoBackTrackTrace(cell, own);
  });
  return {
    advance(step) {
      const draws = typeof random === 'function' ? random() : random;
      for (const trace of traces) trace.advance(step, draws);
    },
    addGradient(delta, gradient) {
      const sum = new Float64Array(gradient.length);
      for (const trace of traces) trace.addGradient(delta, sum);
      sum.forEach((value, i) => (gradient[i]! += value / copies));
    },
  };
}

/** G' = JG + F, [states, weights]. */
class ExactTrace implements Trace {
  constructor(
    private readonly cell: OnlineCell,
    private readonly full: Float64Array,
  ) {}

  advance({ jacobian, direct }: Linearised): void {
    const { hidden, states, perUnit } = this.cell;
    const size = hidden * perUnit;
    const next = new Float64Array(this.full.length);
    for (let j = 0; j < states; j++) {
      for (let k = 0; k < states; k++) {
        const weight = jacobian[j * states + k]!;
        for (let w = 0; w < size; w++) next[j * size + w]! += weight * this.full[k * size + w]!;
      }
      const own = j * size + (j % hidden) * perUnit;
      for (let w = 0; w < perUnit; w++) next[own + w]! += direct[j * perUnit + w]!;
    }
    this.full.set(next);
  }

  addGradient(delta: ArrayLike<number>, gradient: Float64Array): void {
    const size = gradient.length;
    for (let j = 0; j < delta.length; j++) for (let w = 0; w < size; w++) gradient[w]! += delta[j]! * this.full[j * size + w]!;
  }
}

/** What both random rules share: the estimate G ≈ v wᵀ of the full derivative, with v over states and w over weights. */
abstract class RankOneTrace {
  protected readonly v: Float64Array;
  protected readonly w: Float64Array;

  constructor(
    protected readonly cell: OnlineCell,
    memory: Float64Array,
  ) {
    this.v = memory.subarray(0, cell.states);
    this.w = memory.subarray(cell.states);
  }

  advance({ jacobian, direct }: Linearised, random: Random): void {
    const { hidden, states, perUnit } = this.cell;
    const { v, w } = this;
    const moved = new Float64Array(states);
    for (let j = 0; j < states; j++) for (let k = 0; k < states; k++) moved[j]! += jacobian[j * states + k]! * v[k]!;
    // The factor between v and w changes the noise and not the mean; this one makes it least.
    const carry = balance(norm(w), norm(moved));
    const signs = Float64Array.from({ length: states }, () => (random.nextUint() & 1 ? 1 : -1));
    const scales = this.scales(direct);
    for (let j = 0; j < states; j++) v[j] = carry * moved[j]! + scales[j]! * signs[j]!;
    for (let j = 0; j < states; j++) {
      const own = (j % hidden) * perUnit;
      for (let i = 0; i < perUnit; i++)
        w[own + i] = (j < hidden ? w[own + i]! / carry : w[own + i]!) + (signs[j]! * direct[j * perUnit + i]!) / scales[j]!;
    }
  }

  addGradient(delta: ArrayLike<number>, gradient: Float64Array): void {
    let along = 0;
    for (let j = 0; j < delta.length; j++) along += delta[j]! * this.v[j]!;
    for (let i = 0; i < gradient.length; i++) gradient[i]! += along * this.w[i]!;
  }

  /** ρ of each state element's fresh part. */
  protected abstract scales(direct: Float64Array): Float64Array;
}

/**
 * One ρ₁ = √(‖F‖ / ‖ν‖) for all. Where rows of F have no weight in common, which is so but for the two rows of a unit of an LSTM, ‖F‖ is
 * the ‖νᵀF‖ of the paper whatever the signs; the factor moves the noise only, never the mean.
 */
class UoroTrace extends RankOneTrace {
  protected scales(direct: Float64Array): Float64Array {
    return new Float64Array(this.cell.states).fill(balance(norm(direct), Math.sqrt(this.cell.states)));
  }
}

/** ρ_j = √‖F_j‖, its own for each state element. */
class NoBackTrackTrace extends RankOneTrace {
  protected scales(direct: Float64Array): Float64Array {
    const { states, perUnit } = this.cell;
    return Float64Array.from({ length: states }, (_, j) => balance(norm(direct.subarray(j * perUnit, (j + 1) * perUnit)), 1));
  }
}

function balance(over: number, under: number): number {
  const ratio = Math.sqrt((over + 1e-12) / (under + 1e-12));
  return Number.isFinite(ratio) && ratio > 0 ? ratio : 1;
}

function norm(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}
