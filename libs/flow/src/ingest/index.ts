/** Observations on their way in and out, as they are asked for; `@almanac/flow/ingest/execute` is the worker's side. */
export { appendObservations, packAppends } from './append.js';
export { type IngestPlan } from './plan.js';
export { acceptedUpload, type ArrivedFile, requestIngest } from './request.js';
export { applyRetention, updateDataset } from './retention.js';
