/**
 * All that a run knows at the end of a step: weights, optimiser, the best averaged weights so far. The arrays are shared
 * between the run's threads; as a checkpoint they resume it exactly, since every random draw follows from seed and step.
 */
import { AlmanacError } from '@almanac/series';
import type { Checkpoint } from '../forecaster.js';
import type { OptimiserState } from './adamw.js';

const ARRAYS = ['values', 'm', 'v', 'average', 'best'] as const;

/** What must be equal for a state to be resumed. */
export interface RunIdentity {
  seed: number;
  threads: number;
  config: Record<string, unknown>;
}

export class TrainingState implements OptimiserState {
  readonly values: Float32Array;
  readonly m: Float32Array;
  readonly v: Float32Array;
  readonly average: Float32Array;
  /** The averaged weights that validated best. */
  readonly best: Float32Array;
  /** Steps done. */
  step = 0;
  bestLoss = Infinity;

  constructor(readonly buffer: SharedArrayBuffer) {
    const size = buffer.byteLength / 4 / ARRAYS.length;
    [this.values, this.m, this.v, this.average, this.best] = ARRAYS.map((_, i) => new Float32Array(buffer, i * size * 4, size)) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
  }

  static bytes(parameters: number): number {
    return parameters * ARRAYS.length * 4;
  }

  save(identity: RunIdentity): Checkpoint {
    const size = this.values.length;
    return {
      manifest: {
        format: 'almanac-checkpoint',
        version: 1,
        kind: 'segment-run',
        config: { ...identity, step: this.step, bestLoss: Number.isFinite(this.bestLoss) ? this.bestLoss : null },
        tensors: ARRAYS.map((name, i) => ({ name, shape: [size], offset: i * size })),
      },
      weights: new Float32Array(this.buffer).slice(),
    };
  }

  /** Takes over a saved state. @throws CHECKPOINT_MISMATCH when it is of another run */
  restore({ manifest, weights }: Checkpoint, identity: RunIdentity): void {
    const saved = manifest.config as unknown as RunIdentity & { step: number; bestLoss: number | null };
    const differing =
      manifest.kind !== 'segment-run' || weights.length !== this.buffer.byteLength / 4
        ? 'kind'
        : (['seed', 'threads', 'config'] as const).find((key) => JSON.stringify(saved[key]) !== JSON.stringify(identity[key]));
    if (differing)
      throw new AlmanacError('CHECKPOINT_MISMATCH', `The saved state is of another run: its ${differing} differs.`, {
        hint: 'Resume with the settings, seed and threads that the run had, or start it anew.',
        subject: { differing },
      });
    new Float32Array(this.buffer).set(weights);
    this.step = saved.step;
    this.bestLoss = saved.bestLoss ?? Infinity;
  }
}
