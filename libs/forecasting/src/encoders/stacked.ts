/**
 * Layers on layers: one- or bidirectional, plain or dilated, with shortcuts around blocks.
 *
 * A dilated layer (Chang et al. 2017) updates h_t from h_(t−d): d interleaved sequences that run side by side as more
 * batch rows, so its gradient path is d times shorter. Blocks of dilations such as [[1, 4], [24, 168]] with a residual from
 * block to block are ES-RNN's (Smyl 2020). A bidirectional encoder reads what is known only (the look-back, or known
 * future covariates); it is for encoding and imputation, never for the targets of a forecast.
 */
import * as tf from '@tensorflow/tfjs-core';
import { recurrentLayer, type RecurrentLayer, type RunOptions } from '../cells/layer.js';
import { type CellKind } from '../cells/kinds.js';
import { type Tensors } from '../training/parameters.js';
import { type Encoder } from './encoder.js';

export interface StackedSettings {
  name: string;
  cell: CellKind;
  inputs: number;
  hidden: number;
  /** Blocks of layers, each layer given by its dilation; [[1]] is one plain layer, [[1], [1]] two with a shortcut around the second. */
  dilations?: readonly (readonly number[])[];
  bidirectional?: boolean;
  zoneout?: { h?: number; c?: number };
}

export function stackedEncoder(settings: StackedSettings): Encoder {
  const { name, cell, inputs, hidden, zoneout, bidirectional = false } = settings;
  const dilations = settings.dilations ?? [[1]];
  const width = bidirectional ? 2 * hidden : hidden;
  const layer = (id: string, size: number): RecurrentLayer =>
    recurrentLayer({ name: `${name}.${id}`, cell, inputs: size, hidden, ...(zoneout ? { zoneout } : {}) });
  let size = inputs;
  const blocks = dilations.map((block, i) =>
    block.map((dilation, j) => {
      const made = { dilation, forward: layer(`${i}.${j}`, size), backward: bidirectional ? layer(`${i}.${j}.back`, size) : undefined };
      size = width;
      return made;
    }),
  );
  return {
    width,
    specs: blocks.flat().flatMap(({ forward, backward }) => [...forward.specs, ...(backward?.specs ?? [])]),
    encode(p, x, options = {}) {
      let h = x;
      let last: tf.Tensor2D | undefined;
      blocks.forEach((block, i) => {
        const input = h;
        for (const { dilation, forward, backward } of block) {
          const ahead = runDilated(forward, p, h, dilation, options);
          const back = backward && runDilated(backward, p, h, dilation, { ...options, reverse: true });
          h = back ? tf.concat([ahead.h, back.h], 2) : ahead.h;
          last = back ? tf.concat([ahead.last, back.last], 1) : ahead.last;
        }
        if (i > 0) {
          h = tf.add(h, input);
          last = tf.add(last!, stepOf(input, bidirectional ? 'ends' : 'end', hidden));
        }
      });
      return { h, last: last! };
    },
  };
}

/** Runs a layer whose state comes from d steps before. */
export function runDilated(
  layer: RecurrentLayer,
  p: Tensors,
  x: tf.Tensor3D,
  d: number,
  options: RunOptions,
): { h: tf.Tensor3D; last: tf.Tensor2D } {
  if (d === 1) {
    const { h, state } = layer.run(p, x, options);
    return { h, last: state.h };
  }
  const [T, B, I] = x.shape;
  const missing = (d - (T % d)) % d;
  const rows = (T + missing) / d;
  // Steps that fill up the first row are masked, so that they leave the state at its start.
  const padded = tf.pad(x, [
    [missing, 0],
    [0, 0],
    [0, 0],
  ]);
  const known = options.mask ?? (missing > 0 ? tf.ones([T, B]) : undefined);
  const mask =
    known &&
    tf.reshape(
      tf.pad(known as tf.Tensor2D, [
        [missing, 0],
        [0, 0],
      ]),
      [rows, d * B],
    );
  const { h } = layer.run(p, tf.reshape(padded, [rows, d * B, I]), { ...options, ...(mask ? { mask } : {}) });
  const whole = tf.slice(tf.reshape(h, [rows * d, B, layer.hidden]), [missing, 0, 0], [T, B, layer.hidden]) as tf.Tensor3D;
  return { h: whole, last: stepOf(whole, options.reverse ? 'start' : 'end', layer.hidden) };
}

/** The state at one end, or for a bidirectional sequence the forward half's last and the backward half's first. */
function stepOf(h: tf.Tensor3D, which: 'start' | 'end' | 'ends', hidden: number): tf.Tensor2D {
  const [T, B, W] = h.shape;
  const at = (t: number, from: number, size: number): tf.Tensor2D => tf.reshape(tf.slice(h, [t, 0, from], [1, B, size]), [B, size]);
  if (which === 'ends') return tf.concat([at(T - 1, 0, hidden), at(0, hidden, hidden)], 1);
  return at(which === 'start' ? 0 : T - 1, 0, W);
}
