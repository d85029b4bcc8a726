/** The worker's side of sources. */
export { executePull } from './execute.js';
