/**
 * How long a workspace keeps what its runs leave behind, and the removal of what is older, a few runs at a time.
 *
 * Invariants: a run goes whole, with its forecasts, scores and files, in one transaction, so that nobody ever reads half a forecast and
 * no file stays that no row names; a run stays while a version of a dataset or model came from it, while an open run waits for it or
 * names it in its plan (a replay, a training that goes on), and while it is the latest success of its kind for its dataset and model.
 */
import type { Retention } from '../facade.js';
import type { Context } from '../postgres/context.js';
import { removeKeptByRuns } from './erasures.js';

const RUNS_AT_ONCE = 20;
/** A run may have forecasts of a million series: then it goes alone. */
const SERIES_AT_ONCE = 100_000;
const ROWS_AT_ONCE = 5_000;
const OLDER = `now() - $2 * interval '1 day'`;

/**
 * Forecasts of some series, of an early cutoff, or made to compare are no successors of one of everything. A model that learns online
 * goes on from the run that got furthest, which need not be its latest.
 */
const LATEST = `
    SELECT DISTINCT ON (l.kind, l.dataset, l.model, l.config ? 'replayOf', l.config ? 'cutoff', l.config ? 'uniqueIds') l.id
    FROM run l JOIN dataset d ON d.workspace_id = $1 AND d.name = l.dataset
    WHERE l.workspace_id = $1 AND l.parent_id IS NULL AND l.status = 'succeeded' AND (l.kind = 'forecast') = $3
    ORDER BY l.kind, l.dataset, l.model, l.config ? 'replayOf', l.config ? 'cutoff', l.config ? 'uniqueIds', l.id DESC`;
const FURTHEST = `
    SELECT DISTINCT ON (l.model, coalesce(l.result -> 'version', l.result -> 'from')) l.id FROM run l
    WHERE l.workspace_id = $1 AND l.kind = 'learn' AND l.status = 'succeeded' AND l.result ->> 'state' IS NOT NULL AND NOT $3
    ORDER BY l.model, coalesce(l.result -> 'version', l.result -> 'from'), l.result -> 'datasetVersion' DESC, l.id DESC`;

const EXPIRED = `WITH needed AS ((${LATEST}) UNION (${FURTHEST}))
  SELECT r.id, CASE WHEN jsonb_typeof(r.result -> 'series') = 'number' THEN (r.result ->> 'series')::float8 ELSE 1 END AS series FROM run r
  WHERE r.workspace_id = $1 AND r.parent_id IS NULL AND r.finished_at < ${OLDER} AND (r.kind = 'forecast') = $3
    AND NOT EXISTS (SELECT FROM needed WHERE needed.id = r.id)
    AND NOT EXISTS (SELECT FROM run one JOIN dataset_version v ON v.run_id = one.id WHERE one.id = r.id OR one.parent_id = r.id)
    AND NOT EXISTS (SELECT FROM run one JOIN model_version v ON v.run_id = one.id WHERE one.id = r.id OR one.parent_id = r.id)
    AND NOT EXISTS (SELECT FROM run n WHERE n.workspace_id = $1 AND n.status IN ('queued', 'running')
      AND (n.after_id = r.id OR position(r.id::text IN n.config::text) > 0))
  ORDER BY r.id LIMIT ${RUNS_AT_ONCE} FOR UPDATE OF r SKIP LOCKED`;

export function retention(context: Context): Retention {
  const { workspaceId } = context;
  const counted = async (sql: string, days: number): Promise<number> =>
    (await context.query<{ n: number }>(`WITH gone AS (${sql} RETURNING 1) SELECT count(*)::int AS n FROM gone`, [workspaceId, days]))[0]!
      .n;
  // A file may be used in any workspace.
  const dropRuns = (days: number, forecasts: boolean, remove: (sha256: string) => Promise<void>): Promise<number> =>
    context.everywhere().transaction(async (inside) => {
      const expired = await inside.query<{ id: string; series: number }>(EXPIRED, [workspaceId, days, forecasts]);
      let series = 0;
      const ids = expired.filter((run, at) => (series += run.series) <= SERIES_AT_ONCE || at === 0).map(({ id }) => id);
      if (ids.length === 0) return 0;
      await removeKeptByRuns(inside, workspaceId, ids, remove);
      // Those that once waited for it have ended; finished runs change for nothing else.
      await inside.query(`SELECT set_config('almanac.erasing', 'on', true)`);
      await inside.query('UPDATE run SET after_id = NULL WHERE after_id = ANY ($1)', [ids]);
      await inside.query(`SELECT set_config('almanac.erasing', '', true)`);
      await inside.query('DELETE FROM run WHERE id = ANY ($1)', [ids]);
      return ids.length;
    });

  return {
    async days() {
      const rows = await context.query<{ name: string; days: number }>('SELECT name, days FROM retention WHERE workspace_id = $1', [
        workspaceId,
      ]);
      return Object.fromEntries(rows.map(({ name, days }) => [name, days]));
    },
    async keep(name, days) {
      if (days === null) await context.query('DELETE FROM retention WHERE workspace_id = $1 AND name = $2', [workspaceId, name]);
      else
        await context.query(
          'INSERT INTO retention (workspace_id, name, days) VALUES ($1, $2, $3) ON CONFLICT (workspace_id, name) DO UPDATE SET days = excluded.days',
          [workspaceId, name, days],
        );
    },
    async drop(name, days, remove) {
      if (name !== 'logs') return dropRuns(days, name === 'forecasts', remove);
      const firings = await counted(
        `DELETE FROM schedule_firing WHERE (schedule_id, due_at) IN (SELECT schedule_id, due_at FROM schedule_firing
           WHERE workspace_id = $1 AND due_at < ${OLDER} LIMIT ${ROWS_AT_ONCE})`,
        days,
      );
      const points = await counted(
        `DELETE FROM run_point WHERE (run_id, step) IN (SELECT p.run_id, p.step FROM run_point p JOIN run r ON r.id = p.run_id
           WHERE r.workspace_id = $1 AND r.finished_at < ${OLDER} LIMIT ${ROWS_AT_ONCE})`,
        days,
      );
      return firings + points;
    },
  };
}
