/** The dense kernels: y [N,O] = x [N,I]·w [I,O] + b [O], and with `relu` no less than 0. */
import { composeDense, composeDenseGrad } from './compose.js';
import { type Dims, type Kernel } from '../kernel/kernel.js';
import { denseBackward, denseForward } from './reference.js';

export const denseKernel: Kernel = {
  name: 'AlmanacDense',
  inputs: ['x', 'w', 'b'],
  shapes: ({ N, O }: Dims) => [[N!, O!]],
  compose: composeDense,
  reference: denseForward,
  wasm: { name: 'dense', dims: ['N', 'I', 'O', 'relu'], scratch: (wasm, { I, O }) => wasm['denseScratch']!(I!, O!) },
};

/** `y` is given with `relu` only. */
export const denseGradKernel: Kernel = {
  name: 'AlmanacDenseGrad',
  inputs: ['x', 'w', 'dy', 'y'],
  /** dw, db, and with `wantsX` dx */
  shapes: ({ N, I, O, wantsX }: Dims) => [[I!, O!], [O!], ...(wantsX ? [[N!, I!]] : [])],
  compose: composeDenseGrad,
  reference: denseBackward,
  wasm: {
    name: 'denseGrad',
    outputs: 3,
    dims: ['N', 'I', 'O', 'wantsX'],
    scratch: (wasm, { N, I, O }) => wasm['denseGradScratch']!(N!, I!, O!),
  },
};
