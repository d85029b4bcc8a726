/** Computing away from the worker's own thread. */
export { type Compute, startCompute } from './compute.js';
export type { EngineWish, PredictTask, TrainOutcome, TrainTask } from './tasks.js';
