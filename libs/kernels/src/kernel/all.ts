/** Every kernel of the library; an engine registers them all. */
import { adamKernel } from '../adam/kernels.js';
import { attentionGradKernel, attentionKernel } from '../attention/kernels.js';
import { denseGradKernel, denseKernel } from '../dense/kernels.js';
import { gruGradKernel, gruKernel } from '../gru/kernels.js';
import { lstmGradKernel, lstmKernel } from '../lstm/kernels.js';
import { minGruGradKernel, minGruKernel } from '../minGru/kernels.js';
import { pinballKernel } from '../pinball/kernels.js';
import { quantilesGradKernel, quantilesKernel } from '../quantiles/kernels.js';
import { rnnGradKernel, rnnKernel } from '../rnn/kernels.js';
import { seasonalCopyGradKernel, seasonalCopyKernel } from '../seasonalCopy/kernels.js';
import { type Kernel } from './kernel.js';

export const kernels: readonly Kernel[] = [
  lstmKernel,
  lstmGradKernel,
  gruKernel,
  gruGradKernel,
  rnnKernel,
  rnnGradKernel,
  minGruKernel,
  minGruGradKernel,
  attentionKernel,
  attentionGradKernel,
  denseKernel,
  denseGradKernel,
  quantilesKernel,
  quantilesGradKernel,
  pinballKernel,
  seasonalCopyKernel,
  seasonalCopyGradKernel,
  adamKernel,
];
