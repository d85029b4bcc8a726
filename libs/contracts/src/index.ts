/** The wire: schemas, the endpoint table, job payloads and the typed client. Runs in a browser as well. */
export { type AlmanacClient, ApiError, buildPath, type ClientOptions, createClient, CSRF_HEADER, WORKSPACE_HEADER } from './client.js';
export {
  endpoints,
  type Endpoint,
  type EndpointInput,
  type EndpointName,
  type EndpointOutput,
  type ItemOf,
  type ListName,
} from './endpoints.js';
export { JOB_NAMES, deliverJob, type DeliverJob, type JobName, runJob, type RunJob } from './jobs.js';
export { explainError, fromProblem, toProblem, withHint } from './problem.js';
export * from './schemas/admission.js';
export * from './schemas/audit.js';
export * from './schemas/backtests.js';
export * from './schemas/choice.js';
export * from './schemas/common.js';
export * from './schemas/contributions.js';
export * from './schemas/datasets.js';
export * from './schemas/decomposition.js';
export * from './schemas/erasures.js';
export * from './schemas/forecasts.js';
export * from './schemas/gaps.js';
export * from './schemas/models.js';
export * from './schemas/learning.js';
export * from './schemas/monitoring.js';
export * from './schemas/nixtla.js';
export * from './schemas/overrides.js';
export * from './schemas/overview.js';
export * from './schemas/people.js';
export * from './schemas/predictions.js';
export * from './schemas/quotas.js';
export * from './schemas/retention.js';
export * from './schemas/runs.js';
export * from './schemas/schedules.js';
export * from './schemas/searches.js';
export * from './schemas/system.js';
export * from './schemas/totals.js';
export * from './schemas/sources.js';
export * from './schemas/webhooks.js';
export { JOINT, LOOKS_LIKE_TIME, partOf, partsOf, type TimePart, timeTogether } from './timeParts.js';
