/** The worker's side of online learning. */
export { executeLearning } from './execute.js';
