/** What a workspace looks like at a glance: a few statements, each bounded, whatever is in it. */
import type { Glances } from '../facade.js';
import type { Context } from '../postgres/context.js';
import type { GlanceModel, GlanceMonitored, Json } from '../records.js';

/** Ids of runs begin with the time at which they were made: a range of them is one of the index. */
function firstIdOf(since: Date): string {
  const hex = since.getTime().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

export function glances(context: Context): Glances {
  const { workspaceId } = context;
  return {
    async totals() {
      const [row] = await context.query<Awaited<ReturnType<Glances['totals']>>>(
        `SELECT count(*)::float8 AS datasets, coalesce(sum(series_count), 0)::float8 AS series,
           coalesce(sum(observation_count), 0)::float8 AS observations,
           (SELECT count(*)::float8 FROM model WHERE workspace_id = $1) AS models,
           (SELECT count(*)::float8 FROM schedule WHERE workspace_id = $1) AS schedules
         FROM dataset WHERE workspace_id = $1`,
        [workspaceId],
      );
      return row!;
    },
    due: (limit) =>
      context.query<{ schedule: string; action: string; dueAt: Date }>(
        `SELECT name AS schedule, action ->> 'kind' AS action, next_due_at AS "dueAt" FROM schedule
         WHERE workspace_id = $1 AND NOT paused AND next_due_at IS NOT NULL ORDER BY next_due_at, name LIMIT $2`,
        [workspaceId, limit],
      ),
    runsSince: (since) =>
      context.query<{ status: string; runs: number }>(
        `SELECT status, count(*)::float8 AS runs FROM run WHERE workspace_id = $1 AND parent_id IS NULL AND id >= $2 GROUP BY status`,
        [workspaceId, firstIdOf(since)],
      ),
    models: (limit) =>
      context.query<GlanceModel & Json>(
        `SELECT m.name AS model, d.name AS dataset, v.no AS version, v.run_id AS "runId", v.metrics -> 'score' AS score,
           v.metrics -> 'baselines' AS baselines
         FROM model m JOIN dataset d ON d.id = m.dataset_id CROSS JOIN LATERAL (
           SELECT v.no, v.run_id, v.metrics FROM model_version v LEFT JOIN model_alias a
             ON a.model_id = v.model_id AND a.version = v.no AND a.alias = 'champion' AND a.to_at IS NULL
           WHERE v.model_id = m.id ORDER BY a.version IS NULL, v.no DESC LIMIT 1) v
         WHERE m.workspace_id = $1 ORDER BY m.name LIMIT $2`,
        [workspaceId, limit],
      ),
    monitored: (since) =>
      context.query<GlanceMonitored & Json>(
        `WITH looked AS (SELECT id, model, finished_at, result FROM run
           WHERE workspace_id = $1 AND parent_id IS NULL AND id >= $2 AND kind = 'monitor' AND status = 'succeeded')
         SELECT n.model, n.finished_at AS at, n.alerts, s.scored
         FROM (SELECT DISTINCT ON (model) model, finished_at, result -> 'alerts' AS alerts FROM looked ORDER BY model, id DESC) n
         LEFT JOIN (SELECT DISTINCT ON (model) model, result #> '{scored,0}' AS scored FROM looked
           WHERE result #> '{scored,0}' IS NOT NULL ORDER BY model, id DESC) s ON s.model = n.model`,
        [workspaceId, firstIdOf(since)],
      ),
  };
}
