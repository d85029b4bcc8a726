/**
 * One recurrent layer over a whole sequence, of any cell, behind one interface.
 *
 * Recurrent matrices start orthogonal (Saxe et al. 2014), the forget gate open at 1 (Jozefowicz et al. 2015). Layers hold no
 * weights: they name them (`specs`) and are given them, so that one flat buffer owns everything.
 */
import { gru, lstm, minGru, rnn } from '@almanac/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { type Random } from '../dataset/random.js';
import { type ParameterSpec, type Tensors } from '../training/parameters.js';
import { type CellKind, GATES } from './kinds.js';
import { slstm } from './slstm.js';
import { zoneoutFactor } from './zoneout.js';
import type { CellState } from './state.js';

export interface LayerSettings {
  /** Prefix of the weights' names. */
  name: string;
  cell: CellKind;
  inputs: number;
  hidden: number;
  /** Probability that a state element keeps its value; not for sLSTM. */
  zoneout?: { h?: number; c?: number };
}

export interface RunOptions {
  state?: CellState;
  /** From the last step to the first; `h[t]` still belongs to step t. */
  reverse?: boolean;
  /** [T,B], 0 carries the state over unchanged. */
  mask?: tf.Tensor;
  /** Training: draws zoneout. A forecast leaves it out. */
  random?: Random;
}

export interface RecurrentLayer {
  readonly hidden: number;
  readonly specs: readonly ParameterSpec[];
  /** x [T,B,I] → h [T,B,H] and the last state. */
  run(p: Tensors, x: tf.Tensor3D, options?: RunOptions): { h: tf.Tensor3D; state: CellState };
  /** One step: x [B,I]. */
  step(p: Tensors, x: tf.Tensor2D, state?: CellState): CellState;
}

export function recurrentLayer(settings: LayerSettings): RecurrentLayer {
  const { name, cell, inputs, hidden: H, zoneout } = settings;
  const gates = GATES[cell];
  // The forget gate is the second of both LSTMs.
  const forget = cell === 'lstm' || cell === 'slstm' ? (i: number): number => (i >= H && i < 2 * H ? 1 : 0) : (): number => 0;
  const specs: ParameterSpec[] = [{ name: `${name}.wx`, shape: [inputs, gates * H], init: { kind: 'glorot' }, decay: true }];
  if (cell !== 'minGru') specs.push({ name: `${name}.wh`, shape: [H, gates * H], init: { kind: 'orthogonal' }, decay: true });
  specs.push({ name: `${name}.b`, shape: [gates * H], init: { kind: 'values', of: forget }, decay: false });
  if (cell === 'gru') specs.push({ name: `${name}.bu`, shape: [gates * H], init: { kind: 'values', of: () => 0 }, decay: false });

  const run: RecurrentLayer['run'] = (p, x, { state, reverse, mask, random } = {}) => {
    const [wx, wh, b, bu] = ['wx', 'wh', 'b', 'bu'].map((part) => p[`${name}.${part}`]!) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const shape: [number, number, number] = [x.shape[0], x.shape[1], H];
    const keepH = zoneoutFactor(zoneout?.h, shape, random);
    const common = {
      x,
      wx,
      b,
      ...(state ? { h0: state.h } : {}),
      ...(reverse ? { reverse } : {}),
      ...(mask ? { mask } : {}),
      ...(keepH === undefined ? {} : { zoneout: { h: keepH } }),
    };
    switch (cell) {
      case 'rnn': {
        const { h, hT } = rnn({ ...common, wh });
        return { h, state: { h: hT } };
      }
      case 'gru': {
        const { h, hT } = gru({ ...common, wh, bu });
        return { h, state: { h: hT } };
      }
      case 'minGru': {
        const { h, hT } = minGru(common);
        return { h, state: { h: hT } };
      }
      case 'lstm': {
        const keepC = zoneoutFactor(zoneout?.c, shape, random);
        const kept = { ...(keepH === undefined ? {} : { h: keepH }), ...(keepC === undefined ? {} : { c: keepC }) };
        const { h, hT, cT } = lstm({ ...common, wh, ...(state?.c ? { c0: state.c } : {}), zoneout: kept });
        return { h, state: { h: hT, c: cT } };
      }
      case 'slstm':
        return slstm({ x, wx, wh, b, ...(state ? { state } : {}), ...(reverse ? { reverse } : {}), ...(mask ? { mask } : {}) });
    }
  };
  return {
    hidden: H,
    specs,
    run,
    step: (p, x, state) => run(p, tf.reshape(x, [1, x.shape[0], x.shape[1]]), state ? { state } : {}).state,
  };
}
