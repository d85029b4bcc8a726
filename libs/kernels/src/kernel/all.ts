/** Every kernel of the library; an engine registers them all. */
import { attentionGradKernel, attentionKernel } from '../attention/kernels.js';
import { gruGradKernel, gruKernel } from '../gru/kernels.js';
import { lstmGradKernel, lstmKernel } from '../lstm/kernels.js';
import { minGruGradKernel, minGruKernel } from '../minGru/kernels.js';
import { rnnGradKernel, rnnKernel } from '../rnn/kernels.js';
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
];
