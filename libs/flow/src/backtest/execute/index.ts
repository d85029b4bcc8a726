/** The worker's side of backtests. */
export { executeBacktest } from './execute.js';
