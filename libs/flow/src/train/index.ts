/** Training, as it is asked for; `@almanac/flow/train/execute` is the worker's side and loads the forecasting library. */
export { MODEL_KINDS } from './kinds.js';
export { type TrainPlan } from './plan.js';
export { requestTraining } from './request.js';
