/** `minGru`: a whole sequence through a minGRU layer as one operation with one gradient. */
import type * as tf from '@tensorflow/tfjs-core';
import { fused } from '../kernel/fused.js';
import { runKernel } from '../kernel/kernel.js';
import { checkShape, keepFactor, type SequenceArgs, type Zoneout } from '../kernel/recurrent.js';
import { minGruGradKernel, minGruKernel } from './kernels.js';

export interface MinGruArgs extends SequenceArgs {
  zoneout?: { h?: Zoneout };
}

/**
 * Feng et al. 2024: z = σ(x·W_z + b_z), u = x·W_u + b_u, h = (1−z)⊙h + z⊙u. wx [I,2H] and b [2H] hold z, then u.
 *
 * @returns h [T,B,H] and the final state hT [B,H]
 */
export function minGru({ x, wx, b, h0, reverse, mask, zoneout }: MinGruArgs): { h: tf.Tensor3D; hT: tf.Tensor2D } {
  const [T, B, I] = x.shape as [number, number, number];
  const H = wx.shape[1]! / 2;
  checkShape('minGru', 'x', x, [null, null, null]);
  checkShape('minGru', 'wx', wx, [I, 2 * Math.floor(H)]);
  checkShape('minGru', 'b', b, [2 * H]);
  checkShape('minGru', 'h0', h0, [B, H]);
  checkShape('minGru', 'mask', mask, [T, B]);
  const dims = { T, B, I, H, reverse: reverse ? 1 : 0 };
  const inputs = { x, wx, b, h0 };
  const [h, hT] = fused({
    inputs,
    forward: () => {
      const keepH = keepFactor(mask, zoneout?.h, [T, B, H]);
      const [h, hT, gates] = runKernel(minGruKernel, { ...inputs, keepH }, dims);
      return { outputs: [h!, hT!], saved: { x, wx, h0, keepH, h, gates } };
    },
    backward: ([dh, dhT], saved) => {
      const [dx, dwx, db, dh0] = runKernel(minGruGradKernel, { ...saved, dh, dhT }, dims);
      return { x: dx, wx: dwx, b: db, h0: dh0 };
    },
  });
  return { h: h as tf.Tensor3D, hT: hT as tf.Tensor2D };
}
