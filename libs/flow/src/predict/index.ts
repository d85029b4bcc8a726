/** Predictions: forecasts that are answered and not stored. `@almanac/flow/predict/execute` is the worker's side. */
export { requestFilePrediction, type SentFile } from './file.js';
export { requestExplanation } from './explain.js';
export { requestFirstLook } from './firstLook.js';
export { forgetPrediction, readPrediction, requestPrediction, requestWhatIf } from './request.js';
