/**
 * The store by noun. Everything below one `Store` belongs to one workspace. `get` throws a coded 404 where `find` gives
 * null; lists are pages with cursors.
 */
import type * as people from './people.js';
import type { Server } from './schema/server.js';
import type * as r from './records.js';

/** The store's own workspace is `get`; everything else here is the operator's. */
export interface Workspaces {
  get(): Promise<r.WorkspaceRecord>;
  /** @throws AlmanacError WORKSPACE_NOT_FOUND */
  find(name: string): Promise<r.WorkspaceRecord>;
  /** @throws AlmanacError WORKSPACE_EXISTS */
  create(name: string): Promise<r.WorkspaceRecord>;
  list(query: r.PageQuery): Promise<r.Page<r.WorkspaceRecord>>;
  /** @throws AlmanacError WORKSPACE_NOT_FOUND, WORKSPACE_EXISTS */
  rename(name: string, to: string): Promise<r.WorkspaceRecord>;
  /** With all that is in it; returns the id of its erasure. @throws AlmanacError WORKSPACE_NOT_FOUND, WORKSPACE_BUSY */
  delete(name: string): Promise<string>;
  /** Ids of the workspaces that have open runs, due schedules or due deliveries. */
  having(kind: 'runs' | 'schedules' | 'deliveries' | 'retention' | 'kept', now: Date): Promise<string[]>;
}

export interface ApiKeys {
  /** @param hash sha256 of the key, in hex; the key itself is never stored */
  create(key: { name: string; prefix: string; hash: string; scopes: readonly string[]; expiresAt?: Date | null }): Promise<r.ApiKeyRecord>;
  /**
   * Another key in place of one that opens: with its name and scopes, and as long a life where that has an end. The one before
   * opens for so long yet, and not beyond its own end. @throws AlmanacError API_KEY_NOT_FOUND
   */
  rotate(id: string, key: { prefix: string; hash: string }, overlapMs: number): Promise<{ made: r.ApiKeyRecord; previousUntil: Date }>;
  /** Makes the key if its hash is not there yet; null where it was revoked, which it stays. */
  ensure(key: { name: string; prefix: string; hash: string; scopes: readonly string[] }): Promise<r.ApiKeyRecord | null>;
  /** Of any workspace; keys that were revoked or have expired are not found. Notes the use, at most once a minute. */
  findByHash(hash: string): Promise<r.ApiKeyRecord | null>;
  /** Those of the hashes that belong to a key which opens. */
  known(hashes: readonly string[]): Promise<ReadonlySet<string>>;
  list(query: r.PageQuery): Promise<r.Page<r.ApiKeyRecord>>;
  /** @throws AlmanacError API_KEY_NOT_FOUND, API_KEY_LAST_ADMIN: somebody must be able to make the next one */
  revoke(id: string): Promise<void>;
  /** Number of keys with the scope `admin` that open, and go on to. */
  admins(): Promise<number>;
}

export interface Uploads {
  create(upload: r.NewUpload): Promise<r.UploadRecord>;
  /** @throws AlmanacError UPLOAD_NOT_FOUND */
  get(id: string): Promise<r.UploadRecord>;
  /** The committed version of a dataset that rests on the same bytes read the same way, newest first; else null. */
  findCommitted(dataset: string, sha256: string, mapping: r.Json): Promise<r.DatasetVersionRecord | null>;
  /** Forgets one on which nothing rests. */
  remove(id: string): Promise<void>;
  /** Makes one file of many that have none of their own, in every workspace. @returns how many files were made */
  pack(put: (content: Buffer) => Promise<unknown>): Promise<number>;
}

export interface Datasets {
  list(query: r.PageQuery): Promise<r.Page<r.DatasetRecord>>;
  find(name: string): Promise<r.DatasetRecord | null>;
  /** @throws AlmanacError DATASET_NOT_FOUND */
  get(name: string): Promise<r.DatasetRecord>;
  getById(id: string): Promise<r.DatasetRecord>;
  channels(datasetId: string): Promise<r.ChannelRecord[]>;
  /** Newest first. */
  versions(datasetId: string, query: r.PageQuery): Promise<r.Page<r.DatasetVersionRecord>>;
  /** @throws AlmanacError DATASET_VERSION_NOT_FOUND */
  version(datasetId: string, no: number): Promise<r.DatasetVersionRecord>;
  /** By `unique_id`, the steps of a version that events cover in part. */
  partialSteps(datasetId: string, no: number): Promise<Readonly<Record<string, readonly number[]>>>;
  /** Steps of all series of the current version, and the rows that were taken in since the dataset was last replaced. */
  extent(datasetId: string): Promise<{ steps: number; rows: number }>;
  /** @param changes keepDays null keeps all, seasonLengths null are those of the frequency. @throws AlmanacError DATASET_NOT_FOUND */
  update(
    name: string,
    changes: { keepDays?: number | null | undefined; seasonLengths?: number[] | null | undefined },
  ): Promise<r.DatasetRecord>;
  /** Those that keep their observations for a time. */
  listKept(): Promise<r.DatasetRecord[]>;
  /** Takes observations out: a new version without them; null where there were none. @throws AlmanacError SERIES_NOT_FOUND */
  cut(datasetId: string, what: r.Cut): Promise<r.CutVersion | null>;
  /**
   * Gives up versions before the last `keepLast` (10 unless given) that no run but an ingest rests on, and drops the chunks
   * that only they hold. Such a version can no longer be read. Returns the number of chunks dropped.
   */
  compact(datasetId: string, options?: { keepLast?: number }): Promise<number>;
}

export interface Series {
  /** One transaction: readers see the whole version or none of it. */
  writeVersion(write: r.WriteVersion): Promise<r.WrittenVersion>;
  /** Streams series one by one over COPY binary; memory holds one series. */
  readPanel(datasetId: string, options?: r.ReadPanel): AsyncGenerator<r.StoredSeries, void>;
  /**
   * Values of one series for a chart, at most `maxPoints` of them, in one round trip. With `known`, the stamp of an earlier
   * answer, there are no points where nothing has changed.
   * @throws AlmanacError DATASET_NOT_FOUND, SERIES_NOT_FOUND, CHANNEL_NOT_FOUND, DATASET_VERSION_DROPPED
   */
  readRange(
    series: r.SeriesKey,
    range?: { fromStep?: number; toStep?: number; maxPoints?: number; channel?: string; version?: number; known?: string },
  ): Promise<r.SeriesRange>;
  /** Ordered by `unique_id`. */
  list(datasetId: string, query?: r.SeriesFilter): Promise<r.Page<r.SeriesRecord>>;
  /** Names of the static covariates that are numbers. */
  staticNumbers(datasetId: string): Promise<string[]>;
  /** Names of static covariates with their values, the most frequent first, at most so many of each and one more. */
  staticCovariates(datasetId: string, most: number): Promise<{ name: string; value: string; series: number }[]>;
  /** By the error of the latest forecast that can be judged, or by how the last season differs from the one before. */
  ranked(datasetId: string, query: r.RankingQuery): Promise<r.Page<r.RankedSeries>>;
  /** Also one that has a place and no observation. */
  find(datasetId: string, uniqueId: string): Promise<r.SeriesRecord | null>;
  /** The same. @throws AlmanacError SERIES_NOT_FOUND */
  get(datasetId: string, uniqueId: string): Promise<r.SeriesRecord>;
  /** First and last step of every series of the current version, or of those named. */
  spans(datasetId: string, uniqueIds?: readonly string[]): Promise<{ uniqueId: string; firstStep: number; lastStep: number }[]>;
  /** Lengths of the series of the current version, of some of them where there are more than `most`. */
  lengths(datasetId: string, most?: number): Promise<number[]>;
  /** All series that a dataset ever had, in byte order of their ids, cut into groups of `size`. */
  groups(datasetId: string, size: number): Promise<{ from: string; to: string }[]>;
}

/** Every change is announced: see `onChange`. A finished run never changes again; calls that would are refused. */
export interface Runs {
  create(run: r.NewRun): Promise<r.RunRecord>;
  /** @throws AlmanacError RUN_NOT_FOUND */
  get(id: string): Promise<r.RunRecord>;
  /** Those of these ids that are runs of this workspace, in the same order. */
  known(ids: readonly string[]): Promise<string[]>;
  /**
   * The newest open upload into a dataset, dry runs aside. Held until the transaction ends: of several that accept uploads
   * at once each sees the one before.
   */
  lastOpenUpload(dataset: string): Promise<string | null>;
  /** Newest first. */
  list(query?: r.RunQuery): Promise<r.Page<r.RunRecord>>;
  /** Writes the parts of a run down, in one step; those that are there already stay. Returns all of them in order. */
  createParts(parentId: string, parts: readonly Omit<r.NewRun, 'afterId'>[]): Promise<r.RunRecord[]>;
  /** In order. */
  partStates(parentId: string): Promise<r.PartState[]>;
  /** In order. */
  parts(parentId: string): Promise<r.RunRecord[]>;
  /** Queued parts are cancelled at once, running ones are asked to stop. */
  cancelParts(parentId: string): Promise<void>;
  /** Queued runs that waited for this one to end. */
  followers(id: string): Promise<r.RunRecord[]>;
  /** queued -> running for this worker; null where the run is no longer queued, or still waits for another. */
  claim(id: string, workerId: string): Promise<r.RunRecord | null>;
  /** Tells that the worker lives. `lost`: the run is no longer this worker's; `cancel`: it should stop. */
  heartbeat(id: string, workerId: string): Promise<{ lost: boolean; cancel: boolean }>;
  /** Merges nothing: replaces the progress of a running run. The points join its curve; one at a known step replaces that. */
  progress(id: string, progress: r.Json, points?: readonly r.RunPoint[]): Promise<void>;
  /** Of one forecaster in a backtest; saving them again changes nothing. */
  saveSeriesScores(id: string, label: string, scores: readonly r.SeriesScore[]): Promise<void>;
  /** Worst WQL first. */
  seriesScores(id: string, query: r.PageQuery & { label: string; search?: string | undefined }): Promise<r.Page<r.RankedScore>>;
  /** Gives a run that goes on from another the curve of that. */
  copyCurve(from: string, to: string): Promise<void>;
  /** Ascending steps. */
  curve(id: string): Promise<r.RunPoint[]>;
  setEngine(id: string, engine: r.Json): Promise<void>;
  /** running -> succeeded. @throws AlmanacError RUN_ALREADY_FINISHED */
  succeed(id: string, result: r.Json): Promise<r.RunRecord>;
  /** queued or running -> failed. @throws AlmanacError RUN_ALREADY_FINISHED */
  fail(id: string, error: r.Json): Promise<r.RunRecord>;
  /** running -> cancelled. @throws AlmanacError RUN_ALREADY_FINISHED */
  markCancelled(id: string): Promise<r.RunRecord>;
  /** A queued run is cancelled at once, a running one is asked to stop, a finished one stays; its parts likewise. */
  requestCancel(id: string): Promise<r.RunRecord>;
  /** running -> queued, by the worker that holds it and is stopping; nothing where it holds it no more. */
  release(id: string, workerId: string): Promise<void>;
  /** Whether the worker of a running run was heard of within this time. */
  isAlive(id: string, silentForMs: number): Promise<boolean>;
  /** running -> queued for runs whose worker has not been heard of; returns them, to be enqueued again. */
  requeueStale(silentForMs: number): Promise<r.RunRecord[]>;
  /** Queued runs that wait for nobody and that nothing has carried for a while (a lost queue), to be enqueued again. */
  listQueued(olderThanMs: number, kinds?: readonly r.RunKind[]): Promise<r.RunRecord[]>;
  /** Notes how far an open run was when its job was parked; false where it was no further than the last time, or has ended. */
  cameFurther(id: string, howFar: string): Promise<boolean>;
  /** Notes that a run reads a dataset version: it then survives compaction. @throws AlmanacError DATASET_VERSION_DROPPED */
  pinVersion(runId: string, datasetId: string, version: number): Promise<void>;
  inputs(runId: string): Promise<r.RunInput[]>;
  addRejectedRows(runId: string, rows: readonly r.RejectedRow[]): Promise<void>;
  /** Before a run that broke off is tried again. */
  clearRejectedRows(runId: string): Promise<void>;
  rejectedRows(runId: string): AsyncGenerator<r.RejectedRow, void>;
  /** Calls back with the id of every run of the workspace that changes, in any process. Returns the way to stop. */
  onChange(callback: (runId: string) => void): Promise<() => Promise<void>>;
}

export interface Models {
  /** The model of that name, made if need be. @throws AlmanacError MODEL_OF_OTHER_DATASET */
  ensure(name: string, datasetId: string): Promise<r.ModelRecord>;
  find(name: string): Promise<r.ModelRecord | null>;
  /** @throws AlmanacError MODEL_NOT_FOUND */
  get(name: string): Promise<r.ModelRecord>;
  list(query: r.PageQuery): Promise<r.Page<r.ModelRecord>>;
  /** Gives it the next number. With `promoteIfFirst` it becomes champion where there is none. */
  addVersion(modelId: string, version: r.NewModelVersion, options?: { promoteIfFirst?: boolean }): Promise<r.ModelVersionRecord>;
  /** By number, alias, or (neither) the champion. @throws AlmanacError MODEL_VERSION_NOT_FOUND */
  version(name: string, which?: { no?: number | undefined; alias?: string | undefined }): Promise<r.ModelVersionRecord>;
  versionById(id: string): Promise<r.ModelVersionRecord>;
  /**
   * The newest that this run made, that was imported from the archive with this digest, or that went on learning from a version,
   * in another run than this.
   */
  findVersion(
    name: string,
    by: { runId: string } | { importedDigest: string } | { learnedFrom: number; notBy: string },
  ): Promise<r.ModelVersionRecord | null>;
  /** Newest first. @param query.tag only those with this tag, or with this value of it (`name=value`) */
  versions(name: string, query: r.PageQuery & { tag?: string | undefined }): Promise<r.Page<r.ModelVersionRecord>>;
  /** Sets the tags that are named; null takes one away. Returns all. @throws AlmanacError MODEL_VERSION_NOT_FOUND */
  tag(name: string, no: number, tags: Readonly<Record<string, string | null>>): Promise<r.ModelVersionRecord>;
  /** What was measured of the newest versions of any model. */
  latestMetrics(limit: number): Promise<{ runId: string; metrics: r.Json }[]>;
  /** @param instead only where this version bears the alias now. @throws AlmanacError MODEL_VERSION_NOT_FOUND, ALIAS_MOVED */
  setAlias(name: string, alias: r.AliasName, no: number, reason: string, instead?: number): Promise<r.ModelVersionRecord>;
  /**
   * Gives `champion` back to the version that bore it last before the present one and is still there, and notes it as a rollback.
   * Nothing where there is none, or where the present champion is `of` no more or was chosen by a rollback itself.
   * @returns the number of the champion of now
   */
  rollBack(name: string, of: number, reason: string): Promise<number | null>;
  /**
   * Where it bears no alias, no forecast rests on it and no open run is about it. Returns the objects that no version needs any more.
   * @throws AlmanacError MODEL_VERSION_NOT_FOUND, MODEL_VERSION_IN_USE
   */
  deleteVersion(name: string, no: number): Promise<string[]>;
  /** With all versions, where no run is at it. Returns the same. @throws AlmanacError MODEL_NOT_FOUND, MODEL_IN_USE */
  delete(name: string, options: { forecasts: boolean }): Promise<string[]>;
  /** Newest first. @param query.at only what was true at that instant */
  aliasHistory(name: string, query: r.PageQuery & { at?: Date | undefined }): Promise<r.Page<r.AliasChangeRecord>>;
}

export interface Forecasts {
  /** COPY; may be called again for other series of the run. A row that is there already stays (a retried shard). */
  insert(runId: string, modelVersionId: string, rows: readonly r.NewForecast[]): Promise<void>;
  /** Ordered by dataset, `unique_id` and cutoff. Only of runs that have succeeded, unless `runId` is given. */
  list(query: r.ForecastQuery): Promise<r.Page<r.ForecastRecord>>;
  /** All of one series, the newest cutoff first. Only of runs that have succeeded. */
  history(seriesId: number, query: r.PageQuery & { model?: string | undefined }): Promise<r.Page<r.ForecastRecord>>;
  /** The same rows as `list`, all pages, one at a time. */
  stream(query: Omit<r.ForecastQuery, 'after' | 'limit'>): AsyncGenerator<r.ForecastRecord, void>;
  /** Whether some row of `list` has notes. */
  haveNotes(query: Omit<r.ForecastQuery, 'after' | 'limit'>): Promise<boolean>;
  /** What is noted of the forecasts of a run, each with how many series it is said of and the first of these. */
  notesOf(runId: string, examples: number): Promise<r.RunNote[]>;
  saveAttention(rows: readonly r.AttentionRecord[]): Promise<void>;
  /** @throws AlmanacError ATTENTION_NOT_FOUND */
  attention(runId: string, uniqueId: string): Promise<r.AttentionRecord>;
  /** What is there already stays. */
  saveContributions(rows: readonly r.ContributionRecord[]): Promise<void>;
  /** Undefined where nobody has asked for them. */
  contributions(runId: string, uniqueId: string): Promise<r.ContributionRecord | undefined>;
}

/** Changes of stored forecasts, in the order in which they were made. */
export interface Overrides {
  add(row: r.NewOverride): Promise<r.OverrideRecord>;
  /** @throws AlmanacError OVERRIDE_NOT_FOUND */
  remove(runId: string, id: string): Promise<void>;
  /** Whether there is one. */
  any(): Promise<boolean>;
  /** Of these runs. */
  of(runIds: readonly string[]): Promise<r.OverrideRecord[]>;
  /** Of all forecasts of a dataset's series, or of one model's; the newest at most. */
  ofDataset(dataset: string, query: { model?: string | undefined; most: number }): Promise<r.OverrideRecord[]>;
}

export interface Calibrations {
  /** What is there already stays. Older ones that no forecast rests on are given up, after a while. */
  save(modelVersionId: string, rows: readonly r.CalibrationRecord[]): Promise<void>;
  /** Of each series the one that has learned the most, but nothing after a step. */
  latest(modelVersionId: string, series: readonly { seriesId: number; untilStep: number }[]): Promise<r.CalibrationRecord[]>;
  named(modelVersionId: string, series: readonly { seriesId: number; sha256: string }[]): Promise<r.CalibrationRecord[]>;
  /**
   * Forecasts of a model, by any of its versions, of which steps have been observed that no calibration has learned from: one for each
   * series, version and cutoff, ordered by these. Not those made for a cutoff that somebody chose: what came after it may have been known.
   */
  ripe(model: string, seriesIds: readonly number[]): Promise<r.RipeForecast[]>;
}

/** Stored forecasts beside what was observed since. */
export interface Scores {
  /** Steps ahead that have been scored, by forecast run; those that have not been are left out. */
  reached(runIds: readonly string[]): Promise<Map<string, number>>;
  /** Results of the monitor runs of a model that scored or reported something, newest first. */
  verdicts(model: string, limit: number): Promise<r.Json[]>;
  /** Forecast runs of a model that stand in the result of a monitor run. In a transaction, nobody else sees them until it ends. */
  judged(model: string): Promise<Set<string>>;
  /** In place of what was known when less of the horizon had been observed. */
  save(runId: string, scores: r.ForecastScores): Promise<void>;
  /** In order; empty where nothing has been scored. */
  perHorizon(runId: string): Promise<r.HorizonScore[]>;
  /** Worst WQL first. */
  perSeries(runId: string, query: r.PageQuery & { search?: string | undefined }): Promise<r.Page<r.RankedScore>>;
  /** Marks observations that a forecast did not expect; one that is marked already stays as it is. */
  flag(foundBy: string, runId: string, found: readonly r.NewAnomaly[]): Promise<void>;
  /** Newest first. */
  anomalies(datasetId: string, query: r.AnomalyQuery): Promise<r.Page<r.AnomalyRecord>>;
}

export interface Schedules {
  /** @throws AlmanacError SCHEDULE_EXISTS */
  create(schedule: r.NewSchedule): Promise<r.ScheduleRecord>;
  /** @throws AlmanacError SCHEDULE_NOT_FOUND */
  get(name: string): Promise<r.ScheduleRecord>;
  list(query: r.PageQuery): Promise<r.Page<r.ScheduleRecord>>;
  update(name: string, patch: r.SchedulePatch): Promise<r.ScheduleRecord>;
  delete(name: string): Promise<void>;
  /** Not paused, with `nextDueAt` at or before `now`. */
  due(now: Date): Promise<r.ScheduleRecord[]>;
  /**
   * Takes one due time of a schedule for this process and moves `nextDueAt` on, in one step: of many processes exactly one
   * gets true. With a reason the due time is skipped: only written down.
   */
  fire(scheduleId: string, dueAt: Date, nextDueAt: Date | null, skipped?: 'downtime' | 'overlap'): Promise<boolean>;
  /**
   * Writes down as one firing that `dueTimes` due times from `first`, the schedule's `nextDueAt`, to `last` were missed, and moves
   * `nextDueAt` on. @returns false where another process did so, or the schedule was moved meanwhile
   */
  skipMany(scheduleId: string, missed: { first: Date; last: Date; dueTimes: number }, nextDueAt: Date): Promise<boolean>;
  /** Notes the run that a firing made. */
  attachRun(scheduleId: string, dueAt: Date, runId: string): Promise<void>;
  /** Newest first. */
  firings(name: string, query: r.PageQuery): Promise<r.Page<r.FiringRecord>>;
}

export interface Idempotency {
  /** @param requestHash of method, path and body: the same key with another request is a conflict */
  begin(key: string, requestHash: string): Promise<r.IdempotencyState>;
  /** Says that the request is still being worked on; to be called every few seconds. */
  beat(held: r.HeldKey): Promise<void>;
  /** Keeps the answer, sealed. */
  finish(held: r.HeldKey, status: number, body: unknown): Promise<void>;
  /** After a failure that should be retried: the key is free again, unless a run was made under it. */
  release(held: r.HeldKey): Promise<void>;
  /** Drops keys older than this, of every workspace, with the answers under them. */
  expire(olderThanMs: number): Promise<number>;
}

export interface Workers {
  beat(worker: {
    id: string;
    engine: r.Json | null;
    /** Ids of its runs. */
    busyWith: readonly string[];
    resources?: r.Json | null;
    /** How far the clock of its machine is ahead of the database's. */
    clockSkewMs?: number;
  }): Promise<void>;
  remove(id: string): Promise<void>;
  /** Seen within this time. */
  list(seenWithinMs: number): Promise<r.WorkerRecord[]>;
}

/** Messages about runs and aliases are written by the database itself, together with the fact; see `database/schema.sql`. */
export interface Webhooks {
  create(webhook: r.NewWebhook): Promise<r.WebhookRecord>;
  /** @throws AlmanacError WEBHOOK_NOT_FOUND */
  get(id: string): Promise<r.WebhookRecord>;
  list(query: r.PageQuery): Promise<r.Page<r.WebhookRecord>>;
  update(id: string, patch: Partial<Omit<r.NewWebhook, 'secret'>>): Promise<r.WebhookRecord>;
  /** What messages are signed with: the present secret, and the one before as long as it holds. */
  secrets(id: string): Promise<string[]>;
  /** The present secret goes on signing beside the new one for so long. @throws AlmanacError WEBHOOK_NOT_FOUND */
  rotate(id: string, secret: string, overlapMs: number): Promise<r.WebhookRecord>;
  /** With its deliveries. */
  delete(id: string): Promise<void>;
  /** A message to every enabled webhook of the workspace that wants the event. Inside a transaction it stands or falls with it. */
  tell(event: string, data: r.Json): Promise<void>;
  /** A message to one webhook, whatever it wants. @param messageId of the message that is sent again */
  send(webhookId: string, event: string, payload: r.Json, messageId?: string): Promise<r.DeliveryRecord>;
  /** Newest first. */
  deliveries(webhookId: string, query: r.PageQuery & { status?: r.DeliveryStatus | undefined }): Promise<r.Page<r.DeliveryRecord>>;
  /** @throws AlmanacError WEBHOOK_DELIVERY_NOT_FOUND */
  delivery(webhookId: string, id: string): Promise<r.DeliveryRecord>;
  /** Due deliveries of enabled webhooks; nobody else gets them for so long. */
  takeDue(limit: number, leaseMs: number): Promise<r.DeliveryRecord[]>;
  /** Counts an attempt; null where somebody else did, or the delivery has ended. It is due again after the lease. */
  begin(id: string, attempt: number, leaseMs: number): Promise<r.DeliveryRecord | null>;
  /** Nothing where a later attempt was begun meanwhile. */
  end(id: string, attempt: number, end: r.AttemptEnd): Promise<void>;
  /** Seals the secrets that older programs kept as they were, of every workspace; returns how many. */
  sealSecrets(): Promise<number>;
  /** Drops ended deliveries older than this, of every workspace. */
  expire(olderThanMs: number): Promise<number>;
}

/** Deleting everywhere, with a certificate; each returns its id. Files go by `carryOut`, right after and until it succeeds. */
export interface Erasures {
  /** With series, values, models, forecasts, uploads and rejected rows; runs stay. @throws AlmanacError DATASET_NOT_FOUND */
  dataset(name: string): Promise<string>;
  /** In every version of the dataset. @throws AlmanacError SERIES_NOT_FOUND */
  series(datasetId: string, datasetName: string, uniqueId: string): Promise<string>;
  /** @throws AlmanacError ERASURE_NOT_FOUND */
  get(id: string): Promise<r.ErasureRecord>;
  /** Newest first. */
  list(query: r.PageQuery): Promise<r.Page<r.ErasureRecord>>;
  /** Removes the files of open erasures, of every workspace, that nothing refers to; returns the number of erasures. */
  carryOut(remove: (sha256: string) => Promise<void>): Promise<number>;
  /** Removes content that was stored for a request which was refused, unless something else refers to it. */
  forget(sha256: string, remove: (sha256: string) => Promise<void>): Promise<void>;
}

/** Answered and not stored: what was asked goes when it is answered, the answer and the run soon after. */
export interface Predictions {
  create(runId: string, request: r.Json, keptMs: number): Promise<void>;
  /** @throws AlmanacError PREDICTION_EXPIRED */
  request(runId: string): Promise<r.Json>;
  /** @throws AlmanacError PREDICTION_EXPIRED */
  answer(runId: string): Promise<r.Json>;
  /** Keeps the answer, and no longer what was asked. */
  finish(runId: string, answer: r.Json): Promise<void>;
  /** Drops both at once, and the run after so long. */
  forget(runId: string, keptMs: number): Promise<void>;
  /** Drops what nobody fetched in time, of every workspace; returns the number of runs. */
  expire(): Promise<number>;
}

/** How long finished runs and what belongs to them are kept. */
export interface Retention {
  /** Days by name, of those that are not kept for ever. */
  days(): Promise<Partial<Record<r.KeptName, number>>>;
  /** @param days null: for ever */
  keep(name: r.KeptName, days: number | null): Promise<void>;
  /**
   * Removes some of what is older; returns how many runs or rows went, 0 when nothing is left to remove.
   * @param remove a file that only such a run has named
   */
  drop(name: r.KeptName, days: number, remove: (sha256: string) => Promise<void>): Promise<number>;
}

/** Where datasets get their rows from. */
export interface Sources {
  /** @throws AlmanacError SOURCE_EXISTS */
  create(source: r.NewSource): Promise<r.SourceRecord>;
  /** @throws AlmanacError SOURCE_NOT_FOUND */
  get(name: string): Promise<r.SourceRecord>;
  list(query: r.PageQuery & { dataset?: string | undefined }): Promise<r.Page<r.SourceRecord>>;
  /**
   * @param patch.secret null takes it away
   * @param patch.anew it reads something else: what was read before says nothing of it
   * @throws AlmanacError SOURCE_NOT_FOUND
   */
  update(
    name: string,
    patch: { from?: r.Json | undefined; options?: r.Json | undefined; secret?: string | null | undefined; anew: boolean },
  ): Promise<r.SourceRecord>;
  /** The secret itself. @throws AlmanacError SOURCE_NOT_FOUND */
  secret(name: string): Promise<string | undefined>;
  /** @throws AlmanacError SOURCE_NOT_FOUND */
  delete(name: string): Promise<void>;
  /** Notes the run that reads it. */
  began(id: string, runId: string): Promise<void>;
  /** The ingest runs that are not through with it, and all that this run made of it. */
  uploads(id: string, pullId: string): Promise<r.SourceUpload[]>;
  /** Before what was read is written down, in one transaction with it; false where somebody else did, or it was changed or deleted. */
  takeTurn(id: string, seen: { revision: number; turn: number }): Promise<boolean>;
  /** In one transaction with the rows that were stored; nothing where it was changed or deleted since. */
  advance(id: string, revision: number, state: r.Json, object?: r.SourceObject): Promise<void>;
  /** Keys of those whose rows are stored as they are now. */
  stored(id: string, objects: readonly r.SourceObject[]): Promise<ReadonlySet<string>>;
  forgetObjects(id: string): Promise<void>;
}

/** What a workspace may have at most, and what it has. */
export interface Quotas {
  /** What the operator set for this workspace, by name; null: no limit. */
  set(): Promise<Record<string, number | null>>;
  /** @param changes undefined: as the program has it */
  change(changes: Readonly<Record<string, number | null | undefined>>): Promise<void>;
  used(name: r.Counted): Promise<number>;
  /** How many of them the one has who has most. */
  busiest(kind: 'uploads' | 'streams'): Promise<number>;
  /** The same, and nobody else counts it so before the transaction has ended. */
  hold(name: r.Counted): Promise<number>;
  /**
   * A place for something that is under way, where there is one; without `renew` it ends in half a minute.
   * @returns the places that were taken before, and the id of the new one; null where there was none left
   */
  lease(
    kind: 'uploads' | 'streams',
    holder: string,
    most: { workspace: number; holder: number },
  ): Promise<{ id: string | null; all: number; own: number }>;
  renew(ids: readonly string[]): Promise<void>;
  release(id: string): Promise<void>;
}

/** What an operator watches, over all workspaces. */
export interface Figures {
  /** Runs that wait or are under way. */
  openRuns(): Promise<{ kind: string; status: 'queued' | 'running'; runs: number; oldestSeconds: number }[]>;
  /** How long ago each model forecast last. */
  forecasts(): Promise<{ workspace: string; dataset: string; model: string; ageSeconds: number }[]>;
  /** What the latest monitoring of each model found of its newest forecast that could be scored. */
  scores(): Promise<
    { workspace: string; model: string; wql: number | null; naiveWql: number | null; coverage80: number | null; drift: boolean }[]
  >;
  databaseBytes(): Promise<number>;
}

/** What a workspace looks like at a glance; bounded, however much is in it. */
export interface Glances {
  totals(): Promise<Record<'datasets' | 'series' | 'observations' | 'models' | 'schedules', number>>;
  /** Of schedules that are not paused, the soonest first. */
  due(limit: number): Promise<{ schedule: string; action: string; dueAt: Date }[]>;
  /** Runs that were asked for since, by status; parts of others are not counted. */
  runsSince(since: Date): Promise<{ status: string; runs: number }[]>;
  /** The champion of each model, or its latest version, by name. */
  models(limit: number): Promise<r.GlanceModel[]>;
  /** What the newest monitoring since found, and the newest forecast that it judged, by model. */
  monitored(since: Date): Promise<r.GlanceMonitored[]>;
}

/** Counters of requests that all processes share; of no workspace. */
export interface Rates {
  /** Takes points from the bucket of a minute, where they are there. */
  take(who: string, points: number, most: number): Promise<{ taken: boolean; msBeforeNext: number }>;
  /** Of what was taken in the present minute. */
  giveBack(who: string, points: number): Promise<void>;
  /** Points taken in the present minute, of those who took any. */
  taken(whos: readonly string[]): Promise<Map<string, number>>;
  /** Drops buckets whose minute is over. */
  expire(): Promise<number>;
}

/** Who did what to what. The changes of rows are written by the database itself, in the transaction of the change. */
export interface AuditLog {
  /** What changes no row that is watched, e.g. a sign-in; in a transaction it stands or falls with it. Who, from `Store.by`. */
  record(entry: r.NewAuditEntry): Promise<void>;
  /** Newest first. */
  list(query: r.AuditQuery & r.PageQuery): Promise<r.Page<r.AuditEntryRecord>>;
  /** The same entries, all pages, one at a time. */
  stream(query: r.AuditQuery): AsyncGenerator<r.AuditEntryRecord, void>;
  /** Reads the whole chain. */
  verify(): Promise<r.AuditVerdict>;
  /** The hash of an entry in hex; null where there is none. */
  hashOf(no: number): Promise<string | null>;
}

export interface Store {
  readonly workspaceId: string;
  /** Whether PostgreSQL keeps workspaces apart by itself; false where the login may not be the role for it. */
  readonly isolated: boolean;
  /** What it speaks to. */
  readonly server: Server;
  /** Connections of its pool: open ones, those of them that nobody uses, and who waits for one. */
  pool(): { open: number; idle: number; waiting: number };
  readonly workspaces: Workspaces;
  readonly apiKeys: ApiKeys;
  /** Of the installation, like their sessions. */
  readonly users: people.Users;
  readonly sessions: people.Sessions;
  readonly members: people.Members;
  readonly uploads: Uploads;
  readonly datasets: Datasets;
  readonly series: Series;
  readonly runs: Runs;
  readonly models: Models;
  readonly forecasts: Forecasts;
  readonly overrides: Overrides;
  readonly calibrations: Calibrations;
  readonly scores: Scores;
  readonly schedules: Schedules;
  readonly idempotency: Idempotency;
  readonly workers: Workers;
  readonly sources: Sources;
  readonly webhooks: Webhooks;
  readonly predictions: Predictions;
  readonly erasures: Erasures;
  readonly audit: AuditLog;
  readonly figures: Figures;
  readonly glances: Glances;
  readonly quotas: Quotas;
  readonly retention: Retention;
  readonly rates: Rates;
  /** The present, by the clock that every program shares. */
  now(): Promise<Date>;
  /** The same database, another workspace. Closing either closes both. */
  forWorkspace(workspaceId: string): Store;
  /** The same, acting for somebody: the audit log says so of every change. */
  by(acting: r.Acting): Store;
  /** The same, working under an idempotency key: a run that is made is noted beside it. */
  under(held: r.HeldKey): Store;
  /** Inside a transaction: nobody else changes the row before it has ended. One that is not there holds nothing. */
  hold(kind: r.Holdable, name: string): Promise<void>;
  /** For what must wait until it is certain, as deleting a file: once the transaction is committed, or at once outside of one. */
  afterCommit(work: (outside: Store) => Promise<unknown>): Promise<void>;
  /** All or nothing. The store passed in must be used inside; nested calls join the transaction. */
  transaction<T>(work: (store: Store) => Promise<T>): Promise<T>;
  /** Calls back for every message on a channel, from any process; reconnects by itself. Returns the way to stop. */
  listen(channel: string, callback: (payload: string) => void): Promise<() => Promise<void>>;
  /** Inside a transaction it is sent when that commits. */
  notify(channel: string, payload: string): Promise<void>;
  /** Resolves where the database answers. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Seals what is kept only to be used again. @param about what it is; it opens for nothing else */
export interface Cipher {
  seal(text: string, about: string): string;
  /** Gives back as it is what was never sealed. */
  open(sealed: string, about: string): string;
  isSealed(text: string): boolean;
}

export interface StoreOptions {
  /** postgres://user:password@host:port/database */
  databaseUrl: string;
  /** Name of a workspace; `default` (which the first migration makes) unless given. */
  workspace?: string;
  /** Connections at most; 10 unless given. */
  poolSize?: number;
  /** For the secrets; programs always give one, without it they are kept as they are. */
  cipher?: Cipher;
  /** Apply outstanding migrations first, once, under a lock; true by default. */
  migrate?: boolean;
  /** Waits so long for a server that is starting, or is to be started; 0 unless given. */
  patienceMs?: number;
  /** Called after each attempt that failed meanwhile. */
  onWait?: (error: Error) => void;
}
