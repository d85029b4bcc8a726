/** The worker's side of training. */
export { executeTraining } from './execute.js';
export { executeMember } from './members.js';
