/** Datasets and their versions. A dataset is visible from its first committed version on. */
import { MoreThan } from 'typeorm';
import type { Datasets } from '../facade.js';
import { ChannelEntity, DatasetEntity } from '../entities/datasets.js';
import { notFound } from '../errors.js';
import { keyOf, limitOf, toPage } from '../pages.js';
import type { Context } from '../postgres/context.js';
import { versionRows } from './version-rows.js';

export function datasets(context: Context): Datasets {
  const table = context.repository(DatasetEntity);
  const { workspaceId } = context;
  const committed = { workspaceId, currentVersion: MoreThan(0) };
  const find: Datasets['find'] = (name) => table.findOneBy({ ...committed, name });
  const get: Datasets['get'] = async (name) => {
    const dataset = await find(name);
    if (!dataset) throw notFound('dataset', name);
    return dataset;
  };
  return {
    find,
    get,
    async getById(id) {
      const dataset = await table.findOneBy({ ...committed, id });
      if (!dataset) throw notFound('dataset', id);
      return dataset;
    },
    async list(query) {
      const after = keyOf(query, 1);
      const where = { ...committed, ...(after && { name: MoreThan(String(after[0])) }) };
      return toPage(await table.find({ where, order: { name: 'ASC' }, take: limitOf(query) + 1 }), query, (dataset) => [dataset.name]);
    },
    channels: (datasetId) => context.repository(ChannelEntity).find({ where: { workspaceId, datasetId }, order: { channel: 'ASC' } }),
    async versions(datasetId, query) {
      const before = keyOf(query, 1)?.[0] ?? 2 ** 31 - 1;
      const rows = await versionRows(context, 'WHERE v.workspace_id = $1 AND v.dataset_id = $2 AND v.no < $3 ORDER BY v.no DESC LIMIT $4', [
        workspaceId,
        datasetId,
        before,
        limitOf(query) + 1,
      ]);
      return toPage(rows, query, (version) => [version.no]);
    },
    async version(datasetId, no) {
      const rows = await versionRows(context, 'WHERE v.workspace_id = $1 AND v.dataset_id = $2 AND v.no = $3', [
        workspaceId,
        datasetId,
        no,
      ]);
      if (!rows[0]) throw notFound('dataset version', String(no));
      return rows[0];
    },
    delete: (name) =>
      context.transaction(async (inside) => {
        const dataset = await get(name);
        // Chunks first and at once; the foreign keys would do it series by series.
        await inside.query('DELETE FROM series_chunk WHERE series_id IN (SELECT id FROM series WHERE dataset_id = $1)', [dataset.id]);
        await inside.query('DELETE FROM dataset WHERE id = $1', [dataset.id]);
      }),
    async compact(datasetId) {
      // A closed chunk is needed while some pinned version lies in [valid_from, valid_to).
      const rows = await context.query<{ dropped: string }>(
        `WITH dropped AS (
           DELETE FROM series_chunk c USING series s
           WHERE s.id = c.series_id AND s.dataset_id = $1 AND s.workspace_id = $2 AND c.valid_to IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM run_dataset_version p
               WHERE p.dataset_id = $1 AND p.version >= c.valid_from AND p.version < c.valid_to)
           RETURNING 1)
         SELECT count(*) AS dropped FROM dropped`,
        [datasetId, workspaceId],
      );
      return Number(rows[0]!.dropped);
    },
  };
}
