/** What the doctor of an installation asks its database, over one connection and without changing anything. */
import type { ClientBase } from 'pg';
import { canBeApp } from './roles.js';
import { pendingMigrations } from './migrate.js';

export interface DatabaseDiagnosis {
  encoding: string;
  bytes: number;
  connections: { used: number; most: number };
  /** The database keeps workspaces apart by itself. */
  isolated: boolean;
  now: Date;
  pending: string[];
  /** The rest only where nothing is pending. */
  workers: { id: string; silentSeconds: number; clockSkewMs: number | null }[];
  queued: number;
  oldestQueuedSeconds: number;
  failedToday: number;
  sealedWith: string[];
  /** Finished runs, and the days that the oldest of them has been there. */
  finished: { runs: number; oldestDays: number };
  /** Workspaces that keep runs or forecasts for a time only, of all. */
  workspaces: { withRetention: number; all: number };
}

export const SEALED_WITH = `SELECT DISTINCT split_part(text, '.', 2) AS id
  FROM (SELECT secret AS text FROM webhook UNION ALL SELECT previous_secret FROM webhook UNION ALL SELECT secret FROM source) t WHERE text LIKE 'sealed1.%' ORDER BY 1`;

/** @throws AlmanacError DATABASE_NEWER, MIGRATION_CHANGED */
export async function diagnose(client: ClientBase): Promise<DatabaseDiagnosis> {
  const [about] = (
    await client.query<{ encoding: string; bytes: number; used: number; most: number; now: Date }>(
      `SELECT pg_encoding_to_char(encoding) AS encoding, pg_database_size(oid)::float8 AS bytes, clock_timestamp() AS now,
         (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
         current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS most
       FROM pg_database WHERE datname = current_database()`,
    )
  ).rows;
  const { encoding, bytes, used, most, now } = about!;
  const pending = await pendingMigrations(client);
  const found = { encoding, bytes, connections: { used, most }, isolated: await canBeApp(client), now, pending };
  if (pending.length > 0) {
    const nothing = { finished: { runs: 0, oldestDays: 0 }, workspaces: { withRetention: 0, all: 0 } };
    return { ...found, ...nothing, workers: [], queued: 0, oldestQueuedSeconds: 0, failedToday: 0, sealedWith: [] };
  }
  const { rows: workers } = await client.query<DatabaseDiagnosis['workers'][number]>(
    `SELECT id, extract(epoch FROM now() - seen_at)::float8 AS "silentSeconds", clock_skew_ms::float8 AS "clockSkewMs" FROM worker ORDER BY seen_at DESC`,
  );
  const [runs] = (
    await client.query<{ queued: number; oldest: number; failed: number }>(
      `SELECT (SELECT count(*)::int FROM run WHERE status = 'queued') AS queued,
         (SELECT coalesce(max(extract(epoch FROM now() - created_at)), 0)::float8 FROM run WHERE status = 'queued') AS oldest,
         (SELECT count(*)::int FROM run WHERE status = 'failed' AND parent_id IS NULL AND finished_at > now() - interval '1 day') AS failed`,
    )
  ).rows;
  const { rows: sealed } = await client.query<{ id: string }>(SEALED_WITH);
  const [kept] = (
    await client.query<{ runs: number; oldest: number; limited: number; workspaces: number }>(
      `SELECT count(*)::int AS runs, coalesce(max(extract(epoch FROM now() - finished_at)) / 86400, 0)::float8 AS oldest,
         (SELECT count(DISTINCT workspace_id)::int FROM retention WHERE name <> 'logs') AS limited,
         (SELECT count(*)::int FROM workspace) AS workspaces
       FROM run WHERE parent_id IS NULL AND finished_at IS NOT NULL`,
    )
  ).rows;
  const { queued, oldest, failed } = runs!;
  const finished = { runs: kept!.runs, oldestDays: kept!.oldest };
  const workspaces = { withRetention: kept!.limited, all: kept!.workspaces };
  return {
    ...found,
    finished,
    workspaces,
    workers,
    queued,
    oldestQueuedSeconds: oldest,
    failedToday: failed,
    sealedWith: sealed.map(({ id }) => id),
  };
}
