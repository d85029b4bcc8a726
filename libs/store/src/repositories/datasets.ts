/** Datasets and their versions. A dataset is visible from its first committed version on. */
import { IsNull, MoreThan, Not } from 'typeorm';
import type { Datasets } from '../facade.js';
import { ChannelEntity, DatasetEntity } from '../entities/datasets.js';
import { notFound } from '../errors.js';
import { keyOf, limitOf, toPage } from '../pages.js';
import type { Context } from '../postgres/context.js';
import { compactDataset } from '../chunks/compact.js';
import { cutDataset } from '../chunks/cut.js';
import { partialStepsOf } from '../chunks/writeVersion.js';
import { versionRows } from './versionRows.js';

const KEEP_LAST = 10;

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
    partialSteps: (datasetId, no) => context.withClient((client) => partialStepsOf(client, datasetId, no)),
    async extent(datasetId) {
      const [extent] = await context.query<{ steps: number; rows: number }>(
        `SELECT (SELECT coalesce(sum(length), 0)::float8 FROM series WHERE workspace_id = $1 AND dataset_id = $2) AS steps,
           (SELECT coalesce(sum(rows_read - rows_rejected), 0)::float8 FROM dataset_version WHERE workspace_id = $1 AND dataset_id = $2
              AND no >= (SELECT coalesce(max(no), 0) FROM dataset_version WHERE dataset_id = $2 AND mode = 'replace')) AS rows`,
        [workspaceId, datasetId],
      );
      return extent!;
    },
    async update(name, { keepDays, seasonLengths }) {
      const { id } = await get(name);
      await table.update({ id }, { ...(keepDays !== undefined && { keepDays }), ...(seasonLengths !== undefined && { seasonLengths }) });
      return get(name);
    },
    listKept: () => table.find({ where: { ...committed, keepDays: Not(IsNull()) } }),
    cut: (datasetId, what) => cutDataset(context, datasetId, what),
    compact: (datasetId, options = {}) => compactDataset(context, datasetId, options.keepLast ?? KEEP_LAST),
  };
}
