/** The AdamW kernel over flat arrays. */
import { composeAdam } from './compose.js';
import { type Dims, type Kernel } from '../kernel/kernel.js';
import { adamReference } from './reference.js';

export const adamKernel: Kernel = {
  name: 'AlmanacAdam',
  inputs: ['values', 'gradient', 'm', 'v', 'average', 'decay'],
  /** values, m, v, average, and the norm of the gradient before clipping */
  shapes: ({ n }: Dims) => [[n!], [n!], [n!], [n!], [1]],
  compose: composeAdam,
  reference: adamReference,
  wasm: { name: 'adam', dims: ['n', 'clip', 'rate', 'correction', 'weightDecay', 'beta1', 'beta2', 'epsilon', 'ema'] },
};
