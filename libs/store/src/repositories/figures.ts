/** What an operator watches, over all workspaces: what waits and since when, how old forecasts are, how good they turned out to be. */
import type { Figures } from '../facade.js';
import type { Context } from '../postgres/context.js';

export function figures(context: Context): Figures {
  const all = context.everywhere();
  return {
    openRuns: () =>
      all.query(
        `SELECT kind, status, count(*)::float8 AS runs, extract(epoch FROM now() - min(created_at))::float8 AS "oldestSeconds"
         FROM run WHERE status IN ('queued', 'running') GROUP BY kind, status`,
      ),
    forecasts: () =>
      all.query(
        `SELECT w.name AS workspace, r.dataset, r.model, extract(epoch FROM now() - max(r.finished_at))::float8 AS "ageSeconds"
         FROM run r JOIN workspace w ON w.id = r.workspace_id
         WHERE r.kind = 'forecast' AND r.status = 'succeeded' AND r.parent_id IS NULL AND r.config->>'replayOf' IS NULL
           AND EXISTS (SELECT FROM dataset d WHERE d.workspace_id = r.workspace_id AND d.name = r.dataset)
         GROUP BY w.name, r.dataset, r.model`,
      ),
    scores: () =>
      all.query(
        `SELECT DISTINCT ON (r.workspace_id, r.model) w.name AS workspace, r.model,
           (r.result #>> '{scored,0,wql}')::float8 AS wql, (r.result #>> '{scored,0,naiveWql}')::float8 AS "naiveWql",
           (r.result #>> '{scored,0,coverage80}')::float8 AS coverage80, (r.result ->> 'drift')::boolean AS drift
         FROM run r JOIN workspace w ON w.id = r.workspace_id
         WHERE r.kind = 'monitor' AND r.status = 'succeeded' AND json_array_length((r.result -> 'scored')::json) > 0
         ORDER BY r.workspace_id, r.model, r.finished_at DESC`,
      ),
    databaseBytes: async () => {
      const [row] = await all.query<{ bytes: number }>('SELECT pg_database_size(current_database())::float8 AS bytes');
      return row!.bytes;
    },
  };
}
