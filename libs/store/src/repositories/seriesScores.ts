/** Scores of a backtest, of a training or of a stored forecast, by series: a statement in, pages with the worst first out. */
import type { Runs } from '../facade.js';
import { keyOf, limitOf, toPage } from '../pages.js';
import type { Context } from '../postgres/context.js';
import type { Json, RankedScore } from '../records.js';

/** The label under which a stored forecast is scored, beside the reference. */
export const LIVE = 'live';
/** The label under which a model is scored on what its training held out, beside the reference. */
export const TRAINED = 'trained';
/** The label under which every backtest has the forecasts that all others are compared with. */
export const REFERENCE = 'seasonalNaive';
const COLUMNS = ['uniqueId', 'observations', 'wql', 'mase', 'mae', 'coverage80', 'why'] as const;

export function seriesScores(context: Context): Pick<Runs, 'saveSeriesScores' | 'seriesScores'> {
  const { workspaceId } = context;
  return {
    async saveSeriesScores(runId, label, scores) {
      await context.query(
        `INSERT INTO series_score (workspace_id, run_id, label, unique_id, observations, wql, mase, mae, coverage80, why)
         SELECT $1, $2, $3, * FROM unnest($4::text[], $5::integer[], $6::float8[], $7::float8[], $8::float8[], $9::float8[], $10::text[])
         ON CONFLICT (run_id, label, unique_id) DO UPDATE SET observations = excluded.observations, wql = excluded.wql,
           mase = excluded.mase, mae = excluded.mae, coverage80 = excluded.coverage80, why = excluded.why`,
        [workspaceId, runId, label, ...COLUMNS.map((column) => scores.map((score) => score[column] ?? null))],
      );
    },
    async seriesScores(runId, query) {
      // Ascending in all three, so that the key of a row says where the next page begins; what has no error comes last.
      const order = '(s.wql IS NULL)::integer, -coalesce(s.wql, 0), s.unique_id';
      const values: unknown[] = [workspaceId, runId, query.label, REFERENCE];
      const value = (given: unknown): string => `$${values.push(given)}`;
      const where = ['s.workspace_id = $1', 's.run_id = $2', 's.label = $3'];
      const after = keyOf(query, 3);
      if (after) where.push(`(${order}) > (${value(after[0])}::integer, ${value(after[1])}::float8, ${value(after[2])}::text COLLATE "C")`);
      if (query.search) where.push(`s.unique_id COLLATE "default" ILIKE ${value(`%${query.search.replace(/[\\%_]/g, '\\$&')}%`)}`);
      const rows = await context.query<RankedScore & Json>(
        `SELECT s.unique_id AS "uniqueId", s.observations, s.wql, s.mase, s.mae, s.coverage80, s.why, n.wql AS "naiveWql"
         FROM series_score s LEFT JOIN series_score n ON n.run_id = s.run_id AND n.label = $4 AND n.unique_id = s.unique_id
         WHERE ${where.join(' AND ')} ORDER BY ${order} LIMIT ${limitOf(query) + 1}`,
        values,
      );
      return toPage(rows, query, ({ uniqueId, wql }) => [Number(wql === null), -(wql ?? 0), uniqueId]);
    },
  };
}
