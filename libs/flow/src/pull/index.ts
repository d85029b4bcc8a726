/** Sources, as they are asked for and read; `@almanac/flow/pull/execute` is the worker's side. */
export { planPullRun, requestPull } from './request.js';
export { createSource, deleteSource, getSource, listSources, updateSource } from './sources.js';
