/**
 * Gradients of a recurrent net carried forward in time, for any cell: exact (RTRL), or by an unbiased random product of two
 * vectors, which needs no more memory than the weights.
 *
 * RTRL: Williams and Zipser (1989), O(hidden³·perUnit) a step. NoBackTrack: Ollivier, Tallec and Charpiat (2015). UORO: Tallec
 * and Ollivier (2018). The random ones are noisy (about twice the gradient's own size), so average K of them.
 */
import { type Random } from '../dataset/random.js';
import { type Linearised, type OnlineCell } from './cell.js';

export interface Trace {
  /** Takes over from one state to the next. */
  advance(step: Linearised): void;
  /** Adds (an estimate of) ∂ℓ/∂weights, given δ = ∂ℓ/∂state. */
  addGradient(delta: ArrayLike<number>, gradient: Float64Array): void;
}

export type TraceRule = 'rtrl' | 'uoro' | 'noBackTrack';

/** @param copies independent random traces that are averaged; exact RTRL needs one */
export function createTrace(rule: TraceRule, cell: OnlineCell, random: Random, copies = 8): Trace {
  if (rule === 'rtrl') return new ExactTrace(cell);
  const make = rule === 'uoro' ? (): Trace => new UoroTrace(cell, random) : (): Trace => new NoBackTrackTrace(cell, random);
  const traces = Array.from({ length: copies }, make);
  return {
    advance: (step) => traces.forEach((trace) => trace.advance(step)),
    addGradient(delta, gradient) {
      const sum = new Float64Array(gradient.length);
      for (const trace of traces) trace.addGradient(delta, sum);
      sum.forEach((value, i) => (gradient[i]! += value / copies));
    },
  };
}

/** G' = JG + F, [hidden, weights]. */
class ExactTrace implements Trace {
  private full: Float64Array;

  constructor(private readonly cell: OnlineCell) {
    this.full = new Float64Array(cell.hidden * cell.hidden * cell.perUnit);
  }

  advance({ jacobian, direct }: Linearised): void {
    const { hidden, perUnit } = this.cell;
    const size = hidden * perUnit;
    const next = new Float64Array(this.full.length);
    for (let j = 0; j < hidden; j++) {
      for (let k = 0; k < hidden; k++) {
        const weight = jacobian[j * hidden + k]!;
        for (let w = 0; w < size; w++) next[j * size + w]! += weight * this.full[k * size + w]!;
      }
      for (let w = 0; w < perUnit; w++) next[j * size + j * perUnit + w]! += direct[j * perUnit + w]!;
    }
    this.full = next;
  }

  addGradient(delta: ArrayLike<number>, gradient: Float64Array): void {
    const size = gradient.length;
    for (let j = 0; j < this.cell.hidden; j++) for (let w = 0; w < size; w++) gradient[w]! += delta[j]! * this.full[j * size + w]!;
  }
}

/** What both random rules share: the estimate G ≈ v wᵀ of the full derivative, with v over states and w over weights. */
abstract class RankOneTrace implements Trace {
  protected readonly v: Float64Array;
  protected readonly w: Float64Array;

  constructor(
    protected readonly cell: OnlineCell,
    private readonly random: Random,
  ) {
    this.v = new Float64Array(cell.hidden);
    this.w = new Float64Array(cell.hidden * cell.perUnit);
  }

  advance({ jacobian, direct }: Linearised): void {
    const { hidden, perUnit } = this.cell;
    const { v, w } = this;
    const moved = new Float64Array(hidden);
    for (let j = 0; j < hidden; j++) for (let k = 0; k < hidden; k++) moved[j]! += jacobian[j * hidden + k]! * v[k]!;
    // The factor between v and w changes the noise and not the mean; this one makes it least.
    const carry = balance(norm(w), norm(moved));
    const signs = Float64Array.from({ length: hidden }, () => (this.random.nextUint() & 1 ? 1 : -1));
    const scales = this.scales(direct);
    for (let j = 0; j < hidden; j++) v[j] = carry * moved[j]! + scales[j]! * signs[j]!;
    for (let j = 0; j < hidden; j++) {
      for (let i = j * perUnit; i < (j + 1) * perUnit; i++) w[i] = w[i]! / carry + (signs[j]! * direct[i]!) / scales[j]!;
    }
  }

  addGradient(delta: ArrayLike<number>, gradient: Float64Array): void {
    let along = 0;
    for (let j = 0; j < this.v.length; j++) along += delta[j]! * this.v[j]!;
    for (let i = 0; i < gradient.length; i++) gradient[i]! += along * this.w[i]!;
  }

  /** ρ of each unit's fresh part. */
  protected abstract scales(direct: Float64Array): Float64Array;
}

/** One ρ₁ = √(‖νᵀF‖ / ‖ν‖) for all units. Rows of F have no weight in common, so ‖νᵀF‖ = ‖F‖ whatever the signs. */
class UoroTrace extends RankOneTrace {
  protected scales(direct: Float64Array): Float64Array {
    return new Float64Array(this.cell.hidden).fill(balance(norm(direct), Math.sqrt(this.cell.hidden)));
  }
}

/** ρ_j = √‖F_j‖, its own for each unit. */
class NoBackTrackTrace extends RankOneTrace {
  protected scales(direct: Float64Array): Float64Array {
    const { hidden, perUnit } = this.cell;
    return Float64Array.from({ length: hidden }, (_, j) => balance(norm(direct.subarray(j * perUnit, (j + 1) * perUnit)), 1));
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
