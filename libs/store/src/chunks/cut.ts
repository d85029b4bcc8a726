/**
 * Takes observations out of a dataset: some series, or all that lies before a step. Like an upload it makes a version, in
 * one transaction; earlier versions keep what they had, until compaction gives them up.
 */
import type { PoolClient } from 'pg';
import { notFound } from '../errors.js';
import { CopyRows, readFloat8Array, readInt8 } from '../postgres/binary.js';
import type { Context } from '../postgres/context.js';
import { copyInAsOwner, copyOutAll, literal } from '../postgres/transfer.js';
import type { Cut, CutVersion } from '../records.js';
import { CHUNK_COLUMNS, encodeChunk } from './encode.js';
import { CHUNK_STEPS, chunkOf, TARGET, toChunk } from './layout.js';
import { commitVersion, totalsOf } from './writeVersion.js';

/** Series whose border chunks are held at once: 8 MB. */
const SERIES_AT_ONCE = 1000;

interface Locked {
  currentVersion: number;
  observationCount: number;
}

/** @returns null where there was nothing to take out. @throws AlmanacError DATASET_NOT_FOUND, SERIES_NOT_FOUND */
export function cutDataset(context: Context, datasetId: string, what: Cut): Promise<CutVersion | null> {
  return context.transaction((inside) =>
    inside.withClient(async (client) => {
      const { rows } = await client.query<Locked>(
        `SELECT current_version AS "currentVersion", observation_count::float8 AS "observationCount"
         FROM dataset WHERE workspace_id = $1 AND id = $2 AND current_version > 0 FOR NO KEY UPDATE`,
        [inside.workspaceId, datasetId],
      );
      if (!rows[0]) throw notFound('dataset', datasetId);
      const version = rows[0].currentVersion + 1;
      const lost =
        'uniqueIds' in what
          ? await cutSeries(client, datasetId, version, what.uniqueIds)
          : await cutBefore(client, inside.workspaceId, datasetId, version, what.beforeStep);
      if (lost.chunks === 0) return null;
      const totals = await totalsOf(client, datasetId, rows[0].observationCount - lost.observations, lost.chunks);
      await commitVersion(inside, client, { datasetId, version, totals, mode: 'delete', rowsRead: 0, rowsRejected: 0, findings: null });
      return { version, observations: lost.observations };
    }),
  );
}

interface Lost {
  chunks: number;
  observations: number;
}

async function cutSeries(client: PoolClient, datasetId: string, version: number, uniqueIds: readonly string[]): Promise<Lost> {
  const { rows } = await client.query<{ id: string; uniqueId: string }>(
    'SELECT id, unique_id AS "uniqueId" FROM series WHERE dataset_id = $1 AND unique_id = ANY ($2) AND length > 0',
    [datasetId, uniqueIds],
  );
  const missing = uniqueIds.find((id) => !rows.some(({ uniqueId }) => uniqueId === id));
  if (missing !== undefined) throw notFound('series', missing);
  const ids = rows.map(({ id }) => Number(id));
  const lost = await close(client, version, ids, 'true');
  await client.query('UPDATE series SET length = 0 WHERE id = ANY ($1)', [ids]);
  return lost;
}

async function cutBefore(client: PoolClient, workspaceId: string, datasetId: string, version: number, step: number): Promise<Lost> {
  const all: Lost = { chunks: 0, observations: 0 };
  for (let after = 0; ;) {
    const { rows } = await client.query<{ id: string }>('SELECT id FROM series WHERE dataset_id = $1 AND id > $2 ORDER BY id LIMIT $3', [
      datasetId,
      after,
      SERIES_AT_ONCE,
    ]);
    if (rows.length === 0) return all;
    const ids = rows.map(({ id }) => Number(id));
    after = ids.at(-1)!;
    const kept = await shortened(client, workspaceId, version, ids, step);
    const lost = await close(client, version, ids, `c.first_step < ${step} AND c.chunk_no <= ${chunkOf(step)}`);
    if (lost.chunks === 0) continue;
    if (kept.chunks > 0) await copyInAsOwner(client, `series_chunk (${CHUNK_COLUMNS})`, kept.rows);
    all.chunks += lost.chunks;
    all.observations += lost.observations - kept.observations;
    await client.query(
      `UPDATE series s SET first_step = coalesce(m.first_step, s.first_step), length = coalesce(m.length, 0)
       FROM (SELECT i.id, min(c.first_step) AS first_step, max(c.first_step + c.length) - min(c.first_step) AS length
             FROM unnest($1::bigint[]) i(id)
             LEFT JOIN series_chunk c ON c.series_id = i.id AND c.channel = ${TARGET} AND c.valid_to IS NULL GROUP BY i.id) m
       WHERE s.id = m.id`,
      [ids],
    );
  }
}

/** What stays of the chunks that the step lies in. */
async function shortened(
  client: PoolClient,
  workspaceId: string,
  version: number,
  ids: number[],
  step: number,
): Promise<Lost & { rows: CopyRows }> {
  const kept = { rows: new CopyRows(), chunks: 0, observations: 0 };
  const chunkNo = chunkOf(step);
  const border = await copyOutAll(
    client,
    `SELECT series_id, channel, first_step, values FROM series_chunk WHERE series_id = ANY (${literal(ids, 'bigint')}) AND chunk_no = ${chunkNo}
       AND valid_to IS NULL AND first_step < ${step} AND first_step + length > ${step}`,
  );
  for (const [seriesId, channelField, firstStep, values] of border) {
    const dense = new Float64Array(CHUNK_STEPS).fill(NaN);
    readFloat8Array(values!, dense, readInt8(firstStep!) - chunkNo * CHUNK_STEPS);
    const chunk = toChunk(chunkNo, dense.fill(NaN, 0, step - chunkNo * CHUNK_STEPS));
    if (!chunk) continue;
    const channel = channelField!.readInt16BE();
    encodeChunk(kept.rows, { workspaceId, seriesId: readInt8(seriesId!), channel, chunkNo, version }, chunk);
    kept.chunks += 1;
    if (channel === TARGET) kept.observations += chunk.count;
  }
  return kept;
}

/** Ends current chunks. @param which SQL of the chunks `c` */
async function close(client: PoolClient, version: number, ids: number[], which: string): Promise<Lost> {
  const { rows } = await client.query<Lost>(
    `WITH closed AS (UPDATE series_chunk c SET valid_to = $1 WHERE c.series_id = ANY ($2) AND c.valid_to IS NULL AND ${which} RETURNING c.channel, c.count)
     SELECT count(*)::float8 AS chunks, coalesce(sum(count) FILTER (WHERE channel = ${TARGET}), 0)::float8 AS observations FROM closed`,
    [version, ids],
  );
  return rows[0]!;
}
