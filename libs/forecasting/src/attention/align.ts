/**
 * The three alignments and the gate that weighs them: α = g_C α^C + g_T α^T + g_P α^P, context = Σ_j α_ij W_v [h_j; x_j].
 *
 * A gate without a safeguard starves the branches it does not choose at first, and they never learn. So training now and then
 * forces one branch alone (branch dropout). The maps and the gate are data of the forecast.
 */
import { dense } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { type Random } from '../dataset/random.js';
import { type ParameterSpec, type Tensors } from '../training/parameters.js';

/** @param bias of each branch at the start: where the gate leans before it has learnt anything */
export function gateSpecs(name: string, width: number, hidden: number, bias: readonly number[]): ParameterSpec[] {
  const branches = bias.length;
  return [
    { name: `${name}.value`, shape: [width + 1, hidden], init: { kind: 'glorot' }, decay: true },
    { name: `${name}.gate`, shape: [hidden * (1 + branches) + 1, branches], init: { kind: 'values', of: () => 0 }, decay: true },
    { name: `${name}.gateBias`, shape: [branches], init: { kind: 'values', of: (i) => bias[i]! }, decay: false },
  ];
}

export interface Alignment {
  /** [B,H,D] */
  context: tf.Tensor3D;
  /** [B,H,L] each, rows sum to 1. */
  maps: tf.Tensor3D[];
  /** [B,H,branches] */
  gate: tf.Tensor3D;
}

/** What an alignment reads at each step: of values [B,L,W+1], encoder states after each step and the step's value. */
export function readable(p: Tensors, name: string, values: tf.Tensor3D): tf.Tensor3D {
  return dense(values, p[`${name}.value`]!) as tf.Tensor3D;
}

/**
 * @param scores [B,H,L] or [H,L] of each branch
 * @param states [B,H,D], the decoder's
 * @param read [B,L,D], of `readable`
 * @param nearest [B,H,1], the pointer's smallest distance; zeros without a pointer
 * @param forced index of the one branch that may speak in this training step
 */
export function align(
  p: Tensors,
  name: string,
  scores: readonly tf.Tensor[],
  states: tf.Tensor3D,
  read: tf.Tensor3D,
  nearest: tf.Tensor3D,
  forced?: number,
): Alignment {
  const [B, H] = states.shape;
  const maps = scores.map((score) => {
    const map = tf.softmax(score);
    return (map.rank === 2 ? tf.tile(tf.expandDims(map, 0), [B, 1, 1]) : map) as tf.Tensor3D;
  });
  const contexts = maps.map((map) => tf.matMul(map, read));
  const free = tf.softmax(
    dense(tf.concat([states, ...contexts, tf.log(tf.add(nearest, 1e-4))], 2), p[`${name}.gate`]!, p[`${name}.gateBias`]!),
  );
  const only = maps.map((_, k) => Number(k === forced));
  // The gate stays in the sum at weight 0, so that each weight has a gradient in every step.
  const gate = (forced === undefined ? free : tf.add(tf.mul(free, 0), tf.tensor3d(only, [1, 1, only.length]))) as tf.Tensor3D;
  const context = contexts
    .map((one, k) => tf.mul(one, tf.slice(gate, [0, 0, k], [B, H, 1])))
    .reduce((sum, one) => tf.add(sum, one)) as tf.Tensor3D;
  return { context, maps, gate };
}

/** The branch that a training step forces, each alone with probability `rate`, until `until` of all steps. */
export function forcedBranch(step: number, steps: number, branches: number, random: Random, rate = 0.1, until = 0.8): number | undefined {
  const draw = Math.floor(random.next() / rate);
  return step < until * steps && draw < branches ? draw : undefined;
}
