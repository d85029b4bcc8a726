/** Series: values in and out by chunks, and the list of what there is. */
import { And, MoreThan, Raw, type FindOperator, type FindOptionsWhere } from 'typeorm';
import type { Series } from '../facade.js';
import { PLACE } from '../chunks/layout.js';
import { readPanel } from '../chunks/readPanel.js';
import { readRange } from '../chunks/readRange.js';
import { writeVersion } from '../chunks/writeVersion.js';
import { SeriesEntity } from '../entities/datasets.js';
import { notFound } from '../errors.js';
import { keyOf, limitOf, toPage } from '../pages.js';
import type { Context } from '../postgres/context.js';
import { ranked } from './summaries.js';

export function series(context: Context): Series {
  const table = context.repository(SeriesEntity);
  const { workspaceId } = context;
  const find: Series['find'] = (datasetId, uniqueId) =>
    table.findOneBy([
      { workspaceId, datasetId, uniqueId, length: MoreThan(0) },
      { workspaceId, datasetId, uniqueId, id: HAS_PLACE },
    ]);
  return {
    find,
    ranked: ranked(context),
    writeVersion: (write) => writeVersion(context, write),
    readPanel: (datasetId, options = {}) => readPanel(context, datasetId, options),
    readRange: (key, range = {}) => readRange(context, key, range),
    async get(datasetId, uniqueId) {
      const found = await find(datasetId, uniqueId);
      if (!found) throw notFound('series', uniqueId);
      return found;
    },
    async lengths(datasetId, most = 10_000) {
      const rows = await context.query<{ length: number }>(
        'SELECT length FROM series WHERE workspace_id = $1 AND dataset_id = $2 AND length > 0 LIMIT $3',
        [workspaceId, datasetId, most],
      );
      return rows.map(({ length }) => length);
    },
    spans: (datasetId, uniqueIds) =>
      context.query<{ uniqueId: string; firstStep: number; lastStep: number }>(
        `SELECT unique_id AS "uniqueId", first_step::float8 AS "firstStep", (first_step + length - 1)::float8 AS "lastStep" FROM series
         WHERE workspace_id = $1 AND dataset_id = $2 AND length > 0 AND ($3::text[] IS NULL OR unique_id = ANY ($3))`,
        [workspaceId, datasetId, uniqueIds ?? null],
      ),
    groups: (datasetId, size) =>
      context.query<{ from: string; to: string }>(
        `SELECT min(unique_id) AS "from", max(unique_id) AS "to" FROM (
           SELECT unique_id, (row_number() OVER (ORDER BY unique_id) - 1) / $3 AS no FROM series
           WHERE workspace_id = $1 AND dataset_id = $2) s GROUP BY no ORDER BY no`,
        [workspaceId, datasetId, size],
      ),
    async staticNumbers(datasetId) {
      const rows = await context.query<{ name: string }>(
        `SELECT DISTINCT name FROM series, jsonb_each(static) AS v(name, value)
         WHERE workspace_id = $1 AND dataset_id = $2 AND length > 0 AND jsonb_typeof(value) = 'number' ORDER BY name`,
        [workspaceId, datasetId],
      );
      return rows.map(({ name }) => name);
    },
    staticCovariates: (datasetId, most) =>
      context.query<{ name: string; value: string; series: number }>(
        `SELECT name, value, series FROM (
           SELECT name, value, count(*)::integer AS series, row_number() OVER (PARTITION BY name ORDER BY count(*) DESC, value) AS no
           FROM series, jsonb_each_text(static) AS v(name, value)
           WHERE workspace_id = $1 AND dataset_id = $2 AND length > 0 AND value IS NOT NULL GROUP BY name, value) c
         WHERE no <= $3 + 1 ORDER BY name, no`,
        [workspaceId, datasetId, most],
      ),
    async list(datasetId, query = {}) {
      const after = keyOf(query, 1);
      const where: FindOptionsWhere<SeriesEntity> = { workspaceId, datasetId };
      const conditions = [...(after ? [MoreThan(String(after[0]))] : []), ...(query.search ? [contains(query.search)] : [])];
      if (conditions.length > 0) where.uniqueId = And(...conditions);
      const wanted = Object.entries(query.where ?? {});
      if (wanted.length > 0) where.staticCovariates = holds(wanted);
      const observed = { ...where, length: MoreThan(0) };
      const wide = query.places ? [observed, { ...where, id: HAS_PLACE }] : observed;
      return toPage(await table.find({ where: wide, order: { uniqueId: 'ASC' }, take: limitOf(query) + 1 }), query, (one) => [
        one.uniqueId,
      ]);
    },
  };
}

const HAS_PLACE: FindOperator<number> = Raw(
  (column) => `EXISTS (SELECT 1 FROM series_chunk c WHERE c.series_id = ${column} AND c.channel = ${PLACE.channel} AND c.valid_to IS NULL)`,
);

/** Ids sort by bytes; looking for a part of one follows the rules of letters, so that "zür" finds "ZÜRICH". */
function contains(text: string): FindOperator<string> {
  return Raw((column) => `${column} COLLATE "default" ILIKE :part`, { part: `%${text.replace(/[\\%_]/g, '\\$&')}%` });
}

/** Numbers in the covariates are compared as the text that they are written as. */
function holds(wanted: [string, string][]): FindOperator<Record<string, number | string | null>> {
  const named = wanted.map(([name, value], index) => ({ [`name${index}`]: name, [`value${index}`]: value }));
  return Raw(
    (column) => wanted.map((_, index) => `${column} ->> :name${index} = :value${index}`).join(' AND '),
    Object.assign({}, ...named),
  );
}
