/**
 * All weights of a network in one flat float32 buffer, named slices of which are its tensors. Optimiser, averaging,
 * checkpoints and the exchange between threads then know one array and no layers.
 */
import { copyValues } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { AlmanacError } from '@almanac/series';
import { Random } from '../dataset/random.js';
import type { Checkpoint, CheckpointManifest } from '../forecaster.js';
import { count } from '../engine/shape.js';

export interface ParameterSpec {
  name: string;
  shape: number[];
  /** Values at the start. */
  init: { kind: 'glorot' | 'orthogonal' } | { kind: 'values'; of: (index: number) => number };
  /** Matrices decay, biases and embeddings do not. */
  decay: boolean;
}

/** Tables with one row per series that the network knows; row 0 is for strangers. */
const PER_SERIES = ['series.embedding', 'series.cycle', 'series.smoothing', 'series.season'];

export type Tensors = Record<string, tf.Tensor>;

export class Parameters {
  readonly values: Float32Array;
  private readonly offsets: number[];

  constructor(
    readonly specs: readonly ParameterSpec[],
    values?: Float32Array,
  ) {
    let size = 0;
    this.offsets = specs.map((spec) => {
      const offset = size;
      size += count(spec.shape);
      return offset;
    });
    if (values && values.length !== size)
      throw new AlmanacError('CHECKPOINT_BROKEN', `The weights hold ${values.length} numbers where the network has ${size}.`, {
        hint: 'The checkpoint was made with other settings; load it with the configuration in its manifest.',
      });
    this.values = values ?? new Float32Array(size);
  }

  /**
   * Takes over the weights of a checkpoint, by name and shape.
   *
   * @param rows for tables with one row per series: which row of the checkpoint becomes each row here
   * @throws CHECKPOINT_BROKEN where a tensor is missing or has another shape
   */
  load({ manifest, weights }: Checkpoint, rows?: readonly number[]): void {
    this.specs.forEach((spec, i) => {
      const saved = manifest.tensors.find(({ name }) => name === spec.name);
      const byRow = rows !== undefined && PER_SERIES.includes(spec.name);
      const fits = byRow ? saved?.shape[1] === spec.shape[1] : saved?.shape.join() === spec.shape.join();
      if (!saved || !fits)
        throw new AlmanacError('CHECKPOINT_BROKEN', `The checkpoint has no weights ${spec.name} of shape [${spec.shape.join(', ')}].`, {
          hint: 'Start from a model with the same settings.',
          subject: { tensor: spec.name },
        });
      const values = weights.subarray(saved.offset, saved.offset + count(saved.shape));
      if (!byRow) return this.values.set(values, this.offsets[i]);
      const width = spec.shape[1]!;
      rows.forEach((row, k) => this.values.set(values.subarray(row * width, (row + 1) * width), this.offsets[i]! + k * width));
    });
  }

  initialise(seed: number): void {
    this.specs.forEach((spec, i) => {
      const random = new Random(seed, 1000 + i);
      const out = this.values.subarray(this.offsets[i]!, this.offsets[i]! + count(spec.shape));
      const rows = spec.shape[0]!;
      const columns = out.length / rows;
      if (spec.init.kind === 'values') for (let j = 0; j < out.length; j++) out[j] = spec.init.of(j);
      else if (spec.init.kind === 'orthogonal') orthogonal(out, rows, columns, random);
      else {
        const bound = Math.sqrt(6 / (rows + columns));
        for (let j = 0; j < out.length; j++) out[j] = (2 * random.next() - 1) * bound;
      }
    });
  }

  /** 1 where weight decay applies. */
  decayMask(): Uint8Array {
    const mask = new Uint8Array(this.values.length);
    this.specs.forEach((spec, i) => mask.fill(spec.decay ? 1 : 0, this.offsets[i]!, this.offsets[i]! + count(spec.shape)));
    return mask;
  }

  /** Tensors of `values` (default: the current ones), in the order of `specs`; the values must not change while they live. */
  tensors(values: Float32Array = this.values): tf.Tensor[] {
    return this.specs.map((spec, i) => tf.tensor(values.subarray(this.offsets[i], this.offsets[i]! + count(spec.shape)), spec.shape));
  }

  /** Copies one tensor per spec into `out` at their places. */
  gather(tensors: readonly tf.Tensor[], out: Float32Array): void {
    tensors.forEach((tensor, i) => copyValues(tensor, out, this.offsets[i]!));
  }

  named(tensors: readonly tf.Tensor[]): Tensors {
    return Object.fromEntries(this.specs.map((spec, i) => [spec.name, tensors[i]!]));
  }

  manifest(): CheckpointManifest['tensors'] {
    return this.specs.map((spec, i) => ({ name: spec.name, shape: spec.shape, offset: this.offsets[i]! }));
  }
}

/** Blocks of orthonormal rows (Saxe et al. 2014), by Gram-Schmidt on normal draws; one block per rows×rows square. */
function orthogonal(out: Float32Array, rows: number, columns: number, random: Random): void {
  for (let block = 0; block < columns; block += rows) {
    const width = Math.min(rows, columns - block);
    const basis: Float64Array[] = [];
    for (let j = 0; j < width; j++) {
      const vector = Float64Array.from({ length: rows }, () => random.normal());
      for (const other of basis) {
        let dot = 0;
        for (let i = 0; i < rows; i++) dot += vector[i]! * other[i]!;
        for (let i = 0; i < rows; i++) vector[i]! -= dot * other[i]!;
      }
      const norm = Math.hypot(...vector);
      for (let i = 0; i < rows; i++) vector[i]! /= norm;
      basis.push(vector);
      for (let i = 0; i < rows; i++) out[i * columns + block + j] = vector[i]!;
    }
  }
}
