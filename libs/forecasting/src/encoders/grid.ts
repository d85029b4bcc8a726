/**
 * A multidimensional RNN over the day × hour grid (Graves et al. 2007): each step has two pasts, the step before and the season
 * before, and the state of both goes into its gates.
 *
 * The sequence is folded into rows, and the row above enters as an input, step by step; the end of a row carries over to
 * the start of the next, as time does. A row is one step shorter than a season: the state above a step is then the one that has
 * just read the season-mate of the step to come, which is what a forecast wants to know.
 */
import * as tf from '@tensorflow/tfjs-core';
import { recurrentLayer } from '../cells/layer.js';
import { type CellKind } from '../cells/kinds.js';
import { type Encoder } from './encoder.js';
import type { CellState } from '../cells/state.js';

export interface GridSettings {
  name: string;
  cell: CellKind;
  inputs: number;
  hidden: number;
  /** At least 2. */
  seasonLength: number;
}

export function gridEncoder({ name, cell, inputs, hidden, seasonLength }: GridSettings): Encoder {
  const row = Math.max(1, seasonLength - 1);
  const layer = recurrentLayer({ name, cell, inputs: inputs + hidden, hidden });
  return {
    width: hidden,
    specs: layer.specs,
    encode(p, x, { mask, random } = {}) {
      const [T, B, I] = x.shape;
      const rows: tf.Tensor3D[] = [];
      let state: CellState | undefined;
      let above = tf.zeros<tf.Rank.R3>([row, B, hidden]);
      for (let from = 0, to = T % row || row; from < T; from = to, to += row) {
        const steps = to - from;
        const up = steps === row ? above : tf.slice(above, [row - steps, 0, 0], [steps, B, hidden]);
        const run = layer.run(p, tf.concat([tf.slice(x, [from, 0, 0], [steps, B, I]), up], 2), {
          ...(state ? { state } : {}),
          ...(mask ? { mask: tf.slice(mask, [from, 0], [steps, B]) } : {}),
          ...(random ? { random } : {}),
        });
        state = run.state;
        rows.push(run.h);
        // A short first row stands below the end of a row that was not seen.
        above = steps === row ? run.h : tf.concat([tf.zeros([row - steps, B, hidden]), run.h], 0);
      }
      return { h: tf.concat(rows, 0), last: state!.h };
    },
  };
}
