/** The worker's side of backtests. */
export { executeBacktest, executeBacktestPart } from './execute.js';
