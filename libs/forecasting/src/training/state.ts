/**
 * All that a run knows at the end of a step: weights, optimiser, the best averaged weights so far. As a checkpoint they
 * resume it exactly, since every random draw follows from seed and step.
 */
import { AlmanacError } from '@almanac/series';
import type { Checkpoint } from '../forecaster.js';

const ARRAYS = ['values', 'm', 'v', 'average', 'best'] as const;

/** What must be equal for a state to be resumed. */
export interface RunIdentity {
  /** Of the states of one kind of training. */
  kind: string;
  seed: number;
  threads: number;
  config: Record<string, unknown>;
}

/** What an optimiser keeps, whoever owns the memory. */
export interface OptimiserArrays {
  values: Float32Array;
  m: Float32Array;
  v: Float32Array;
  average: Float32Array;
}

export class TrainingState {
  /** The averaged weights that validated best. */
  readonly best: Float32Array;
  /** Steps done. */
  step = 0;
  bestLoss = Infinity;
  /** Validations since the best. */
  stale = 0;

  constructor(
    private readonly optimiser: OptimiserArrays,
    private readonly identity: RunIdentity,
  ) {
    this.best = new Float32Array(optimiser.values.length);
  }

  get average(): Float32Array {
    return this.optimiser.average;
  }

  /** The weights are as they will be trained from. */
  start(): void {
    const { values, average } = this.optimiser;
    average.set(values);
    this.best.set(values);
  }

  /** The averaged weights were scored. */
  scored(loss: number): void {
    this.stale = loss < this.bestLoss ? 0 : this.stale + 1;
    if (this.stale > 0) return;
    this.bestLoss = loss;
    this.best.set(this.average);
  }

  static bytes(parameters: number): number {
    return parameters * ARRAYS.length * 4;
  }

  save(): Checkpoint {
    const { kind, ...identity } = this.identity;
    const size = this.best.length;
    const weights = new Float32Array(ARRAYS.length * size);
    this.arrays.forEach((array, i) => weights.set(array, i * size));
    return {
      manifest: {
        format: 'almanac-checkpoint',
        version: 1,
        kind,
        config: { ...identity, step: this.step, stale: this.stale, bestLoss: Number.isFinite(this.bestLoss) ? this.bestLoss : null },
        tensors: ARRAYS.map((name, i) => ({ name, shape: [size], offset: i * size })),
      },
      weights,
    };
  }

  /** Takes over a saved state. @throws CHECKPOINT_MISMATCH when it is of another run */
  restore({ manifest, weights }: Checkpoint): void {
    const { identity } = this;
    const saved = manifest.config as unknown as RunIdentity & { step: number; stale?: number; bestLoss: number | null };
    const differing =
      manifest.kind !== identity.kind || weights.length !== ARRAYS.length * this.best.length
        ? 'kind'
        : (['seed', 'threads', 'config'] as const).find((key) => JSON.stringify(saved[key]) !== JSON.stringify(identity[key]));
    if (differing)
      throw new AlmanacError('CHECKPOINT_MISMATCH', `The saved state is of another run: its ${differing} differs.`, {
        hint: 'Resume with the settings, seed and threads that the run had, or start it anew.',
        subject: { differing },
      });
    const size = this.best.length;
    this.arrays.forEach((array, i) => array.set(weights.subarray(i * size, (i + 1) * size)));
    this.step = saved.step;
    this.bestLoss = saved.bestLoss ?? Infinity;
    this.stale = saved.stale ?? 0;
  }

  private get arrays(): Float32Array[] {
    const { best, optimiser } = this;
    return ARRAYS.map((name) => (name === 'best' ? best : optimiser[name]));
  }
}
