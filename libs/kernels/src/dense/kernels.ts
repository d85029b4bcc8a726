/** The dense kernels: y [N,O] = x [N,I]·w [I,O] + b [O]. */
import { composeDense, composeDenseGrad } from './compose.js';
import { type Dims, type Kernel } from '../kernel/kernel.js';
import { denseBackward, denseForward } from './reference.js';

export const denseKernel: Kernel = {
  name: 'AlmanacDense',
  inputs: ['x', 'w', 'b'],
  shapes: ({ N, O }: Dims) => [[N!, O!]],
  compose: composeDense,
  reference: denseForward,
  wasm: { name: 'dense', dims: ['N', 'I', 'O'], scratch: (wasm, { I, O }) => wasm['denseScratch']!(I!, O!) },
};

export const denseGradKernel: Kernel = {
  name: 'AlmanacDenseGrad',
  inputs: ['x', 'w', 'dy'],
  /** dx, dw, db */
  shapes: ({ N, I, O }: Dims) => [[N!, I!], [I!, O!], [O!]],
  compose: composeDenseGrad,
  reference: denseBackward,
  wasm: { name: 'denseGrad', dims: ['N', 'I', 'O'], scratch: (wasm, { N, I, O }) => wasm['denseGradScratch']!(N!, I!, O!) },
};
