/** Observations on their way in and out, as they are asked for; `@almanac/flow/ingest/execute` is the worker's side. */
export { appendObservations } from './append.js';
export { type ArrivedFile, type IngestPlan, requestIngest } from './request.js';
export { applyRetention, deleteSeries, setRetention } from './retention.js';
