/**
 * Idempotency keys: the answer to a request that may be sent twice, kept by the key the client chose.
 *
 * Invariants: one request at a time holds a key; a run is made under a key only by who holds it, in the transaction that notes the
 * run beside the key (`madeUnder`), so that there is one run a key, whatever becomes of the process or of its answer.
 */
import { AlmanacError } from '@almanac/series';
import type { Idempotency } from '../facade.js';
import { newId } from '../ids.js';
import type { Context } from '../postgres/context.js';

/** Whoever works on a request says so every few seconds (`beat`); one that has not for so long died, and its key is free again. */
const GIVEN_UP_AFTER = "interval '10 seconds'";
const HELD = 'workspace_id = $1 AND key = $2 AND holder = $3 AND status IS NULL';

interface Row {
  requestHash: string;
  status: number | null;
  body: unknown;
  runId: string | null;
  givenUp: boolean;
}

export function idempotency(context: Context): Idempotency {
  const { workspaceId, cipher } = context;
  // Answers hold what is shown once: keys and secrets.
  const purposeOf = (key: string): string => `answer:${workspaceId}:${key}`;
  const open = (body: unknown, key: string): unknown =>
    typeof body === 'string' && cipher.isSealed(body) ? (JSON.parse(cipher.open(body, purposeOf(key))) as unknown) : body;
  return {
    async begin(key, requestHash) {
      const holder = newId();
      const taken = await context.query(
        `INSERT INTO idempotency_key (workspace_id, key, request_hash, holder) VALUES ($1, $2, $3, $4)
         ON CONFLICT (workspace_id, key) DO UPDATE SET request_hash = excluded.request_hash, holder = excluded.holder, created_at = now()
           WHERE idempotency_key.status IS NULL AND idempotency_key.run_id IS NULL AND idempotency_key.created_at < now() - ${GIVEN_UP_AFTER}
         RETURNING 1`,
        [workspaceId, key, requestHash, holder],
      );
      if (taken.length > 0) return { state: 'new', held: { key, holder } };
      const [row] = await context.query<Row & Record<string, unknown>>(
        `SELECT request_hash AS "requestHash", status, body, run_id AS "runId", holder IS NULL OR created_at < now() - ${GIVEN_UP_AFTER} AS "givenUp"
         FROM idempotency_key WHERE workspace_id = $1 AND key = $2`,
        [workspaceId, key],
      );
      // Released between the two statements.
      if (!row) return this.begin(key, requestHash);
      if (row.requestHash !== requestHash) return { state: 'conflict' };
      if (row.status !== null) return { state: 'done', status: row.status, body: open(row.body, key) };
      return row.runId !== null && row.givenUp ? { state: 'made', runId: row.runId } : { state: 'running' };
    },
    async beat({ key, holder }) {
      await context.query(`UPDATE idempotency_key SET created_at = now() WHERE ${HELD}`, [workspaceId, key, holder]);
    },
    async finish({ key, holder }, status, body) {
      await context.query(`UPDATE idempotency_key SET status = $4, body = $5 WHERE ${HELD}`, [
        workspaceId,
        key,
        holder,
        status,
        JSON.stringify(cipher.seal(JSON.stringify(body ?? null), purposeOf(key))),
      ]);
    },
    async release({ key, holder }) {
      const values = [workspaceId, key, holder];
      await context.query(`DELETE FROM idempotency_key WHERE ${HELD} AND run_id IS NULL`, values);
      await context.query(`UPDATE idempotency_key SET holder = NULL WHERE ${HELD}`, values);
    },
    async expire(olderThanMs) {
      const rows = await context
        .everywhere()
        .query(`DELETE FROM idempotency_key WHERE created_at < now() - $1 * interval '1 millisecond' RETURNING 1`, [olderThanMs]);
      return rows.length;
    },
  };
}

/**
 * Notes a run beside the key of the request that makes it, where it has one.
 * @param inside the transaction that makes the run
 * @throws AlmanacError IDEMPOTENCY_KEY_IN_USE where another request holds the key by now
 */
export async function madeUnder(inside: Context, runId: string): Promise<void> {
  if (!inside.held) return;
  const { key, holder } = inside.held;
  const noted = await inside.query(`UPDATE idempotency_key SET run_id = coalesce(run_id, $4) WHERE ${HELD} RETURNING 1`, [
    ...[inside.workspaceId, key, holder],
    runId,
  ]);
  if (noted.length === 0) throw keyInUse();
}

export const keyInUse = (): AlmanacError =>
  new AlmanacError('IDEMPOTENCY_KEY_IN_USE', 'A request with this Idempotency-Key is still being worked on.', {
    hint: 'Ask again in a second.',
    subject: { retryAfterSeconds: 1 },
    status: 409,
  });
