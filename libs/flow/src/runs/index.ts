/** Runs: anything that takes longer than a request. This is the request side; `@almanac/flow/runs/execute` is the worker's. */
export { type DatabaseClock, startClock } from './clock.js';
export { type EndedRun, type FlowContext } from './context.js';
export { jobOf, JOBS, type NewPlannedRun, type PlannedRun, readRun, RUN_KINDS } from './kinds.js';
export { resumeRun } from './resume.js';
export { cancelRun, carry } from './runs.js';
export { toRun } from './wire.js';
export { inWorkspaces } from './workspaces.js';
