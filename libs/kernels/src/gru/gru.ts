/** `gru`: a whole sequence through a GRU layer as one operation with one gradient. */
import type * as tf from '@tensorflow/tfjs-core';
import { fused } from '../kernel/fused.js';
import { runKernel } from '../kernel/kernel.js';
import { checkShape, keepFactor, type SequenceArgs, type Zoneout } from '../kernel/recurrent.js';
import { gruGradKernel, gruKernel } from './kernels.js';

export interface GruArgs extends SequenceArgs {
  /** [H,3H], gates r, z, n. */
  wh: tf.Tensor;
  /** [3H], the bias of the recurrent product. */
  bu: tf.Tensor;
  zoneout?: { h?: Zoneout };
}

/**
 * Cho et al. 2014, reset after: r,z = σ(x·wx + b + h·wh + bu), n = tanh(x·wx + b + r⊙(h·wh + bu)), h = (1−z)⊙n + z⊙h.
 * wx [I,3H] and b [3H] hold the gates in the order r, z, n.
 *
 * @returns h [T,B,H] and the final state hT [B,H]
 */
export function gru(args: GruArgs): { h: tf.Tensor3D; hT: tf.Tensor2D } {
  const [h, hT] = run(args, true);
  return { h: h as tf.Tensor3D, hT: hT as tf.Tensor2D };
}

/** As `gru`, for when only the final state is used: the gradient then skips the whole-sequence part. */
export function gruState(args: GruArgs): { hT: tf.Tensor2D } {
  const [hT] = run(args, false);
  return { hT: hT as tf.Tensor2D };
}

function run({ x, wx, wh, b, bu, h0, reverse, mask, zoneout }: GruArgs, sequence: boolean): tf.Tensor[] {
  const [T, B, I] = x.shape as [number, number, number];
  const H = wh.shape[0]!;
  checkShape('gru', 'x', x, [null, null, null]);
  checkShape('gru', 'wx', wx, [I, 3 * H]);
  checkShape('gru', 'wh', wh, [H, 3 * H]);
  checkShape('gru', 'b', b, [3 * H]);
  checkShape('gru', 'bu', bu, [3 * H]);
  checkShape('gru', 'h0', h0, [B, H]);
  checkShape('gru', 'mask', mask, [T, B]);
  const dims = { T, B, I, H, reverse: reverse ? 1 : 0 };
  const inputs = { x, wx, wh, b, bu, h0 };
  return fused({
    inputs,
    forward: () => {
      const keepH = keepFactor(mask, zoneout?.h, [T, B, H]);
      const [h, hT, gates, un] = runKernel(gruKernel, { ...inputs, keepH }, dims);
      return { outputs: sequence ? [h!, hT!] : [hT!], saved: { x, wx, wh, h0, keepH, h, gates, un } };
    },
    backward: (gradients, saved) => {
      const [dh, dhT] = sequence ? gradients : [null, ...gradients];
      const [dx, dwx, dwh, db, dbu, dh0] = runKernel(gruGradKernel, { ...saved, dh, dhT }, dims);
      return { x: dx, wx: dwx, wh: dwh, b: db, bu: dbu, h0: dh0 };
    },
  });
}
