/** Every kernel, on addresses in an imported memory. */
export { lstm, lstmGrad, lstmGradScratch, lstmScratch } from './lstm';
export { constantBytes, setConstants } from './vector';
// Exported so that they stay functions of their own: inlined into the loops around them, V8 no longer pairs their vectors.
export * from '../build/micro';
