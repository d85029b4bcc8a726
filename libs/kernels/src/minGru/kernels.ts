/** The minGRU kernels: the recurrence is elementwise, so a scan in time order costs no product. Gate order z, u. */
import { composeMinGru, composeMinGruGrad } from './compose.js';
import { type Dims, type Kernel } from '../kernel/kernel.js';
import { minGruBackward, minGruForward } from './reference.js';

export const minGruKernel: Kernel = {
  name: 'AlmanacMinGru',
  inputs: ['x', 'wx', 'b', 'h0', 'keepH'],
  /** h, hT, gates (z after its sigmoid, u) */
  shapes: ({ T, B, H }: Dims) => [
    [T!, B!, H!],
    [B!, H!],
    [T!, B!, 2 * H!],
  ],
  compose: composeMinGru,
  reference: minGruForward,
  wasm: { name: 'minGru', dims: ['T', 'B', 'I', 'H', 'reverse'], scratch: (wasm, { B, I, H }) => wasm['minGruScratch']!(B!, I!, H!) },
};

export const minGruGradKernel: Kernel = {
  name: 'AlmanacMinGruGrad',
  inputs: ['x', 'wx', 'h0', 'keepH', 'h', 'gates', 'dh', 'dhT'],
  /** dx, dwx, db, dh0 */
  shapes: ({ T, B, I, H }: Dims) => [[T!, B!, I!], [I!, 2 * H!], [2 * H!], [B!, H!]],
  compose: composeMinGruGrad,
  reference: minGruBackward,
  wasm: {
    name: 'minGruGrad',
    dims: ['T', 'B', 'I', 'H', 'reverse'],
    scratch: (wasm, { T, B, I, H }) => wasm['minGruGradScratch']!(T!, B!, I!, H!),
  },
};
