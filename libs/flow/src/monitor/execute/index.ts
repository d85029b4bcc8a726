/** The worker's side of monitoring. */
export { executeMonitoring } from './execute.js';
