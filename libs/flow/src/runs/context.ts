/** What every use case is handed: the store of one workspace, the queue, object storage and a clock. */
import type { JobName } from '@almanac/contracts';
import type { IngestLimits, Logger, ObjectStore, Queue, RunLimits, SourceLimits } from '@almanac/platform';
import type { Store } from '@almanac/store';
import type { Quotas } from '../quota/limits.js';

/** A run that has ended here. */
export interface EndedRun {
  kind: string;
  status: 'succeeded' | 'failed' | 'cancelled';
  seconds: number;
  result: unknown;
}

export interface FlowContext {
  store: Store;
  queue: Queue<JobName>;
  objects: ObjectStore;
  logger: Logger;
  /** The only source of the present; tests inject their own. */
  now: () => Date;
  /** Recorded in the lineage. */
  codeVersion: string;
  /** What a run may take; none but those of the workers unless given. */
  limits?: RunLimits;
  /** What a workspace may have where nothing else was set for it; `STANDARD_QUOTAS` unless given. */
  quotas?: Quotas;
  /** What an upload may take and how far a dataset may reach; `DEFAULT_INGEST_LIMITS` unless given. */
  ingest?: IngestLimits;
  /** What may be read from others' servers; `DEFAULT_SOURCE_LIMITS` unless given. */
  sources?: SourceLimits;
  /** Counts the runs that end in this process. */
  onRunEnd?: (run: EndedRun) => void;
}
