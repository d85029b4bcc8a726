/**
 * The attention kernels: scores, softmax and context in one pass, over time-major queries, keys and values. With `biasBatch` the bias
 * is [B,M,N], else [M,N]. With `delay` d the key of place j is k[j − d]; places before d have a key of zeros.
 */
import { composeAttention, composeAttentionGrad } from './compose.js';
import { type Dims, type Kernel } from '../kernel/kernel.js';
import { attentionBackward, attentionForward } from './reference.js';

const dims = ['B', 'M', 'N', 'D', 'E', 'biasBatch', 'delay'];

export const attentionKernel: Kernel = {
  name: 'AlmanacAttention',
  inputs: ['q', 'k', 'v', 'bias'],
  /** context, weights */
  shapes: ({ B, M, N, E }: Dims) => [
    [M!, B!, E!],
    [B!, M!, N!],
  ],
  compose: composeAttention,
  reference: attentionForward,
  wasm: { name: 'attention', dims },
};

export const attentionGradKernel: Kernel = {
  name: 'AlmanacAttentionGrad',
  inputs: ['q', 'k', 'v', 'weights', 'dContext', 'dWeights'],
  /** dq, dk, dv, dBias */
  shapes: ({ B, M, N, D, E, biasBatch }: Dims) => [[M!, B!, D!], [N!, B!, D!], [N!, B!, E!], biasBatch ? [B!, M!, N!] : [M!, N!]],
  compose: composeAttentionGrad,
  reference: attentionBackward,
  wasm: { name: 'attentionGrad', dims, scratch: (wasm, { N }) => wasm['attentionGradScratch']!(N!) },
};
