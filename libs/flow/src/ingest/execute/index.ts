/** The worker's side of ingest. */
import type { PlannedRun } from '../../runs/kinds.js';
import type { RunContext, Worked } from '../../runs/execute/index.js';
import { ingestUpload } from './execute.js';

export { ingestUpload, type IngestDependencies, type IngestRequest } from './execute.js';

export async function executeIngest(context: RunContext<PlannedRun<'ingest'>>): Promise<Worked> {
  const { store, objects, ingest: limits, run, signal, report } = context;
  const { uploadId, options } = run.config;
  return ingestUpload(
    { store, objects, limits },
    { uploadId, options, runId: run.id, onProgress: (progress) => void report(progress), signal },
  );
}
