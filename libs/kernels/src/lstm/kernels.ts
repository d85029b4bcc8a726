/**
 * The LSTM kernels. Gate order i, f, g, o (as PyTorch's and TensorFlow's BlockLSTMV2). `keepH`/`keepC` [T,B,H] are how
 * much of the previous state survives: zoneout and sequence masks in one. Following the zoneout paper (Krueger et al.
 * 2016), h is computed from the cell before zoneout.
 */
import { composeLstm, composeLstmGrad } from './compose.js';
import { type Dims, type Kernel } from '../kernel/kernel.js';
import { lstmBackward, lstmForward } from './reference.js';

export const lstmKernel: Kernel = {
  name: 'AlmanacLstm',
  inputs: ['x', 'wx', 'wh', 'b', 'h0', 'c0', 'keepH', 'keepC'],
  /** h, hT, cT, gates after activation, c, tanh of the cell before zoneout */
  shapes: ({ T, B, H }: Dims) => [
    [T!, B!, H!],
    [B!, H!],
    [B!, H!],
    [T!, B!, 4 * H!],
    [T!, B!, H!],
    [T!, B!, H!],
  ],
  compose: composeLstm,
  reference: lstmForward,
  wasm: { name: 'lstm', dims: ['T', 'B', 'I', 'H', 'reverse'], scratch: (wasm, { B, I, H }) => wasm['lstmScratch']!(B!, I!, H!) },
};

export const lstmGradKernel: Kernel = {
  name: 'AlmanacLstmGrad',
  inputs: ['x', 'wx', 'wh', 'h0', 'c0', 'keepH', 'keepC', 'h', 'gates', 'c', 'tanhC', 'dh', 'dhT', 'dcT'],
  /** dx, dwx, dwh, db, dh0, dc0 */
  shapes: ({ T, B, I, H }: Dims) => [[T!, B!, I!], [I!, 4 * H!], [H!, 4 * H!], [4 * H!], [B!, H!], [B!, H!]],
  compose: composeLstmGrad,
  reference: lstmBackward,
  wasm: {
    name: 'lstmGrad',
    dims: ['T', 'B', 'I', 'H', 'reverse'],
    scratch: (wasm, { T, B, I, H }) => wasm['lstmGradScratch']!(T!, B!, I!, H!),
  },
};
