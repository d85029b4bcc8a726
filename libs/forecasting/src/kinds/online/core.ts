/**
 * The recurrent core of an online model: a state, its weights, and what carries their derivatives forward. A minGRU's are exact and cost
 * no more than its weights (`rtrlDiagonal.ts`); a GRU or an LSTM has the exact ones, at a great price, or unbiased random ones.
 */
import { Random } from '../../dataset/random.js';
import { gruCell, lstmCell, type OnlineCell } from './cell.js';
import { MinGruCore } from './rtrlDiagonal.js';
import { createTrace, traceSize, type Trace, type TraceRule } from './traces.js';
import type { OnlineCore } from './onlineCore.js';

export const ONLINE_CELLS = ['minGru', 'gru', 'lstm'] as const;
export type OnlineCellKind = (typeof ONLINE_CELLS)[number];

export interface CoreSettings {
  cell: OnlineCellKind;
  /** Of minGRU always the exact `rtrl`. */
  rule: TraceRule;
  /** Random traces that are averaged. */
  copies: number;
  inputs: number;
  hidden: number;
  seed: number;
}

/** Two cores of equal random weights: one to forecast with, one to learn. */
export function coresOf(settings: CoreSettings): { champion: OnlineCore; shadow: OnlineCore } {
  const { cell, inputs, hidden, seed } = settings;
  const random = new Random(seed, 70);
  if (cell === 'minGru') {
    const start = Float64Array.from({ length: (inputs + 1) * 2 * hidden }, () => 0.5 * random.normal());
    return { champion: new MinGruCore(inputs, hidden, start), shadow: new MinGruCore(inputs, hidden, start) };
  }
  const made = cell === 'gru' ? gruCell(inputs, hidden) : lstmCell(inputs, hidden);
  // A recurrent matrix of about unit radius.
  const start = Float64Array.from({ length: hidden * made.perUnit }, () => random.normal() / Math.sqrt(hidden));
  return { champion: new TracedCore(made, start, settings), shadow: new TracedCore(made, start, settings) };
}

class TracedCore implements OnlineCore {
  readonly hidden: number;
  readonly weights: Float64Array;
  readonly state: Float64Array;
  /** The number of steps read, which names the random draws; then the trace's own memory. */
  readonly traces: Float64Array;
  private readonly trace: Trace;

  constructor(
    private readonly cell: OnlineCell,
    weights: Float64Array,
    { rule, copies, seed }: CoreSettings,
  ) {
    this.hidden = cell.hidden;
    this.weights = weights.slice();
    this.state = new Float64Array(cell.states);
    this.traces = new Float64Array(1 + traceSize(rule, cell, copies));
    const draws = (): Random => new Random(seed, 73, this.traces[0]);
    this.trace = createTrace(rule, cell, draws, copies, this.traces.subarray(1));
  }

  step(x: ArrayLike<number>, trace = true): void {
    const step = this.cell.linearise(this.weights, this.state, x);
    if (trace) {
      this.traces[0]!++;
      this.trace.advance(step);
    }
    this.state.set(step.next);
  }

  addGradient(delta: ArrayLike<number>, gradient: Float64Array): void {
    this.trace.addGradient(delta, gradient);
  }

  /** The count goes on, so that the draws of the next pass are others. */
  forget(): void {
    this.traces.fill(0, 1);
  }
}
