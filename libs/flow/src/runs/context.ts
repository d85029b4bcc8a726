/** What every use case is handed: the store of one workspace, the queue, object storage and a clock. */
import type { JobName } from '@almanac/contracts';
import type { IngestLimits, JobDefinition, Logger, ObjectStore, Queue, RunLimits } from '@almanac/platform';
import type { RunRecord, Store } from '@almanac/store';

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
  /** What an upload may take and how far a dataset may reach; `DEFAULT_INGEST_LIMITS` unless given. */
  ingest?: IngestLimits;
}

const HOUR_SECONDS = 3600;

/** One queue per kind of run. A run that ends with an error is a job done: only what could not be carried out is tried again. */
export const JOBS: readonly JobDefinition<JobName>[] = [
  { name: 'ingest', attempts: 5, backoffSeconds: 5, deadlineSeconds: 6 * HOUR_SECONDS },
  { name: 'train', attempts: 5, backoffSeconds: 5, deadlineSeconds: 23 * HOUR_SECONDS },
  { name: 'forecast', attempts: 5, backoffSeconds: 5, deadlineSeconds: 6 * HOUR_SECONDS },
  { name: 'backtest', attempts: 5, backoffSeconds: 5, deadlineSeconds: 23 * HOUR_SECONDS },
  { name: 'monitor', attempts: 5, backoffSeconds: 5, deadlineSeconds: HOUR_SECONDS },
  { name: 'learn', attempts: 5, backoffSeconds: 5, deadlineSeconds: 6 * HOUR_SECONDS },
  { name: 'predict', attempts: 3, backoffSeconds: 1, deadlineSeconds: HOUR_SECONDS },
  { name: 'deliver', attempts: 2, backoffSeconds: 5, deadlineSeconds: 120 },
  { name: 'part', attempts: 5, backoffSeconds: 5, deadlineSeconds: 6 * HOUR_SECONDS },
  { name: 'member', attempts: 5, backoffSeconds: 5, deadlineSeconds: 23 * HOUR_SECONDS },
  { name: 'gpu', attempts: 5, backoffSeconds: 5, deadlineSeconds: 23 * HOUR_SECONDS },
];

/** The job that carries a run. */
export const jobOf = ({ kind, queue }: Pick<RunRecord, 'kind' | 'queue'>): JobName => (queue ?? kind) as JobName;
