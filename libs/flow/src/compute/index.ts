/** Computing away from the worker's own thread. */
export { type Compute, startCompute } from './compute.js';
export type { BacktestOutcome, BacktestTask, EngineWish, PredictTask, ScoreOutcome, ScoreTask, TrainOutcome, TrainTask } from './tasks.js';
