/** The worker's side of ingest. */
import { PROCESS_BYTES } from '@almanac/forecasting/plan';
import { DEFAULT_INGEST_LIMITS } from '@almanac/platform';
import type { Store } from '@almanac/store';
import type { Compute } from '../../compute/index.js';
import type { PlannedRun } from '../../runs/kinds.js';
import type { RunContext, Worked } from '../../runs/execute/index.js';
import { ingestUpload } from './execute.js';

export { ingestUpload, type IngestDependencies, type IngestRequest } from './execute.js';

/** Memory of the reader for a byte of the file, beside that of any process; its limit holds anyway. */
const BYTES_PER_BYTE = 4;
/** Bytes of a file; a smaller one is read before a second thread would help. */
const SHARED_FROM = 4 * 2 ** 20;

export async function executeIngest(context: RunContext<PlannedRun<'ingest'>>, compute: Compute): Promise<Worked> {
  const { store, objects, ingest: limits = DEFAULT_INGEST_LIMITS, quotas, now, run, signal, report } = context;
  const { uploadId, options, source } = run.config;
  const beside = source && ((within: Store) => within.sources.advance(source.id, source.revision, source.next, source.object));
  const { size } = await store.uploads.get(uploadId);
  const memoryBytes = Math.min(limits.memoryMb * 2 ** 20, PROCESS_BYTES + BYTES_PER_BYTE * size);
  const threads = size < SHARED_FROM ? 1 : Math.min(limits.threads, compute.threads);
  return compute.hold({ threads, memoryBytes }, signal, () =>
    ingestUpload(
      { store, objects, limits: { ...limits, threads }, quotas, now },
      { uploadId, options, runId: run.id, onProgress: (progress) => void report(progress), signal, beside },
    ),
  );
}
