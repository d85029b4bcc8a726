/** The worker's side of training. */
export { executeTraining } from './execute.js';
