/**
 * Gives up old versions. A version is kept while it is among the last few, or while a run rests on it; an ingest does not
 * count, for it made its version and needs it no more.
 *
 * Invariant: a version that lost a chunk is marked as dropped in the same transaction, so that nobody reads half of it.
 */
import type { Context } from '../postgres/context.js';

/** @returns the number of chunks dropped */
export function compactDataset(context: Context, datasetId: string, keepLast: number): Promise<number> {
  return context.transaction(async (inside) => {
    const old = `v.workspace_id = $1 AND v.dataset_id = $2 AND v.dropped_at IS NULL
      AND v.no <= (SELECT current_version FROM dataset WHERE id = $2) - $3`;
    const values = [context.workspaceId, datasetId, Math.max(1, keepLast)];
    // Locked first and judged by the next statement, which then sees every run that came to rest on one of them meanwhile.
    await inside.query(`SELECT 1 FROM dataset_version v WHERE ${old} FOR UPDATE`, values);
    const dropped = await inside.query(
      `UPDATE dataset_version v SET dropped_at = now() WHERE ${old} AND NOT EXISTS (
         SELECT 1 FROM run_dataset_version p JOIN run r ON r.id = p.run_id
         WHERE p.dataset_id = v.dataset_id AND p.version = v.no AND r.kind <> 'ingest')
       RETURNING v.no`,
      values,
    );
    if (dropped.length === 0) return 0;
    const [row] = await inside.query<{ chunks: string }>(
      `WITH gone AS (
         DELETE FROM series_chunk c USING series s
         WHERE s.id = c.series_id AND s.dataset_id = $1 AND c.valid_to IS NOT NULL AND NOT EXISTS (
           SELECT 1 FROM dataset_version v
           WHERE v.dataset_id = $1 AND v.dropped_at IS NULL AND v.no >= c.valid_from AND v.no < c.valid_to)
         RETURNING 1)
       SELECT count(*) AS chunks FROM gone`,
      [datasetId],
    );
    return Number(row!.chunks);
  });
}
