/** The attention kernels: scores, softmax and context in one pass. With `biasBatch` the bias is [B,M,N], else [M,N]. */
import { composeAttention, composeAttentionGrad } from './compose.js';
import { type Dims, type Kernel } from '../kernel/kernel.js';
import { attentionBackward, attentionForward } from './reference.js';

export const attentionKernel: Kernel = {
  name: 'AlmanacAttention',
  inputs: ['q', 'k', 'v', 'bias'],
  /** context, weights */
  shapes: ({ B, M, N, E }: Dims) => [
    [B!, M!, E!],
    [B!, M!, N!],
  ],
  compose: composeAttention,
  reference: attentionForward,
  wasm: {
    name: 'attention',
    dims: ['B', 'M', 'N', 'D', 'E', 'biasBatch'],
    scratch: (wasm, { N, D, E }) => wasm['attentionScratch']!(N!, D!, E!),
  },
};

export const attentionGradKernel: Kernel = {
  name: 'AlmanacAttentionGrad',
  inputs: ['q', 'k', 'v', 'weights', 'dContext', 'dWeights'],
  /** dq, dk, dv, dBias */
  shapes: ({ B, M, N, D, E, biasBatch }: Dims) => [[B!, M!, D!], [B!, N!, D!], [B!, N!, E!], biasBatch ? [B!, M!, N!] : [M!, N!]],
  compose: composeAttentionGrad,
  reference: attentionBackward,
  wasm: {
    name: 'attentionGrad',
    dims: ['B', 'M', 'N', 'D', 'E', 'biasBatch'],
    scratch: (wasm, { M, N, D, E }) => wasm['attentionGradScratch']!(M!, N!, D!, E!),
  },
};
