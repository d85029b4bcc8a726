/**
 * Webhooks and their deliveries. Triggers of the schema write the deliveries, in the transaction of the fact they tell of;
 * here they are taken, attempted and ended.
 * Invariants: an attempt is counted before it is made, so that a delivery that kills its worker ends as well; an attempt
 * nobody ended is made again after a while; only the attempt that was counted last may end a delivery.
 */
import type { Webhooks } from '../facade.js';
import { notFound } from '../errors.js';
import { newId } from '../ids.js';
import { keyOf, limitOf, toPage } from '../pages.js';
import type { Context } from '../postgres/context.js';
import type { DeliveryRecord, Json, WebhookRecord } from '../records.js';

const WEBHOOK = `id, url, events, description, enabled, created_at AS "createdAt",
  CASE WHEN previous_secret_until > now() THEN previous_secret_until END AS "previousSecretUntil"`;
const DELIVERY = `id, no::float8 AS no, webhook_id AS "webhookId", message_id AS "messageId", event, payload, status, attempts,
  next_attempt_at AS "nextAttemptAt", response_status AS "responseStatus", error, created_at AS "createdAt", attempted_at AS "attemptedAt"`;

const purposeOf = (id: string): string => `webhook:${id}`;

export function webhooks(context: Context): Webhooks {
  const { workspaceId, cipher } = context;
  const list = (rest: string, values: unknown[]): Promise<WebhookRecord[]> =>
    context.query<Json & WebhookRecord>(`SELECT ${WEBHOOK} FROM webhook WHERE workspace_id = $1 ${rest}`, [workspaceId, ...values]);
  const deliveries = (sql: string, values: unknown[]): Promise<DeliveryRecord[]> =>
    context.query<Json & DeliveryRecord>(sql, [workspaceId, ...values]);

  const get: Webhooks['get'] = async (id) => {
    const [webhook] = await list('AND id = $2', [id]);
    if (!webhook) throw notFound('webhook', id);
    return webhook;
  };
  return {
    get,
    async create({ url, events, description, secret, enabled }) {
      const id = newId();
      await context.query(
        'INSERT INTO webhook (id, workspace_id, url, events, description, secret, enabled) VALUES ($1, $2, $3, $4, $5, $6, $7)',
        [id, workspaceId, url, events, description, cipher.seal(secret, purposeOf(id)), enabled],
      );
      return get(id);
    },
    async list(query) {
      const after = keyOf(query, 1)?.[0] ?? '00000000-0000-0000-0000-000000000000';
      return toPage(await list('AND id > $2 ORDER BY id LIMIT $3', [after, limitOf(query) + 1]), query, ({ id }) => [id]);
    },
    async update(id, { url, events, description, enabled }) {
      await context.query(
        `UPDATE webhook SET url = coalesce($3, url), events = coalesce($4, events), description = coalesce($5, description),
           enabled = coalesce($6, enabled) WHERE workspace_id = $1 AND id = $2`,
        [workspaceId, id, url, events, description, enabled],
      );
      return get(id);
    },
    async secrets(id) {
      const rows = await context.query<{ secret: string }>(
        `SELECT s.secret FROM webhook, LATERAL (VALUES (1, secret), (2, CASE WHEN previous_secret_until > now() THEN previous_secret END)) AS s(no, secret)
         WHERE workspace_id = $1 AND id = $2 AND s.secret IS NOT NULL ORDER BY s.no`,
        [workspaceId, id],
      );
      if (rows.length === 0) throw notFound('webhook', id);
      return rows.map(({ secret }) => cipher.open(secret, purposeOf(id)));
    },
    async rotate(id, secret, overlapMs) {
      await context.query(
        `UPDATE webhook SET secret = $3, previous_secret = CASE WHEN $4::float8 > 0 THEN secret END,
           previous_secret_until = CASE WHEN $4::float8 > 0 THEN now() + $4::float8 * interval '1 millisecond' END
         WHERE workspace_id = $1 AND id = $2`,
        [workspaceId, id, cipher.seal(secret, purposeOf(id)), overlapMs],
      );
      return get(id);
    },
    async delete(id) {
      const gone = await context.query('DELETE FROM webhook WHERE workspace_id = $1 AND id = $2 RETURNING 1', [workspaceId, id]);
      if (gone.length === 0) throw notFound('webhook', id);
    },
    async tell(event, data) {
      await context.query('SELECT tell_webhooks($1, $2, $3)', [workspaceId, event, JSON.stringify(data)]);
    },
    async send(webhookId, event, payload, messageId) {
      await get(webhookId);
      const [sent] = await deliveries(
        `INSERT INTO webhook_delivery (workspace_id, webhook_id, message_id, event, payload) VALUES ($1, $2, $3, $4, $5) RETURNING ${DELIVERY}`,
        [webhookId, messageId ?? newId(), event, JSON.stringify(payload)],
      );
      return sent!;
    },
    async deliveries(webhookId, query) {
      await get(webhookId);
      const before = keyOf(query, 1)?.[0] ?? Number.MAX_SAFE_INTEGER;
      const rows = await deliveries(
        `SELECT ${DELIVERY} FROM webhook_delivery WHERE workspace_id = $1 AND webhook_id = $2 AND no < $3
           AND ($4::text IS NULL OR status = $4) ORDER BY no DESC LIMIT $5`,
        [webhookId, before, query.status ?? null, limitOf(query) + 1],
      );
      return toPage(rows, query, ({ no }) => [no]);
    },
    async delivery(webhookId, id) {
      const [found] = await deliveries(`SELECT ${DELIVERY} FROM webhook_delivery WHERE workspace_id = $1 AND webhook_id = $2 AND id = $3`, [
        webhookId,
        id,
      ]);
      if (!found) throw notFound('webhook delivery', id);
      return found;
    },
    takeDue: (limit, leaseMs) =>
      deliveries(
        `UPDATE webhook_delivery SET next_attempt_at = now() + $3 * interval '1 millisecond' WHERE id IN (
           SELECT d.id FROM webhook_delivery d JOIN webhook w ON w.id = d.webhook_id AND w.enabled
           WHERE d.workspace_id = $1 AND d.status = 'pending' AND d.next_attempt_at <= now()
           ORDER BY d.next_attempt_at LIMIT $2 FOR UPDATE OF d SKIP LOCKED) RETURNING ${DELIVERY}`,
        [limit, leaseMs],
      ),
    async begin(id, attempt, leaseMs) {
      const [begun] = await deliveries(
        `UPDATE webhook_delivery SET attempts = $3, attempted_at = now(), next_attempt_at = now() + $4 * interval '1 millisecond'
         WHERE workspace_id = $1 AND id = $2 AND status = 'pending' AND attempts = $3 - 1 RETURNING ${DELIVERY}`,
        [id, attempt, leaseMs],
      );
      return begun ?? null;
    },
    async end(id, attempt, { delivered, responseStatus, error, retryAfterMs }) {
      const status = delivered ? 'delivered' : retryAfterMs === null ? 'failed' : 'pending';
      await context.query(
        `UPDATE webhook_delivery SET status = $4, response_status = $5, error = $6, next_attempt_at = now() + $7 * interval '1 millisecond'
         WHERE workspace_id = $1 AND id = $2 AND attempts = $3 AND status = 'pending'`,
        [workspaceId, id, attempt, status, responseStatus, error, retryAfterMs ?? 0],
      );
    },
    async sealSecrets() {
      const all = context.everywhere();
      const rows = await all.query<{ id: string; secret: string }>('SELECT id, secret FROM webhook');
      const open = rows.filter(({ secret }) => !cipher.isSealed(secret));
      for (const { id, secret } of open) {
        // Whoever rotated it meanwhile has sealed it.
        await all.query('UPDATE webhook SET secret = $3 WHERE id = $1 AND secret = $2', [id, secret, cipher.seal(secret, purposeOf(id))]);
      }
      return open.length;
    },
    async expire(olderThanMs) {
      const gone = await context
        .everywhere()
        .query(
          `DELETE FROM webhook_delivery WHERE status <> 'pending' AND created_at < now() - $1 * interval '1 millisecond' RETURNING 1`,
          [olderThanMs],
        );
      return gone.length;
    },
  };
}
