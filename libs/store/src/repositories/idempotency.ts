/** Idempotency keys: the answer to a request that may be sent twice, kept by the key the client chose. */
import type { Idempotency } from '../facade.js';
import type { Context } from '../postgres/context.js';

/** Whoever works on a request says so every few seconds (`beat`); one that has not for so long died, and its key is free again. */
const GIVEN_UP_AFTER = "interval '10 seconds'";

interface Row {
  requestHash: string;
  status: number | null;
  body: unknown;
}

export function idempotency(context: Context): Idempotency {
  const { workspaceId, cipher } = context;
  // Answers hold what is shown once: keys and secrets.
  const purposeOf = (key: string): string => `answer:${workspaceId}:${key}`;
  const open = (body: unknown, key: string): unknown =>
    typeof body === 'string' && cipher.isSealed(body) ? (JSON.parse(cipher.open(body, purposeOf(key))) as unknown) : body;
  return {
    async begin(key, requestHash) {
      const taken = await context.query(
        `INSERT INTO idempotency_key AS k (workspace_id, key, request_hash) VALUES ($1, $2, $3)
         ON CONFLICT (workspace_id, key) DO UPDATE SET request_hash = excluded.request_hash, created_at = now()
           WHERE k.status IS NULL AND k.created_at < now() - ${GIVEN_UP_AFTER}
         RETURNING 1`,
        [workspaceId, key, requestHash],
      );
      if (taken.length > 0) return { state: 'new' };
      const [row] = await context.query<Row & Record<string, unknown>>(
        'SELECT request_hash AS "requestHash", status, body FROM idempotency_key WHERE workspace_id = $1 AND key = $2',
        [workspaceId, key],
      );
      // Released between the two statements.
      if (!row) return this.begin(key, requestHash);
      if (row.requestHash !== requestHash) return { state: 'conflict' };
      return row.status === null ? { state: 'running' } : { state: 'done', status: row.status, body: open(row.body, key) };
    },
    async beat(key) {
      await context.query('UPDATE idempotency_key SET created_at = now() WHERE workspace_id = $1 AND key = $2 AND status IS NULL', [
        workspaceId,
        key,
      ]);
    },
    async finish(key, status, body) {
      await context.query('UPDATE idempotency_key SET status = $3, body = $4 WHERE workspace_id = $1 AND key = $2', [
        workspaceId,
        key,
        status,
        JSON.stringify(cipher.seal(JSON.stringify(body ?? null), purposeOf(key))),
      ]);
    },
    async release(key) {
      await context.query('DELETE FROM idempotency_key WHERE workspace_id = $1 AND key = $2 AND status IS NULL', [workspaceId, key]);
    },
    async expire(olderThanMs) {
      const rows = await context
        .everywhere()
        .query(`DELETE FROM idempotency_key WHERE created_at < now() - $1 * interval '1 millisecond' RETURNING 1`, [olderThanMs]);
      return rows.length;
    },
  };
}
