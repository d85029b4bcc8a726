/**
 * Quotas: what was set, what is in use, and the shared counters behind them.
 *
 * Invariants: `hold` counts under a lock that lasts until the transaction ends, so that two who add at once cannot both find
 * room for the last one; a lease that nobody renews ends by itself.
 */
import type { Quotas } from '../facade.js';
import { newId } from '../ids.js';
import type { Context } from '../postgres/context.js';
import type { Counted } from '../records.js';

/** Renewed three times in it. */
const LEASE = "interval '30 seconds'";

const USED: Record<Counted, string> = {
  openRuns: `SELECT count(*) FROM run WHERE workspace_id = $1 AND status IN ('queued', 'running') AND parent_id IS NULL`,
  webhooks: 'SELECT count(*) FROM webhook WHERE workspace_id = $1',
  sources: 'SELECT count(*) FROM source WHERE workspace_id = $1',
  series: 'SELECT coalesce(sum(series_count), 0) FROM dataset WHERE workspace_id = $1',
  observations: 'SELECT coalesce(sum(observation_count), 0) FROM dataset WHERE workspace_id = $1',
  bytes: `SELECT coalesce(sum(size), 0) FROM upload WHERE workspace_id = $1 AND object_key <> 'erased'`,
  uploads: `SELECT count(*) FROM lease WHERE workspace_id = $1 AND kind = 'uploads' AND until > now()`,
  streams: `SELECT count(*) FROM lease WHERE workspace_id = $1 AND kind = 'streams' AND until > now()`,
};

export function quotas(context: Context): Quotas {
  const { workspaceId } = context;
  const used: Quotas['used'] = async (name) => {
    const [row] = await context.query<{ n: number }>(`SELECT (${USED[name]})::float8 AS n`, [workspaceId]);
    return row!.n;
  };
  const lock = (inside: Context, name: string): Promise<unknown> =>
    inside.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 4172025))', [`${name} ${workspaceId}`]);
  return {
    async set() {
      const rows = await context.query<{ name: string; most: number | null }>(
        'SELECT name, most::float8 AS most FROM quota WHERE workspace_id = $1',
        [workspaceId],
      );
      return Object.fromEntries(rows.map(({ name, most }) => [name, most]));
    },
    change: (changes) =>
      context.transaction(async (inside) => {
        for (const [name, most] of Object.entries(changes)) {
          if (most === undefined) await inside.query('DELETE FROM quota WHERE workspace_id = $1 AND name = $2', [workspaceId, name]);
          else
            await inside.query(
              'INSERT INTO quota (workspace_id, name, most) VALUES ($1, $2, $3) ON CONFLICT (workspace_id, name) DO UPDATE SET most = excluded.most',
              [workspaceId, name, most],
            );
        }
      }),
    used,
    async busiest(kind) {
      const [row] = await context.query<{ n: number }>(
        `SELECT coalesce(max(n), 0)::float8 AS n FROM (
           SELECT count(*) AS n FROM lease WHERE workspace_id = $1 AND kind = $2 AND until > now() GROUP BY holder) AS one`,
        [workspaceId, kind],
      );
      return row!.n;
    },
    async hold(name) {
      await lock(context, name);
      return used(name);
    },
    lease: (kind, holder, most) =>
      context.transaction(async (inside) => {
        await lock(inside, kind);
        await inside.query('DELETE FROM lease WHERE workspace_id = $1 AND kind = $2 AND until < now()', [workspaceId, kind]);
        const [found] = await inside.query<{ all: number; own: number }>(
          `SELECT count(*)::float8 AS "all", (count(*) FILTER (WHERE holder = $3))::float8 AS own FROM lease WHERE workspace_id = $1 AND kind = $2`,
          [workspaceId, kind, holder],
        );
        if (found!.all >= most.workspace || found!.own >= most.holder) return { ...found!, id: null };
        const id = newId();
        await inside.query(`INSERT INTO lease (id, workspace_id, kind, holder, until) VALUES ($1, $2, $3, $4, now() + ${LEASE})`, [
          ...[id, workspaceId, kind, holder],
        ]);
        return { ...found!, id };
      }),
    async renew(ids) {
      await context.everywhere().query(`UPDATE lease SET until = now() + ${LEASE} WHERE id = ANY ($1)`, [ids]);
    },
    async release(id) {
      await context.query('DELETE FROM lease WHERE id = $1', [id]);
    },
  };
}
