/**
 * The list of series by what has become of them. The rows it is sorted by are derived: the first page that is asked for
 * after a new version or a finished forecast run makes them anew, in one statement under a lock, and the other pages read them.
 */
import { CHUNK_STEPS, PLACE, TARGET } from '../chunks/layout.js';
import type { Series } from '../facade.js';
import { keyOf, limitOf, toPage } from '../pages.js';
import type { Context } from '../postgres/context.js';
import type { RankedSeries } from '../records.js';

/** $1 workspace, $2 dataset: what the summary rests on, and what it should rest on. */
const FRESHNESS = `
  SELECT d.current_version AS version, r.at AS "forecastAt",
    s.dataset_id IS NULL OR s.version <> d.current_version OR s.forecast_at IS DISTINCT FROM r.at AS stale
  FROM dataset d LEFT JOIN dataset_summary s ON s.dataset_id = d.id
    CROSS JOIN LATERAL (SELECT max(finished_at) AS at FROM run
      WHERE workspace_id = d.workspace_id AND kind = 'forecast' AND status = 'succeeded' AND dataset = d.name) r
  WHERE d.workspace_id = $1 AND d.id = $2`;

/** The steps from..to of the current target of series t, as rows of (step, value). */
const steps = (from: string, to: string): string => `
  SELECT c.first_step + g.start + v.n - 2 AS step, v.value
  FROM series_chunk c, LATERAL (SELECT greatest(1, ${from} - c.first_step + 1)::integer AS start, (${to} - c.first_step + 1)::integer AS stop) g,
    LATERAL unnest(c.values[g.start : g.stop]) WITH ORDINALITY v(value, n)
  WHERE c.series_id = t.id AND c.channel = ${TARGET} AND c.valid_to IS NULL AND v.value IS NOT NULL
    AND c.chunk_no BETWEEN floor((${from})::float8 / ${CHUNK_STEPS}) AND floor((${to})::float8 / ${CHUNK_STEPS})`;

/** $1 workspace, $2 dataset, $3 steps of a season. */
const SUMMARISE = `
  INSERT INTO series_summary (workspace_id, dataset_id, series_id, change, error)
  SELECT $1, $2, t.id, (recent.last - recent.before) / nullif(abs(recent.before), 0), fared.error
  FROM (SELECT id, first_step + length - 1 AS last FROM series WHERE workspace_id = $1 AND dataset_id = $2 AND length > 0) t
  CROSS JOIN LATERAL (SELECT avg(value) FILTER (WHERE step > t.last - $3) AS last, avg(value) FILTER (WHERE step <= t.last - $3) AS before
    FROM (${steps('t.last - 2 * $3 + 1', 't.last')}) v) recent
  LEFT JOIN LATERAL (SELECT f.run_id, f.cutoff_step, f.horizon, f.levels, f.quantiles FROM forecast f
    JOIN run r ON r.id = f.run_id AND r.status = 'succeeded'
    WHERE f.series_id = t.id AND f.cutoff_step < t.last ORDER BY f.cutoff_step DESC, f.made_at DESC LIMIT 1) f ON true
  LEFT JOIN LATERAL (SELECT f.quantiles[(l.n - 1) * f.horizon + 1 : l.n * f.horizon] AS median
    FROM unnest(f.levels) WITH ORDINALITY l(level, n) ORDER BY abs(l.level - 0.5) LIMIT 1) m ON true
  LEFT JOIN LATERAL (SELECT sum(abs(value - m.median[step - f.cutoff_step])) / nullif(sum(abs(value)), 0) AS error
    FROM (${steps('f.cutoff_step + 1', 'least(t.last, f.cutoff_step + f.horizon)')}) v) fared ON true`;

async function refresh(context: Context, datasetId: string, season: number): Promise<void> {
  const { workspaceId } = context;
  const look = async (inside: Context): Promise<{ version: number; forecastAt: Date | null; stale: boolean } | undefined> =>
    (await inside.query<{ version: number; forecastAt: Date | null; stale: boolean }>(FRESHNESS, [workspaceId, datasetId]))[0];
  if (!(await look(context))?.stale) return;
  await context.transaction(async (inside) => {
    await inside.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`series_summary ${datasetId}`]);
    const now = await look(inside);
    if (!now?.stale) return;
    await inside.query('DELETE FROM series_summary WHERE dataset_id = $1', [datasetId]);
    await inside.query(SUMMARISE, [workspaceId, datasetId, season]);
    await inside.query(
      `INSERT INTO dataset_summary (workspace_id, dataset_id, version, forecast_at) VALUES ($1, $2, $3, $4)
       ON CONFLICT (dataset_id) DO UPDATE SET version = excluded.version, forecast_at = excluded.forecast_at`,
      [workspaceId, datasetId, now.version, now.forecastAt],
    );
  });
}

export function ranked(context: Context): Series['ranked'] {
  return async (datasetId, query) => {
    if (query.after === undefined) await refresh(context, datasetId, query.season);
    // Ascending in all three, so that the key of a row says where the next page begins; what is not known comes last.
    const by = `coalesce(${query.descending ? '-' : ''}y.${query.by === 'error' ? 'error' : 'change'}, 0)`;
    const order = `(y.${query.by === 'error' ? 'error' : 'change'} IS NULL)::integer, ${by}, s.unique_id`;
    const values: unknown[] = [context.workspaceId, datasetId];
    // Those that were never observed and have a place are known to be there; nothing is known of how they fared.
    const place = `EXISTS (SELECT 1 FROM series_chunk c WHERE c.series_id = s.id AND c.channel = ${PLACE.channel} AND c.valid_to IS NULL)`;
    const where = ['s.workspace_id = $1', 's.dataset_id = $2', `(s.length > 0 OR ${place})`];
    const after = keyOf(query, 3);
    if (after) {
      values.push(...after);
      where.push(`(${order}) > ($3::integer, $4::float8, $5::text COLLATE "C")`);
    }
    if (query.search) {
      values.push(`%${query.search.replace(/[\\%_]/g, '\\$&')}%`);
      where.push(`s.unique_id COLLATE "default" ILIKE $${values.length}`);
    }
    for (const [name, value] of Object.entries(query.where ?? {})) {
      values.push(name, value);
      where.push(`s.static ->> $${values.length - 1} = $${values.length}`);
    }
    const rows = await context.query<RankedSeries & { key: number }>(
      `SELECT s.id::float8 AS id, s.dataset_id AS "datasetId", s.unique_id AS "uniqueId", s.first_step::float8 AS "firstStep", s.length,
         s.static AS "staticCovariates", y.change, y.error, ${by} AS key
       FROM series s LEFT JOIN series_summary y ON y.dataset_id = s.dataset_id AND y.series_id = s.id
       WHERE ${where.join(' AND ')} ORDER BY ${order} LIMIT ${limitOf(query) + 1}`,
      values,
    );
    return toPage(rows, query, (row) => [Number(row[query.by] === null), row.key, row.uniqueId]);
  };
}
