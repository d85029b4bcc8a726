/** The tanh RNN kernels. `keepH`: see the LSTM. */
import { composeRnn, composeRnnGrad } from './compose.js';
import { type Dims, type Kernel } from '../kernel/kernel.js';
import { rnnBackward, rnnForward } from './reference.js';

export const rnnKernel: Kernel = {
  name: 'AlmanacRnn',
  inputs: ['x', 'wx', 'wh', 'b', 'h0', 'keepH'],
  /** h, hT, the new state before zoneout */
  shapes: ({ T, B, H }: Dims) => [
    [T!, B!, H!],
    [B!, H!],
    [T!, B!, H!],
  ],
  compose: composeRnn,
  reference: rnnForward,
  wasm: { name: 'rnn', dims: ['T', 'B', 'I', 'H', 'reverse'], scratch: (wasm, { B, I, H }) => wasm['rnnScratch']!(B!, I!, H!) },
};

export const rnnGradKernel: Kernel = {
  name: 'AlmanacRnnGrad',
  inputs: ['x', 'wx', 'wh', 'h0', 'keepH', 'h', 'gates', 'dh', 'dhT'],
  /** dx, dwx, dwh, db, dh0 */
  shapes: ({ T, B, I, H }: Dims) => [[T!, B!, I!], [I!, H!], [H!, H!], [H!], [B!, H!]],
  compose: composeRnnGrad,
  reference: rnnBackward,
  wasm: {
    name: 'rnnGrad',
    dims: ['T', 'B', 'I', 'H', 'reverse'],
    scratch: (wasm, { T, B, I, H }) => wasm['rnnGradScratch']!(T!, B!, I!, H!),
  },
};
