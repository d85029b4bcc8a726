/** Monitoring, as it is asked for; `@almanac/flow/monitor/execute` is the worker's side. */
export { findDrift, isWorseThanNaive } from './drift.js';
export { inputDrift } from './inputs.js';
export { requestMonitoring } from './request.js';
