/** Every kernel, on addresses in an imported memory. */
export { gru, gruGrad, gruGradScratch, gruScratch } from './gru';
export { lstm, lstmGrad, lstmGradScratch, lstmScratch } from './lstm';
export { minGru, minGruGrad, minGruGradScratch, minGruScratch } from './minGru';
export { rnn, rnnGrad, rnnGradScratch, rnnScratch } from './rnn';
export { constantBytes, setConstants } from './vector';
// Exported so that they stay functions of their own: inlined into the loops around them, V8 no longer pairs their vectors.
export * from '../build/micro';
export * from '../build/cells';
export { adam } from './adam';
export { attention, attentionGrad, attentionGradScratch } from './attention';
export { dense, denseGrad, denseGradScratch, denseScratch, matMul, matMulScratch } from './dense';
export { pinball, quantiles, quantilesGrad, quantilesScratch, seasonalCopy, seasonalCopyGrad } from './head';
