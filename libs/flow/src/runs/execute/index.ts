/** The worker's side of runs. */
export { executeRun, type Holder, newWorkerId, type RunContext, type Work } from './execute.js';
export { reconcile } from './reconcile.js';
