/**
 * The rows of the store as plain records, and what goes in to make them. Steps are grid steps of the dataset's
 * frequency; `…At` are instants. A missing observation is NaN in a Float64Array and NULL in SQL.
 */

export interface Page<T> {
  items: T[];
  /** Pass as `after` for the next page; null on the last. */
  next: string | null;
}

export interface PageQuery {
  after?: string | undefined;
  /** 1 – 1000, 100 unless given. */
  limit?: number | undefined;
}

export type Json = Record<string, unknown>;

// ---------------------------------------------------------------------------------------------- keys and uploads

export interface WorkspaceRecord {
  id: string;
  name: string;
  createdAt: Date;
}

export interface ApiKeyRecord {
  id: string;
  workspaceId: string;
  name: string;
  /** First characters of the key, to recognise it by. */
  prefix: string;
  scopes: string[];
  createdAt: Date;
  lastUsedAt: Date | null;
  /** From then on it opens nothing; null: it opens until it is revoked. */
  expiresAt: Date | null;
}

export interface UploadRecord {
  id: string;
  fileName: string;
  size: number;
  sha256: string;
  /** Where the bytes lie in object storage; `inline`: with the record, until they are packed with others. */
  objectKey: string;
  /** How the file was to be read: the ingest options. */
  mapping: Json;
  createdAt: Date;
}
/** With the id of `newId()` where somebody has to know it beforehand. */
export type NewUpload = Omit<UploadRecord, 'id' | 'createdAt' | 'objectKey'> & { id?: string } & (
    | { objectKey: string }
    /** Of a few rows: no file of its own. */
    | { content: Buffer }
  );

// ---------------------------------------------------------------------------------------------- datasets and series

export interface DatasetRecord {
  id: string;
  name: string;
  frequency: string;
  timeZone: string;
  aggregation: string | null;
  fillPolicy: string;
  /** Steps per season, shortest first, as they were declared; null: those of the frequency. */
  seasonLengths: number[] | null;
  /** Observations older than so many days are given up; null keeps all. */
  keepDays: number | null;
  /** 0 before the first version is committed; such a dataset is never listed. */
  currentVersion: number;
  seriesCount: number;
  observationCount: number;
  firstStep: number | null;
  lastStep: number | null;
  createdAt: Date;
  updatedAt: Date;
}

/** What the first version fixes. A later version must name the same frequency and time zone. */
export interface DatasetDefinition {
  name: string;
  frequency: string;
  timeZone: string;
  aggregation?: string | null;
  fillPolicy?: string;
  /** Undefined or null leaves those that the dataset has. */
  seasonLengths?: readonly number[] | null | undefined;
  /** Covariate channels by name; their values travel as pieces with `channel`. */
  pastCovariates?: readonly string[];
  futureCovariates?: readonly string[];
}

export interface ChannelRecord {
  channel: number;
  name: string;
  kind: 'target' | 'past' | 'future';
}

export interface DatasetVersionRecord {
  datasetId: string;
  no: number;
  uploadId: string | null;
  fileName: string | null;
  sha256: string | null;
  mode: 'append' | 'replace' | 'delete';
  rowsRead: number;
  rowsRejected: number;
  seriesCount: number;
  observationCount: number;
  firstStep: number | null;
  lastStep: number | null;
  findings: Json | null;
  committedAt: Date;
}

export interface SeriesRecord {
  id: number;
  datasetId: string;
  uniqueId: string;
  /** First observed step of the target. */
  firstStep: number;
  /** Steps from the first to the last observation, gaps included. */
  length: number;
  staticCovariates: Record<string, number | string | null>;
}

export interface GlanceModel {
  model: string;
  dataset: string;
  version: number;
  /** Of its training. */
  runId: string;
  score: Json | null;
  baselines: Json[] | null;
}

export interface GlanceMonitored {
  model: string;
  at: Date;
  alerts: Json[];
  /** A live score. */
  scored: Json | null;
}

export interface SeriesFilter extends PageQuery {
  /** Also those that have a place and no observation. */
  places?: boolean | undefined;
  /** Part of the id, any case. */
  search?: string | undefined;
  /** Static covariates and the values they must have, as text. */
  where?: Record<string, string> | undefined;
}

export interface RankingQuery extends SeriesFilter {
  by: 'error' | 'change';
  descending: boolean;
  /** Steps of the season that `change` compares with the one before. */
  season: number;
}

export interface RankedSeries extends SeriesRecord {
  /** Mean of the last season over that of the season before, minus 1; null where there is no such season, or its mean is 0. */
  change: number | null;
  /** Mean absolute error of the median over the mean size of what came; null where no forecast can be judged yet. */
  error: number | null;
}

/** Some consecutive steps of one channel of one series. Pieces of a series come together, in ascending order of steps. */
export interface SeriesPiece {
  /** `unique_id` */
  id: string;
  /** Name of a covariate channel; the target unless given. */
  channel?: string | undefined;
  firstStep: number;
  /** NaN: this upload says nothing about the step (a stored value stays). */
  values: Float64Array;
  staticCovariates?: Record<string, number | string | null> | undefined;
}

export interface VersionSummary {
  rowsRead: number;
  rowsRejected: number;
  findings: Json | null;
  /** Of what was written: steps that events cover in part. */
  partialSteps?: readonly { id: string; step: number }[];
}

/** What is taken out of a dataset. */
export type Cut = { uniqueIds: readonly string[] } | { beforeStep: number };

export interface CutVersion {
  version: number;
  /** Of the target, taken out. */
  observations: number;
}

export interface WriteVersion {
  dataset: DatasetDefinition;
  /** Wait at most so long for whoever else writes the dataset; for ever unless given. */
  patienceMs?: number;
  uploadId?: string | null;
  /** The run that writes; becomes part of the lineage. */
  runId?: string | null;
  /** `append`: steps named are added or corrected, others stay. `replace`: the pieces are the whole dataset. */
  mode: 'append' | 'replace';
  pieces: AsyncIterable<SeriesPiece> | Iterable<SeriesPiece>;
  /** Asked for after the last piece, inside the transaction; throwing refuses the whole version. */
  summary: (written: WrittenTotals) => VersionSummary | Promise<VersionSummary>;
  signal?: AbortSignal | undefined;
  /** Asked after the last piece with what the workspace then has, where it is given; throwing refuses the whole version. */
  refuse?: ((use: { series: number; observations: number }) => void) | undefined;
}

export interface WrittenTotals {
  /** Totals of the version, not only of what this upload named. */
  seriesCount: number;
  observationCount: number;
  firstStep: number | null;
  lastStep: number | null;
  shortest: { uniqueId: string; length: number } | null;
  chunksWritten: number;
}

export interface WrittenVersion extends WrittenTotals {
  datasetId: string;
  version: number;
  /** True where every step was stored with this value already: no version was made, `version` is the current one. */
  unchanged: boolean;
}

export interface ReadPanel {
  /** Current version unless given. */
  version?: number | undefined;
  /** Last step to read (inclusive). */
  untilStep?: number | undefined;
  /** `unique_id`s; every series unless given. */
  ids?: readonly string[] | undefined;
  /** Only `unique_id`s from the one to the other, both included, in byte order. */
  between?: { from: string; to: string } | undefined;
  /** Also read the covariate channels. */
  covariates?: boolean | undefined;
  /**
   * As if every value after a step were another one (of future covariates: after the other step), to see whether what rests on the
   * values before takes notice. Nothing is written.
   */
  altered?: { after: number; futureAfter: number } | undefined;
  /** Also series that have a place and no observation, as if they began at this step; left out unless given. */
  places?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** One series as arrays. All series of a panel come ordered by `id` (byte order). */
export interface StoredSeries {
  id: string;
  seriesId: number;
  firstStep: number;
  /** One value per step from the first to the last observation; NaN for gaps. */
  values: Float64Array;
  staticCovariates: Record<string, number | string | null>;
  /** By channel name; aligned with `values`; NaN where nothing is known. */
  pastCovariates?: Record<string, Float64Array>;
  /** By channel name; start at `firstStep`, may reach beyond `values`. */
  futureCovariates?: Record<string, Float64Array>;
}

/** A series by the store's number, or by the names that people know. */
export type SeriesKey = number | { dataset: string; uniqueId: string };

/** Points of a chart: `steps[i]` has `values[i]`; NaN where a bucket is empty. */
export interface SeriesRange {
  frequency: string;
  timeZone: string;
  /** Names the dataset and its version: the same question gets the same answer as long as it stays. */
  stamp: string;
  steps: Float64Array;
  values: Float64Array;
  /** True where a point stands for several steps (the minimum and maximum of each bucket are kept). */
  downsampled: boolean;
}

// ---------------------------------------------------------------------------------------------- runs

/** Every kind of run; what each has planned is read by the schema of its kind, which the store does not know. */
export type RunKind =
  'ingest' | 'train' | 'forecast' | 'backtest' | 'search' | 'monitor' | 'learn' | 'predict' | 'part' | 'import' | 'pull';
export type RunStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';

/** The plan of each kind of run. As the rows have them they are JSON that nobody has read yet. */
export type RunPlans = Record<RunKind, object>;
export type UnreadPlans = Record<RunKind, Json>;

/** What every run has, whatever its kind. */
export interface RunRow {
  id: string;
  status: RunStatus;
  /** Names, for lists and filters. */
  dataset: string | null;
  model: string | null;
  progress: Json | null;
  result: Json | null;
  error: Json | null;
  engine: Json | null;
  seed: number | null;
  codeVersion: string | null;
  cancelRequested: boolean;
  workerId: string | null;
  /** Times it was taken by a worker. */
  attempts: number;
  heartbeatAt: Date | null;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  /** The run that this one is a part of, and its place among the parts. */
  parentId: string | null;
  partNo: number | null;
  /** Job that carries it; null: that of its kind. */
  queue: string | null;
  /** It starts only once that run has ended. */
  afterId: string | null;
}

/** A run of one of these kinds, distinguished by `kind`; `config` is its plan. */
export type RunRecord<Plans extends RunPlans = UnreadPlans, Kind extends RunKind = RunKind> = {
  [K in Kind]: RunRow & { kind: K; config: Plans[K] };
}[Kind];

/** How far a part of a run is. */
export type PartState = Pick<RunRow, 'id' | 'status' | 'progress'> & { partNo: number };

/** How good the forecasts of one series were in a backtest, or on what a training held out. */
export interface SeriesScore {
  uniqueId: string;
  observations: number;
  wql: number | null;
  mase: number | null;
  mae: number | null;
  coverage80: number | null;
  /** What a training chose for it, and why. */
  why?: string | null;
}
/** Beside seasonal naive on the same steps. */
export type RankedScore = SeriesScore & { naiveWql: number | null; why: string | null };

/** Of all series, so many steps ahead. */
export type HorizonScore = Omit<SeriesScore, 'uniqueId' | 'why'> & { step: number };

/** What is known of a stored forecast. */
export interface ForecastScores {
  perHorizon: readonly HorizonScore[];
  series: readonly SeriesScore[];
  /** Seasonal naive on the same steps. */
  naive: readonly SeriesScore[];
}

/** An observation far outside what was forecast. */
export interface NewAnomaly {
  seriesId: number;
  step: number;
  value: number;
  median: number;
  /** The 95 % interval. */
  lower: number;
  upper: number;
  /** Distance from the median in half widths of that interval. */
  score: number;
}
export interface AnomalyRecord extends Omit<NewAnomaly, 'seriesId'> {
  uniqueId: string;
  /** The forecast that did not expect it, and the monitor run that saw it first. */
  runId: string;
  foundBy: string;
  foundAt: Date;
}
export interface AnomalyQuery extends PageQuery {
  uniqueId?: string | readonly string[] | undefined;
  foundBy?: string | undefined;
}

/** A point of a training's curve. */
export interface RunPoint {
  step: number;
  loss: number | null;
  validation: number | null;
  stepsPerSecond: number | null;
}

/** A run that has yet to be written down. */
export type NewRun<Plans extends RunPlans = UnreadPlans, Kind extends RunKind = RunKind> = {
  [K in Kind]: Partial<Pick<RunRow, 'dataset' | 'model' | 'seed' | 'codeVersion' | 'queue' | 'afterId'>> & { kind: K; config: Plans[K] };
}[Kind];

/** Parts are listed only where their run is named. */
export interface RunQuery extends PageQuery {
  parentId?: string | undefined;
  kind?: RunKind | undefined;
  status?: RunStatus | undefined;
  dataset?: string | undefined;
  model?: string | undefined;
}

/** `line` is null where the format has none (Parquet). */
export interface RejectedRow {
  line: number | null;
  rule: string;
  text: string;
}

/** A dataset version that a run read or wrote. */
export interface RunInput {
  datasetId: string;
  dataset: string;
  version: number;
  /** sha256 of every upload the version rests on, oldest first. */
  uploads: string[];
}

// ---------------------------------------------------------------------------------------------- models and forecasts

export type AliasName = 'champion' | 'challenger';

export interface ModelRecord {
  id: string;
  name: string;
  datasetId: string;
  dataset: string;
  /** Highest version number; 0 when there is none yet. */
  latest: number;
  champion: number | null;
  /** Where the champion is a baseline that stands in for another version. */
  standsIn: Json | null;
  createdAt: Date;
}

export interface ModelVersionRecord {
  id: string;
  modelId: string;
  model: string;
  no: number;
  runId: string;
  kind: string;
  horizon: number;
  config: Json;
  /** What was measured: score, baselines, wqlRatio … */
  metrics: Json;
  manifestKey: string;
  weightsKey: string;
  /** Of the weights, checked when they are loaded. */
  sha256: string;
  aliases: AliasName[];
  tags: Record<string, string>;
  createdAt: Date;
}
export type NewModelVersion = Pick<
  ModelVersionRecord,
  'runId' | 'kind' | 'horizon' | 'config' | 'metrics' | 'manifestKey' | 'weightsKey' | 'sha256'
>;

export interface AliasChangeRecord {
  alias: AliasName;
  version: number;
  reason: string;
  /** Monitoring gave the alias back, because the version that bore it was worse than seasonal naive. */
  rollback: boolean;
  fromAt: Date;
  toAt: Date | null;
}

export interface NewForecast {
  seriesId: number;
  /** Step of the last observation used, and the instant at which that step starts. */
  cutoffStep: number;
  cutoffTime: Date;
  horizon: number;
  levels: readonly number[];
  /** [levels, horizon], level-major. */
  quantiles: Float64Array;
  /** sha256 of the calibration that the quantiles went through, and what they were before. */
  calibration?: string | undefined;
  modelQuantiles?: Float64Array | undefined;
  notes?: readonly ForecastNote[] | undefined;
}

/** Notes that a reader of the forecast needs. */
export interface ForecastNote {
  code: string;
  detail: string;
}

/** A note that forecasts of a run bear, with how many do, and the first of them. */
export interface RunNote extends ForecastNote {
  series: number;
  examples: string[];
}

/** A calibration of a model version for one series, in the format of `OnlineConformal`. */
export interface CalibrationRecord {
  seriesId: number;
  /** Of `observedUntil` and `state`. */
  sha256: string;
  /** Every outcome up to this step has been learned from. */
  observedUntil: number;
  state: Json;
}

/** A forecast to learn from, with the quantiles as they were before any calibration. */
export interface RipeForecast extends Pick<NewForecast, 'seriesId' | 'cutoffStep' | 'horizon' | 'levels' | 'quantiles'> {
  modelVersionId: string;
  /** What the latest calibration has learned; null where there is none. */
  observedUntil: number | null;
}

export interface ForecastRecord {
  runId: string;
  model: string;
  version: number;
  datasetId: string;
  dataset: string;
  frequency: string;
  timeZone: string;
  seriesId: number;
  uniqueId: string;
  cutoffStep: number;
  cutoffTime: Date;
  horizon: number;
  levels: number[];
  quantiles: Float64Array;
  /** sha256 of the calibration that the quantiles went through; null where they are the model's own. */
  calibration: string | null;
  notes: ForecastNote[] | null;
}

export interface ForecastQuery extends PageQuery {
  dataset?: string | undefined;
  model?: string | undefined;
  uniqueId?: string | readonly string[] | undefined;
  /** Everything of one run; otherwise the latest forecast of each series. */
  runId?: string | undefined;
  /** Every forecast of each series, the oldest cutoff first. */
  history?: boolean | undefined;
}

export interface AttentionRecord {
  runId: string;
  seriesId: number;
  cutoffStep: number;
  horizon: number;
  contextLength: number;
  columnSteps: number;
  /** [horizon, columns] by name. */
  maps: Record<string, Float32Array>;
  branches: string[];
  /** [horizon, branches] */
  gate: Float32Array;
}

/** A change of a stored forecast. */
export interface NewOverride {
  runId: string;
  seriesId: number;
  cutoffStep: number;
  /** Grid steps, both changed. */
  fromStep: number;
  toStep: number;
  change: 'set' | 'add' | 'percent';
  amount: number;
  reason: string;
}

export interface OverrideRecord extends NewOverride {
  id: string;
  uniqueId: string;
  madeAt: Date;
  madeBy: string | null;
}

/** What the median of a forecast is made of. */
export interface ContributionRecord {
  runId: string;
  seriesId: number;
  cutoffStep: number;
  horizon: number;
  /** Level first, rest last; they add up to the median. */
  parts: { kind: string; name: string; values: Float64Array }[];
}

// ---------------------------------------------------------------------------------------------- schedules, keys, workers

export interface ScheduleRecord {
  id: string;
  name: string;
  cron: string;
  timeZone: string;
  action: Json;
  paused: boolean;
  /** What becomes of a due time while the run before is open. */
  overlap: 'skip' | 'queue' | 'cancel';
  /** Which missed due times are made up for; with `all` the last `catchUpLimit` of them. */
  catchUp: 'none' | 'latest' | 'all';
  catchUpLimit: number;
  nextDueAt: Date | null;
  lastFiredAt: Date | null;
  lastRunId: string | null;
  createdAt: Date;
}
export type NewSchedule = Pick<ScheduleRecord, 'name' | 'cron' | 'timeZone' | 'action' | 'paused' | 'nextDueAt'> &
  Partial<Pick<ScheduleRecord, 'overlap' | 'catchUp' | 'catchUpLimit'>>;
export type SchedulePatch = Partial<Omit<NewSchedule, 'name'>>;

export interface FiringRecord {
  /** The last, where it stands for several due times. */
  dueAt: Date;
  /** The first, where it stands for several due times; otherwise null. */
  firstDueAt: Date | null;
  /** How many due times it stands for. */
  dueTimes: number;
  firedAt: Date;
  runId: string | null;
  outcome: 'fired' | 'skipped';
  /** Why it was skipped. */
  reason: 'downtime' | 'overlap' | null;
}

/** A key that a request holds: nobody else works under it. */
export interface HeldKey {
  readonly key: string;
  readonly holder: string;
}

export type IdempotencyState =
  /** First time: do the work, then call `finish`. */
  | { state: 'new'; held: HeldKey }
  /** The work was done and its answer was lost; this run came of it. */
  | { state: 'made'; runId: string }
  /** Seen before with the same request: answer the same. */
  | { state: 'done'; status: number; body: unknown }
  /** Somebody is at it. */
  | { state: 'running' }
  /** The key was used for another request. */
  | { state: 'conflict' };

export interface WorkerRecord {
  id: string;
  engine: Json | null;
  /** Threads, memory and devices that it offers. */
  resources: Json | null;
  startedAt: Date;
  seenAt: Date;
  /** Ids of the runs that it is at, of any workspace. */
  busyWith: string[];
  /** How far the clock of its machine is ahead of the database's; null where it did not say. */
  clockSkewMs: number | null;
}

// ---------------------------------------------------------------------------------------------- erasures

export interface ErasedObject {
  sha256: string;
  what: 'upload' | 'weights' | 'manifest' | 'state';
  /** Null while it is to be done; `kept` where something else has the same content. */
  fate: 'deleted' | 'kept' | null;
}

export interface ErasureRecord {
  id: string;
  kind: 'dataset' | 'series' | 'workspace';
  name: string;
  /** Rows that went, by what they were. */
  rows: Record<string, number>;
  objects: ErasedObject[];
  requestedAt: Date;
  completedAt: Date | null;
}

/** Rows that can be held by their name, a webhook by its id. */
export type Holdable = 'schedule' | 'source' | 'webhook' | 'dataset' | 'model' | 'member' | 'workspace' | 'retention';

// ---------------------------------------------------------------------------------------------- quotas

/** What is counted of a workspace; `uploads` and `streams` are those under way. */
export type Counted = 'openRuns' | 'webhooks' | 'sources' | 'series' | 'observations' | 'bytes' | 'uploads' | 'streams';

// ---------------------------------------------------------------------------------------------- retention

/** `runs`: all but those of forecasts; `logs`: firings of schedules and training curves. */
export type KeptName = 'forecasts' | 'runs' | 'logs';

// ---------------------------------------------------------------------------------------------- audit

/** `operator`: at the machine itself; `system`: the program of its own accord; `database`: somebody with SQL. */
export type ActorKind = 'key' | 'user' | 'run' | 'schedule' | 'operator' | 'system' | 'database';

export interface Actor {
  kind: ActorKind;
  id: string;
  /** As it was called then. */
  name: string;
}

export interface Acting {
  actor: Actor;
  /** Name of the endpoint, of the command or of the kind of run. */
  action: string;
  /** Where the request came from. */
  address?: string | undefined;
  requestId?: string | undefined;
}

export interface NewAuditEntry {
  /** That of `Acting` unless given. */
  action?: string | undefined;
  object: { kind: string; id?: string | undefined; name?: string | undefined };
  before?: Json | undefined;
  after?: Json | undefined;
}

export interface AuditEntryRecord {
  /** Counts from 1 in each workspace, without a gap. */
  no: number;
  at: Date;
  actor: { kind: ActorKind; id: string | null; name: string | null };
  action: string;
  object: { kind: string; id: string | null; name: string | null };
  /** Of a change only what changed; null where the object was made, or nothing was written down. */
  before: Json | null;
  after: Json | null;
  address: string | null;
  requestId: string | null;
  /** sha256 in hex, of this entry and the hash of the one before. */
  hash: string;
}

export interface AuditQuery {
  /** Id or name of who acted. */
  actor?: string | undefined;
  action?: string | undefined;
  objectKind?: string | undefined;
  /** Id or name. */
  object?: string | undefined;
  from?: Date | undefined;
  /** Before this instant. */
  to?: Date | undefined;
}

export interface AuditVerdict {
  /** Number of the first entry that is not as it was written, or is not there; null where all are. */
  firstBroken: number | null;
  entries: number;
  /** The last entry; null where there is none. */
  head: { no: number; hash: string } | null;
}

// ---------------------------------------------------------------------------------------------- sources

/** Where a dataset gets its rows from. */
export interface SourceRecord {
  id: string;
  name: string;
  from: Json;
  hasSecret: boolean;
  options: Json;
  /** How far it has been read and stored. */
  state: Json;
  revision: number;
  turn: number;
  createdAt: Date;
  /** The run that read it last. */
  runId: string | null;
  runStatus: RunStatus | null;
  runResult: Json | null;
  runError: Json | null;
  runAt: Date | null;
  /** Of the ingest runs that came of it. */
  ingests: { failed: number; open: number };
}
/** An ingest run of what was read of a source. */
export interface SourceUpload {
  id: string;
  plan: Json;
  open: boolean;
}
/** Of a bucket. */
export interface SourceObject {
  key: string;
  etag: string;
}
export interface NewSource {
  name: string;
  from: Json;
  secret: string | undefined;
  options: Json;
}

// ---------------------------------------------------------------------------------------------- webhooks

export interface WebhookRecord {
  id: string;
  url: string;
  events: string[];
  description: string;
  enabled: boolean;
  createdAt: Date;
  /** Until then the secret before the present one signs too. */
  previousSecretUntil: Date | null;
}
export interface NewWebhook extends Omit<WebhookRecord, 'id' | 'createdAt' | 'previousSecretUntil'> {
  /** `whsec_` and the key of the signature in base64. */
  secret: string;
}

export type DeliveryStatus = 'pending' | 'delivered' | 'failed';

export interface DeliveryRecord {
  id: string;
  no: number;
  webhookId: string;
  /** The same for every attempt and replay of one message. */
  messageId: string;
  event: string;
  payload: Json;
  status: DeliveryStatus;
  attempts: number;
  nextAttemptAt: Date;
  responseStatus: number | null;
  error: string | null;
  createdAt: Date;
  attemptedAt: Date | null;
}

export interface AttemptEnd {
  delivered: boolean;
  responseStatus: number | null;
  error: string | null;
  /** Null: given up. */
  retryAfterMs: number | null;
}
