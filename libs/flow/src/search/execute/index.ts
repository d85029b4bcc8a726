/** What a worker does for a search, and for each of its trials. */
export { executeSearch, executeTrial } from './execute.js';
