/** Backtests, as they are asked for; `@almanac/flow/backtest/execute` is the worker's side. */
export { type BacktestPlan, requestBacktest } from './request.js';
