/**
 * How good stored forecasts turned out to be, and what they did not expect. Scores of a forecast are written anew when more of
 * its horizon has been observed; an observation is an anomaly once, for the monitor run that saw it first.
 */
import type { Scores } from '../facade.js';
import { keyOf, limitOf, toPage } from '../pages.js';
import type { Context } from '../postgres/context.js';
import type { AnomalyRecord, HorizonScore, Json } from '../records.js';
import { LIVE, REFERENCE, seriesScores } from './seriesScores.js';

const COLUMNS = ['step', 'observations', 'wql', 'mase', 'mae', 'coverage80'] as const;
const FOUND = ['seriesId', 'step', 'value', 'median', 'lower', 'upper', 'score'] as const;

export function scores(context: Context): Scores {
  const { workspaceId } = context;
  return {
    async reached(runIds) {
      const rows = await context.query<{ runId: string; step: number }>(
        'SELECT run_id AS "runId", max(step) AS step FROM horizon_score WHERE workspace_id = $1 AND run_id = ANY ($2::uuid[]) GROUP BY run_id',
        [workspaceId, runIds],
      );
      return new Map(rows.map(({ runId, step }) => [runId, step]));
    },
    async verdicts(model, limit) {
      const rows = await context.query<{ result: Json }>(
        `SELECT result FROM run WHERE workspace_id = $1 AND kind = 'monitor' AND status = 'succeeded' AND model = $2
           AND (result -> 'scored' <> '[]' OR result -> 'alerts' <> '[]') ORDER BY id DESC LIMIT $3`,
        [workspaceId, model, limit],
      );
      return rows.map(({ result }) => result);
    },
    async judged(model) {
      if (context.runner) await context.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 6))', [`${workspaceId} ${model}`]);
      const rows = await context.query<{ runId: string }>(
        `SELECT DISTINCT s.score ->> 'runId' AS "runId" FROM run, LATERAL jsonb_array_elements(result -> 'scored') s(score)
         WHERE workspace_id = $1 AND kind = 'monitor' AND status = 'succeeded' AND model = $2`,
        [workspaceId, model],
      );
      return new Set(rows.map(({ runId }) => runId));
    },
    save: (runId, { perHorizon, series, naive }) =>
      context.transaction(async (inside) => {
        await inside.query(
          `INSERT INTO horizon_score (workspace_id, run_id, step, observations, wql, mase, mae, coverage80)
           SELECT $1, $2, * FROM unnest($3::integer[], $4::integer[], $5::float8[], $6::float8[], $7::float8[], $8::float8[])
           ON CONFLICT (run_id, step) DO UPDATE SET observations = excluded.observations, wql = excluded.wql, mase = excluded.mase,
             mae = excluded.mae, coverage80 = excluded.coverage80`,
          [workspaceId, runId, ...COLUMNS.map((column) => perHorizon.map((one) => one[column]))],
        );
        await seriesScores(inside).saveSeriesScores(runId, LIVE, series);
        await seriesScores(inside).saveSeriesScores(runId, REFERENCE, naive);
      }),
    perHorizon: (runId) =>
      context.query<HorizonScore & Json>(
        'SELECT step, observations, wql, mase, mae, coverage80 FROM horizon_score WHERE workspace_id = $1 AND run_id = $2 ORDER BY step',
        [workspaceId, runId],
      ),
    perSeries: (runId, query) => seriesScores(context).seriesScores(runId, { ...query, label: LIVE }),
    async flag(foundBy, runId, found) {
      await context.query(
        `INSERT INTO anomaly (workspace_id, found_by, run_id, series_id, step, value, median, lower, upper, score)
         SELECT $1, $2, $3, * FROM unnest($4::bigint[], $5::bigint[], $6::float8[], $7::float8[], $8::float8[], $9::float8[], $10::float8[])
         ON CONFLICT DO NOTHING`,
        [workspaceId, foundBy, runId, ...FOUND.map((column) => found.map((one) => one[column]))],
      );
    },
    async anomalies(datasetId, query) {
      const values: unknown[] = [workspaceId, datasetId];
      const value = (given: unknown): string => `$${values.push(given)}`;
      const where = ['a.workspace_id = $1', 's.dataset_id = $2'];
      if (query.uniqueId !== undefined) where.push(`s.unique_id = ANY(${value([query.uniqueId].flat())}::text[])`);
      if (query.foundBy !== undefined) where.push(`a.found_by = ${value(query.foundBy)}`);
      const before = keyOf(query, 2);
      // Newest first, and of one step in the order of the ids.
      if (before) where.push(`(-a.step, s.unique_id) > (${value(before[0])}::bigint, ${value(before[1])}::text COLLATE "C")`);
      const rows = await context.query<AnomalyRecord & Json>(
        `SELECT s.unique_id AS "uniqueId", a.step::float8 AS step, a.run_id AS "runId", a.found_by AS "foundBy", a.value, a.median, a.lower,
           a.upper, a.score, a.found_at AS "foundAt"
         FROM anomaly a JOIN series s ON s.id = a.series_id
         WHERE ${where.join(' AND ')} ORDER BY a.step DESC, s.unique_id LIMIT ${limitOf(query) + 1}`,
        values,
      );
      return toPage(rows, query, ({ step, uniqueId }) => [-step, uniqueId]);
    },
  };
}
