/** From `unique_id`s to the store's own numbers, making series that are new. */
import type { PoolClient } from 'pg';

export interface SeriesIds {
  ids: Map<string, number>;
  /** Those that were made now, and so have no chunks yet. */
  made: Set<string>;
}

interface Row {
  id: string;
  uniqueId: string;
}

export async function resolveSeries(
  client: PoolClient,
  target: { workspaceId: string; datasetId: string },
  uniqueIds: readonly string[],
): Promise<SeriesIds> {
  const result: SeriesIds = { ids: new Map(), made: new Set() };
  const { rows: known } = await client.query<Row>(
    'SELECT id, unique_id AS "uniqueId" FROM series WHERE dataset_id = $1 AND unique_id = ANY ($2)',
    [target.datasetId, uniqueIds],
  );
  for (const { id, uniqueId } of known) result.ids.set(uniqueId, Number(id));
  const missing = uniqueIds.filter((id) => !result.ids.has(id));
  if (missing.length === 0) return result;
  const { rows: made } = await client.query<Row>(
    'INSERT INTO series (workspace_id, dataset_id, unique_id) SELECT $1, $2, unnest($3::text[]) RETURNING id, unique_id AS "uniqueId"',
    [target.workspaceId, target.datasetId, missing],
  );
  for (const { id, uniqueId } of made) {
    result.ids.set(uniqueId, Number(id));
    result.made.add(uniqueId);
  }
  return result;
}
