/**
 * A multidimensional RNN over the day × hour grid (Graves et al. 2007): each step has two pasts, the step before and the same
 * phase of the season before, and the state of both goes into its gates.
 *
 * The sequence is folded into rows of one season. Within a row the layer runs as ever; the row above enters as an input,
 * step by step, and the end of a row carries over to the start of the next, as time does.
 */
import * as tf from '@tensorflow/tfjs-core';
import { recurrentLayer, type CellKind, type CellState } from '../cells/layer.js';
import { type Encoder } from './encoder.js';

export interface GridSettings {
  name: string;
  cell: CellKind;
  inputs: number;
  hidden: number;
  /** Steps per row. */
  seasonLength: number;
}

export function gridEncoder({ name, cell, inputs, hidden, seasonLength }: GridSettings): Encoder {
  const layer = recurrentLayer({ name, cell, inputs: inputs + hidden, hidden });
  return {
    width: hidden,
    specs: layer.specs,
    encode(p, x, { mask, random } = {}) {
      const [T, B, I] = x.shape;
      const rows: tf.Tensor3D[] = [];
      let state: CellState | undefined;
      let above = tf.zeros<tf.Rank.R3>([seasonLength, B, hidden]);
      for (let from = 0, to = T % seasonLength || seasonLength; from < T; from = to, to += seasonLength) {
        const steps = to - from;
        const up = steps === seasonLength ? above : tf.slice(above, [seasonLength - steps, 0, 0], [steps, B, hidden]);
        const run = layer.run(p, tf.concat([tf.slice(x, [from, 0, 0], [steps, B, I]), up], 2), {
          ...(state ? { state } : {}),
          ...(mask ? { mask: tf.slice(mask, [from, 0], [steps, B]) } : {}),
          ...(random ? { random } : {}),
        });
        state = run.state;
        rows.push(run.h);
        // A short first row covers the last phases of the season; the earlier ones have no past yet.
        above = steps === seasonLength ? run.h : tf.concat([tf.zeros([seasonLength - steps, B, hidden]), run.h], 0);
      }
      return { h: tf.concat(rows, 0), last: state!.h };
    },
  };
}
