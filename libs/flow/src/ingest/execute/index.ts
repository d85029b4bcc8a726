/** The worker's side of ingest. */
export { ingestUpload, type IngestDependencies, type IngestRequest } from './execute.js';
