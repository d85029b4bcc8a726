/** The GRU kernels, reset after the recurrent product (as PyTorch's and cuDNN's). Gate order r, z, n. `keepH`: see the LSTM. */
import { composeGru, composeGruGrad } from './compose.js';
import { type Dims, type Kernel } from '../kernel/kernel.js';
import { gruBackward, gruForward } from './reference.js';

export const gruKernel: Kernel = {
  name: 'AlmanacGru',
  inputs: ['x', 'wx', 'wh', 'b', 'bu', 'h0', 'keepH'],
  /** h, hT, gates after activation, U_n·h + bu_n */
  shapes: ({ T, B, H }: Dims) => [
    [T!, B!, H!],
    [B!, H!],
    [T!, B!, 3 * H!],
    [T!, B!, H!],
  ],
  compose: composeGru,
  reference: gruForward,
  wasm: { name: 'gru', dims: ['T', 'B', 'I', 'H', 'reverse'], scratch: (wasm, { B, I, H }) => wasm['gruScratch']!(B!, I!, H!) },
};

export const gruGradKernel: Kernel = {
  name: 'AlmanacGruGrad',
  inputs: ['x', 'wx', 'wh', 'h0', 'keepH', 'h', 'gates', 'un', 'dh', 'dhT'],
  /** dx, dwx, dwh, db, dbu, dh0 */
  shapes: ({ T, B, I, H }: Dims) => [[T!, B!, I!], [I!, 3 * H!], [H!, 3 * H!], [3 * H!], [3 * H!], [B!, H!]],
  compose: composeGruGrad,
  reference: gruBackward,
  wasm: {
    name: 'gruGrad',
    dims: ['T', 'B', 'I', 'H', 'reverse'],
    scratch: (wasm, { T, B, I, H }) => wasm['gruGradScratch']!(T!, B!, I!, H!),
  },
};
