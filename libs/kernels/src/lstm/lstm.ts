/** `lstm`: a whole sequence through an LSTM layer as one operation with one gradient. */
import type * as tf from '@tensorflow/tfjs-core';
import { fused } from '../kernel/fused.js';
import { runKernel } from '../kernel/kernel.js';
import { checkShape, keepFactor, type SequenceArgs, type Zoneout } from '../kernel/recurrent.js';
import { lstmGradKernel, lstmKernel } from './kernels.js';

export interface LstmArgs extends SequenceArgs {
  /** [H,4H], gates i, f, g, o. */
  wh: tf.Tensor;
  c0?: tf.Tensor;
  zoneout?: { h?: Zoneout; c?: Zoneout };
}

export interface LstmState {
  /** [B,H] */
  hT: tf.Tensor2D;
  cT: tf.Tensor2D;
}

/**
 * Hochreiter & Schmidhuber 1997 with forget gates: i,f,o = σ(x·wx + h·wh + b), g = tanh(·), c = f⊙c + i⊙g, h = o⊙tanh c.
 * wx [I,4H] and b [4H] hold the gates in the order i, f, g, o.
 *
 * @returns h [T,B,H] and the final state
 */
export function lstm(args: LstmArgs): LstmState & { h: tf.Tensor3D } {
  const [h, hT, cT] = run(args, true);
  return { h: h as tf.Tensor3D, hT: hT as tf.Tensor2D, cT: cT as tf.Tensor2D };
}

/** As `lstm`, for when only the final state is used: the gradient then skips the whole-sequence part. */
export function lstmState(args: LstmArgs): LstmState {
  const [hT, cT] = run(args, false);
  return { hT: hT as tf.Tensor2D, cT: cT as tf.Tensor2D };
}

function run({ x, wx, wh, b, h0, c0, reverse, mask, zoneout }: LstmArgs, sequence: boolean): tf.Tensor[] {
  const [T, B, I] = x.shape as [number, number, number];
  const H = wh.shape[0]!;
  checkShape('lstm', 'x', x, [null, null, null]);
  checkShape('lstm', 'wx', wx, [I, 4 * H]);
  checkShape('lstm', 'wh', wh, [H, 4 * H]);
  checkShape('lstm', 'b', b, [4 * H]);
  checkShape('lstm', 'h0', h0, [B, H]);
  checkShape('lstm', 'c0', c0, [B, H]);
  checkShape('lstm', 'mask', mask, [T, B]);
  const dims = { T, B, I, H, reverse: reverse ? 1 : 0 };
  const inputs = { x, wx, wh, b, h0, c0 };
  return fused({
    inputs,
    forward: () => {
      const keepH = keepFactor(mask, zoneout?.h, [T, B, H]);
      const keepC = keepFactor(mask, zoneout?.c, [T, B, H]);
      const [h, hT, cT, gates, c, tanhC] = runKernel(lstmKernel, { ...inputs, keepH, keepC }, dims);
      return { outputs: sequence ? [h!, hT!, cT!] : [hT!, cT!], saved: { x, wx, wh, h0, c0, keepH, keepC, h, gates, c, tanhC } };
    },
    backward: (gradients, saved) => {
      const [dh, dhT, dcT] = sequence ? gradients : [null, ...gradients];
      const [dx, dwx, dwh, db, dh0, dc0] = runKernel(lstmGradKernel, { ...saved, dh, dhT, dcT }, dims);
      return { x: dx, wx: dwx, wh: dwh, b: db, h0: dh0, c0: dc0 };
    },
  });
}
