/**
 * Writes one dataset version in one transaction: the dataset's row is locked, so that writers of a dataset queue up; readers
 * see the version when it commits, whole.
 */
import { Frequency } from '@almanac/series';
import type { PoolClient } from 'pg';
import { busy, isLockTimeout } from '../errors.js';
import { newId } from '../ids.js';
import type { Context } from '../postgres/context.js';
import type { DatasetDefinition, DatasetVersionRecord, VersionSummary, WriteVersion, WrittenTotals, WrittenVersion } from '../records.js';
import { ChunkWriter } from './chunkWriter.js';
import { channelsOf, conflictWith } from './conflict.js';
import { ensureGridSteps } from './gridSteps.js';
import { TARGET } from './layout.js';

interface Locked {
  id: string;
  currentVersion: number;
  observationCount: number;
  frequency: string;
  timeZone: string;
}

export async function writeVersion(context: Context, write: WriteVersion): Promise<WrittenVersion> {
  const frequency = Frequency.parse(write.dataset.frequency, write.dataset.timeZone);
  return context.transaction((inside) => inside.withClient((client) => writeInside(inside, client, write, frequency)));
}

async function writeInside(context: Context, client: PoolClient, write: WriteVersion, frequency: Frequency): Promise<WrittenVersion> {
  if (write.patienceMs !== undefined) await client.query(`SET LOCAL lock_timeout = ${Math.ceil(write.patienceMs)}`);
  const dataset = await lockDataset(context, client, write.dataset, frequency).catch((error: unknown) => {
    throw isLockTimeout(error) ? busy(write.dataset.name) : error;
  });
  const version = dataset.currentVersion + 1;
  const channels = await ensureChannels(context, client, dataset.id, write.dataset);
  if (write.mode === 'replace' && dataset.currentVersion > 0) await closeAll(client, dataset.id, version);
  const writer = new ChunkWriter(client, { workspaceId: context.workspaceId, datasetId: dataset.id, version, channels });
  const partial = write.mode === 'replace' ? {} : await partialStepsOf(client, dataset.id, dataset.currentVersion);
  for await (const piece of write.pieces) {
    write.signal?.throwIfAborted();
    // A step that is written again is as whole as what comes now.
    const known = piece.channel === undefined ? partial[piece.id] : undefined;
    if (known) partial[piece.id] = known.filter((step) => Number.isNaN(piece.values[step - piece.firstStep] ?? NaN));
    await writer.add(piece);
  }
  await writer.finish();
  const before = write.mode === 'replace' ? 0 : dataset.observationCount;
  const totals = await totalsOf(client, dataset.id, before + writer.observations, writer.chunks);
  if (write.refuse) write.refuse(await useWith(context, client, dataset.id, totals));
  const summary = await write.summary(totals);
  write.signal?.throwIfAborted();
  const untouched = writer.chunks === 0 && !writer.staticsChanged && !channels.added;
  if (untouched && write.mode === 'append' && dataset.currentVersion > 0) {
    if (write.runId) await pin(context, client, write.runId, dataset.id, dataset.currentVersion);
    return { ...totals, datasetId: dataset.id, version: dataset.currentVersion, unchanged: true };
  }
  if (totals.firstStep !== null && totals.lastStep !== null) {
    await ensureGridSteps(context, frequency.code, frequency.timeZone, totals.firstStep, totals.lastStep);
  }
  const { aggregation = null, fillPolicy = 'none', seasonLengths = null } = write.dataset;
  await client.query(
    'UPDATE dataset SET aggregation = $2, fill_policy = $3, season_lengths = coalesce($4::integer[], season_lengths) WHERE id = $1',
    [dataset.id, aggregation, fillPolicy, seasonLengths],
  );
  for (const { id, step } of summary.partialSteps ?? []) partial[id] = [...new Set([...(partial[id] ?? []), step])];
  const partialSteps = Object.fromEntries(Object.entries(partial).filter(([, steps]) => steps.length > 0));
  const { uploadId, runId, mode } = write;
  await commitVersion(context, client, { datasetId: dataset.id, version, totals, uploadId, runId, mode, ...summary, partialSteps });
  return { ...totals, datasetId: dataset.id, version, unchanged: false };
}

/** What the workspace has once these are the totals of the dataset; held until the transaction ends. */
async function useWith(
  { workspaceId }: Context,
  client: PoolClient,
  datasetId: string,
  totals: WrittenTotals,
): Promise<{ series: number; observations: number }> {
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 4172025))', [`observations ${workspaceId}`]);
  const { rows } = await client.query<{ series: number; observations: number }>(
    `SELECT coalesce(sum(series_count), 0)::float8 AS series, coalesce(sum(observation_count), 0)::float8 AS observations
     FROM dataset WHERE workspace_id = $1 AND id <> $2`,
    [workspaceId, datasetId],
  );
  return { series: rows[0]!.series + totals.seriesCount, observations: rows[0]!.observations + totals.observationCount };
}

/** Of a version by `unique_id`; of a name such as `__proto__` too. */
export async function partialStepsOf(
  client: Pick<PoolClient, 'query'>,
  datasetId: string,
  version: number,
): Promise<Record<string, number[]>> {
  const { rows } = await client.query<{ steps: Record<string, number[]> | null }>(
    'SELECT partial_steps AS steps FROM dataset_version WHERE dataset_id = $1 AND no = $2',
    [datasetId, version],
  );
  return Object.assign(Object.create(null) as Record<string, number[]>, rows[0]?.steps);
}

export interface NewVersion extends Omit<VersionSummary, 'partialSteps'> {
  /** By `unique_id`; those of the version before unless given. */
  partialSteps?: Record<string, number[]>;
  datasetId: string;
  version: number;
  totals: WrittenTotals;
  mode: DatasetVersionRecord['mode'];
  uploadId?: string | null | undefined;
  runId?: string | null | undefined;
}

/** The last step of every change: readers see the version once the transaction commits. */
export async function commitVersion(context: Context, client: PoolClient, made: NewVersion): Promise<void> {
  const { datasetId, version, totals, mode, uploadId, runId, rowsRead, rowsRejected, findings } = made;
  const { seriesCount, observationCount, firstStep, lastStep } = totals;
  const counts = [seriesCount, observationCount, firstStep, lastStep];
  await client.query(
    `INSERT INTO dataset_version (workspace_id, dataset_id, no, upload_id, run_id, mode, rows_read, rows_rejected, series_count,
       observation_count, first_step, last_step, findings, partial_steps)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
       coalesce($14::jsonb, (SELECT v.partial_steps FROM dataset_version v WHERE v.dataset_id = $2 AND v.no = $3::integer - 1)))`,
    [
      ...[context.workspaceId, datasetId, version, uploadId ?? null, runId ?? null, mode, rowsRead, rowsRejected],
      ...counts,
      findings && JSON.stringify(findings),
      made.partialSteps === undefined ? null : JSON.stringify(made.partialSteps),
    ],
  );
  await client.query(
    `UPDATE dataset SET current_version = $2, series_count = $3, observation_count = $4, first_step = $5, last_step = $6,
       updated_at = now() WHERE id = $1`,
    [datasetId, version, ...counts],
  );
  if (runId) await pin(context, client, runId, datasetId, version);
}

async function lockDataset(context: Context, client: PoolClient, given: DatasetDefinition, frequency: Frequency): Promise<Locked> {
  const { linear } = frequency;
  await client.query(
    `INSERT INTO dataset (id, workspace_id, name, frequency, time_zone, step_ms, step_origin_ms, fill_policy)
     VALUES ($1, $2, $3, $4, $5, $6, $7, 'none') ON CONFLICT DO NOTHING`,
    [newId(), context.workspaceId, given.name, frequency.code, frequency.timeZone, linear?.widthMs ?? null, linear?.originMs ?? 0],
  );
  const { rows } = await client.query<Locked>(
    `SELECT id, current_version AS "currentVersion", observation_count::float8 AS "observationCount", frequency, time_zone AS "timeZone"
     FROM dataset WHERE workspace_id = $1 AND name = $2 FOR NO KEY UPDATE`,
    [context.workspaceId, given.name],
  );
  const dataset = rows[0]!;
  const conflict = conflictWith(dataset, [], given);
  if (conflict) throw conflict;
  return dataset;
}

/** Numbers of the channels by name. A channel once numbered keeps its number. */
async function ensureChannels(
  context: Context,
  client: PoolClient,
  datasetId: string,
  given: DatasetDefinition,
): Promise<Map<string, number> & { added: boolean }> {
  const { rows } = await client.query<{ name: string; channel: number; kind: string }>(
    'SELECT name, channel, kind FROM dataset_channel WHERE dataset_id = $1',
    [datasetId],
  );
  const conflict = conflictWith(undefined, rows, given);
  if (conflict) throw conflict;
  const channels = Object.assign(new Map(rows.map((row) => [row.name, row.channel])), { added: false });
  let next = rows.length === 0 ? TARGET : Math.max(...rows.map((row) => row.channel)) + 1;
  for (const { name, kind } of channelsOf(given)) {
    if (rows.some((row) => row.name === name)) continue;
    await client.query('INSERT INTO dataset_channel (workspace_id, dataset_id, channel, name, kind) VALUES ($1, $2, $3, $4, $5)', [
      context.workspaceId,
      datasetId,
      next,
      name,
      kind,
    ]);
    channels.set(name, next);
    channels.added = true;
    next += 1;
  }
  return channels;
}

/** Ends every current chunk: a replaced dataset starts empty. */
async function closeAll(client: PoolClient, datasetId: string, version: number): Promise<void> {
  await client.query(
    `UPDATE series_chunk SET valid_to = $2 WHERE valid_to IS NULL AND series_id IN (SELECT id FROM series WHERE dataset_id = $1)`,
    [datasetId, version],
  );
  await client.query('UPDATE series SET length = 0 WHERE dataset_id = $1', [datasetId]);
}

export async function totalsOf(
  client: PoolClient,
  datasetId: string,
  observationCount: number,
  chunksWritten: number,
): Promise<WrittenTotals> {
  const { rows } = await client.query<{ seriesCount: number; firstStep: number | null; lastStep: number | null }>(
    `SELECT count(*)::integer AS "seriesCount", min(first_step)::float8 AS "firstStep", max(first_step + length - 1)::float8 AS "lastStep"
     FROM series WHERE dataset_id = $1 AND length > 0`,
    [datasetId],
  );
  const { rows: shortest } = await client.query<{ uniqueId: string; length: number }>(
    'SELECT unique_id AS "uniqueId", length FROM series WHERE dataset_id = $1 AND length > 0 ORDER BY length, unique_id LIMIT 1',
    [datasetId],
  );
  return { ...rows[0]!, observationCount, chunksWritten, shortest: shortest[0] ?? null };
}

async function pin(context: Context, client: PoolClient, runId: string, datasetId: string, version: number): Promise<void> {
  await client.query(
    'INSERT INTO run_dataset_version (workspace_id, run_id, dataset_id, version) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
    [context.workspaceId, runId, datasetId, version],
  );
}
