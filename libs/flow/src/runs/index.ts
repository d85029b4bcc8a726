/** Runs: anything that takes longer than a request. This is the request side; `@almanac/flow/runs/execute` is the worker's. */
export { type DatabaseClock, startClock } from './clock.js';
export { type FlowContext, JOBS } from './context.js';
export { cancelRun, startRun } from './runs.js';
export { toRun } from './wire.js';
export { inWorkspaces } from './workspaces.js';
