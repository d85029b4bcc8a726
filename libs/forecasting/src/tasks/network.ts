/**
 * The networks of the four families. They share an encoder (any cell, one- or bidirectional), a decoder that starts from a
 * vector, and a readout; a family is a choice of these.
 *
 *   sequenceToVector  encoder's last state → readout
 *   aligned           encoder's state at each step → readout
 *   vectorToSequence  h₀ = MLP(vector) → decoder over the known numbers → readout
 *   unaligned         h₀ = MLP(encoder's last state) → decoder → readout
 */
import { dense } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { recurrentLayer } from '../cells/layer.js';
import { readoutSpecs } from '../cells/rollOut.js';
import { stackedEncoder } from '../encoders/stacked.js';
import { anchorIndex } from '../levels.js';
import { type ParameterSpec, type Tensors } from '../training/parameters.js';
import { type TaskSpec } from './spec.js';

export interface TaskInputs {
  /** [T,B,2·inputs] scaled values, then 1 where observed; a vector has T = 1. */
  x: tf.Tensor3D;
  /** [T,B] 0 before the sequence begins. */
  mask: tf.Tensor2D;
  /** [H,B,1 + known] how far into the answer, and what is known of its steps. */
  steps: tf.Tensor3D;
}

export interface TaskNetwork {
  readonly specs: readonly ParameterSpec[];
  /** [S,B,outputs,levels] scaled quantiles, ascending; of classes [S,B,1,classes] logits. */
  run(p: Tensors, inputs: TaskInputs): tf.Tensor4D;
}

export function taskNetwork(spec: TaskSpec): TaskNetwork {
  const { family, inputs, outputs, hidden: D, cell, bidirectional, known } = spec;
  const decodes = family === 'vectorToSequence' || family === 'unaligned';
  const encoder =
    family === 'vectorToSequence' ? undefined : stackedEncoder({ name: 'encoder', cell, inputs: 2 * inputs, hidden: D, bidirectional });
  const decoder = decodes ? recurrentLayer({ name: 'decoder', cell, inputs: 1 + known, hidden: D }) : undefined;
  const width = encoder?.width ?? 2 * inputs;
  // The start of the answer is read at every step of it too: what holds for the whole need not survive the recurrence.
  const read = decodes ? 2 * D : width;
  const Q = spec.answer === 'classes' ? 1 : spec.levels.length;
  const specs: ParameterSpec[] = [
    ...(encoder?.specs ?? []),
    ...(decoder ? [...readoutSpecs('start.1', width, D), ...readoutSpecs('start.2', D, D), ...decoder.specs] : []),
    ...readoutSpecs('mix', read, D),
    ...readoutSpecs('out', D, outputs),
    // softplus(−1) ≈ .31: neighbouring levels start a third of a scale apart.
    ...(Q > 1
      ? [...readoutSpecs('spread', D, outputs * (Q - 1))].map((one): ParameterSpec =>
          one.decay ? one : { ...one, init: { kind: 'values', of: () => -1 } },
        )
      : []),
  ];
  const outward = outwardSums(Q, anchorIndex(spec.levels));
  const layer = (p: Tensors, name: string, x: tf.Tensor): tf.Tensor => dense(x, p[`${name}.w`]!, p[`${name}.b`]!);
  const decode = (p: Tensors, start: tf.Tensor, steps: tf.Tensor3D): tf.Tensor => {
    const h = tf.tanh(layer(p, 'start.2', tf.relu(layer(p, 'start.1', start)))) as tf.Tensor2D; // [B,D]
    const states = decoder!.run(p, steps, { state: { h } }).h;
    return tf.concat([states, tf.tile(tf.expandDims(h, 0), [states.shape[0], 1, 1])], 2);
  };
  return {
    specs,
    run(p, { x, mask, steps }) {
      const encoded = encoder?.encode(p, x, { mask });
      const states = ((): tf.Tensor => {
        if (family === 'aligned') return encoded!.h;
        if (family === 'sequenceToVector') return tf.expandDims(encoded!.last, 0);
        return decode(p, encoded?.last ?? tf.squeeze(x, [0]), steps);
      })();
      const mixed = tf.relu(layer(p, 'mix', states)); // [S,B,D]
      const centre = layer(p, 'out', mixed); // [S,B,outputs]
      if (spec.answer === 'classes') return tf.expandDims(centre, 2) as tf.Tensor4D;
      const [S, B] = centre.shape as [number, number];
      const medians = tf.reshape(centre, [S, B, outputs, 1]) as tf.Tensor4D;
      if (Q === 1) return medians;
      const increments = tf.reshape(tf.softplus(layer(p, 'spread', mixed)), [S * B * outputs, Q - 1]);
      return tf.add(medians, tf.reshape(tf.matMul(increments, outward()), [S, B, outputs, Q])) as tf.Tensor4D;
    },
  };
}

/** [Q − 1, Q] of −1, 0, 1: sums the increments outward from the anchor, so that quantiles cannot cross. */
function outwardSums(Q: number, anchor: number): () => tf.Tensor2D {
  const matrix = new Float32Array((Q - 1) * Q);
  for (let row = 0; row < Q - 1; row++)
    for (let q = 0; q < Q; q++) {
      if (row < anchor && q <= row) matrix[row * Q + q] = -1;
      if (row >= anchor && q > row) matrix[row * Q + q] = 1;
    }
  return () => tf.tensor2d(matrix, [Q - 1, Q]);
}
