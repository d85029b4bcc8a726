/** The worker's side of predictions. */
export { executePrediction } from './execute.js';
