/** Searches, as they are asked for; `@almanac/flow/search/execute` is the worker's side. */
export { type SearchPlan } from './plan.js';
export { getSearchSpace, requestSearch } from './request.js';
