/** Backtests, as they are asked for; `@almanac/flow/backtest/execute` is the worker's side. */
export { type BacktestPlan } from './plan.js';
export { requestBacktest } from './request.js';
