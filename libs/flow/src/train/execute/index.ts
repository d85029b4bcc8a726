/** The worker's side of training. */
export { executeTraining } from './execute.js';
export { givingWay, type HeldRuns } from './giveWay.js';
export { executeMember } from './members.js';
