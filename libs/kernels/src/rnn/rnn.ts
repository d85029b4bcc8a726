/** `rnn`: a whole sequence through a vanilla (tanh) recurrent layer as one operation with one gradient. */
import type * as tf from '@tensorflow/tfjs-core';
import { fused } from '../kernel/fused.js';
import { runKernel } from '../kernel/kernel.js';
import { checkShape, keepFactor, type SequenceArgs, type Zoneout } from '../kernel/recurrent.js';
import { rnnGradKernel, rnnKernel } from './kernels.js';

export interface RnnArgs extends SequenceArgs {
  /** [H,H] */
  wh: tf.Tensor;
  zoneout?: { h?: Zoneout };
}

/**
 * h = tanh(x·wx + h·wh + b), with wx [I,H] and b [H].
 *
 * @returns h [T,B,H] and the final state hT [B,H]
 */
export function rnn({ x, wx, wh, b, h0, reverse, mask, zoneout }: RnnArgs): { h: tf.Tensor3D; hT: tf.Tensor2D } {
  const [T, B, I] = x.shape as [number, number, number];
  const H = wh.shape[0]!;
  checkShape('rnn', 'x', x, [null, null, null]);
  checkShape('rnn', 'wx', wx, [I, H]);
  checkShape('rnn', 'wh', wh, [H, H]);
  checkShape('rnn', 'b', b, [H]);
  checkShape('rnn', 'h0', h0, [B, H]);
  checkShape('rnn', 'mask', mask, [T, B]);
  const dims = { T, B, I, H, reverse: reverse ? 1 : 0 };
  const inputs = { x, wx, wh, b, h0 };
  const [h, hT] = fused({
    inputs,
    forward: () => {
      const keepH = keepFactor(mask, zoneout?.h, [T, B, H]);
      const [h, hT, gates] = runKernel(rnnKernel, { ...inputs, keepH }, dims);
      return { outputs: [h!, hT!], saved: { x, wx, wh, h0, keepH, h, gates } };
    },
    backward: ([dh, dhT], saved) => {
      const [dx, dwx, dwh, db, dh0] = runKernel(rnnGradKernel, { ...saved, dh, dhT }, dims);
      return { x: dx, wx: dwx, wh: dwh, b: db, h0: dh0 };
    },
  });
  return { h: h as tf.Tensor3D, hT: hT as tf.Tensor2D };
}
