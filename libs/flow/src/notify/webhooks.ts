/** Webhooks as they are made, changed and read. A secret leaves the platform once, when it is made. */
import { randomBytes, randomUUID } from 'node:crypto';
import {
  type Page,
  type SecretRotation,
  type Webhook,
  type WebhookCreated,
  type WebhookDelivery,
  type WebhookMessage,
  type WebhookPatch,
  webhookRequest,
  type WebhookEvent,
  type WebhookRequestInput,
} from '@almanac/contracts';
import type { DeliveryRecord, DeliveryStatus, Json, PageQuery, WebhookRecord } from '@almanac/store';
import { refuseOver } from '../quota/refuse.js';
import type { FlowContext } from '../runs/context.js';
import { MAX_ATTEMPTS } from './attempts.js';

type Context = Pick<FlowContext, 'store'>;

const HOUR_MS = 3_600_000;

const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

/** @throws AlmanacError QUOTA_EXCEEDED */
export async function createWebhook(context: Pick<FlowContext, 'store' | 'quotas'>, input: WebhookRequestInput): Promise<WebhookCreated> {
  const secret = newSecret();
  const made = await context.store.transaction(async (within) => {
    await refuseOver(context, within, 'webhooks');
    return within.webhooks.create({ ...webhookRequest.parse(input), secret });
  });
  return { ...toWebhook(made), secret };
}

/** @throws AlmanacError WEBHOOK_NOT_FOUND */
export async function getWebhook({ store }: Context, id: string): Promise<Webhook> {
  return toWebhook(await store.webhooks.get(id));
}

export async function listWebhooks({ store }: Context, query: PageQuery): Promise<Page<Webhook>> {
  const { items, next } = await store.webhooks.list(query);
  return { items: items.map(toWebhook), next };
}

/** @throws AlmanacError WEBHOOK_NOT_FOUND */
export async function updateWebhook({ store }: Context, id: string, patch: WebhookPatch): Promise<Webhook> {
  return toWebhook(await store.webhooks.update(id, patch));
}

/** With its deliveries. @throws AlmanacError WEBHOOK_NOT_FOUND */
export async function deleteWebhook({ store }: Context, id: string): Promise<void> {
  await store.webhooks.delete(id);
}

/**
 * Whatever is sent from now on is signed with the new one, and for so many hours with the one before as well, so that no
 * receiver misses a message while it is given the new one; 0 where the old one is no longer to be trusted.
 * @throws AlmanacError WEBHOOK_NOT_FOUND
 */
export async function rotateSecret({ store }: Context, id: string, { overlapHours }: SecretRotation): Promise<WebhookCreated> {
  const secret = newSecret();
  return { ...toWebhook(await store.webhooks.rotate(id, secret, overlapHours * HOUR_MS)), secret };
}

/** A test message, signed and retried like any other. @throws AlmanacError WEBHOOK_NOT_FOUND */
export async function pingWebhook({ store, now }: Pick<FlowContext, 'store' | 'now'>, id: string): Promise<WebhookDelivery> {
  const message: WebhookMessage = { type: 'ping', timestamp: now().toISOString(), data: { webhookId: id } };
  return toDelivery(await store.webhooks.send(id, 'ping', message as unknown as Json, randomUUID()));
}

/** Newest first. @throws AlmanacError WEBHOOK_NOT_FOUND */
export async function listDeliveries(
  { store }: Context,
  id: string,
  query: PageQuery & { status?: DeliveryStatus | undefined },
): Promise<Page<WebhookDelivery>> {
  const { items, next } = await store.webhooks.deliveries(id, query);
  return { items: items.map(toDelivery), next };
}

/** The same message again, as a new delivery: what became of the first stays on record. @throws AlmanacError WEBHOOK_DELIVERY_NOT_FOUND */
export async function replayDelivery({ store }: Context, id: string, deliveryId: string): Promise<WebhookDelivery> {
  const { event, payload, messageId } = await store.webhooks.delivery(id, deliveryId);
  return toDelivery(await store.webhooks.send(id, event, payload, messageId));
}

function toWebhook({ id, url, events, description, enabled, createdAt, previousSecretUntil }: WebhookRecord): Webhook {
  const [created, until] = [createdAt.toISOString(), previousSecretUntil?.toISOString() ?? null];
  return { id, url, events: events as WebhookEvent[], description, enabled, createdAt: created, previousSecretUntil: until };
}

function toDelivery(record: DeliveryRecord): WebhookDelivery {
  return {
    id: record.id,
    messageId: record.messageId,
    event: record.event,
    status: record.status,
    attempts: record.attempts,
    maxAttempts: MAX_ATTEMPTS,
    responseStatus: record.responseStatus,
    error: record.error,
    message: record.payload as unknown as WebhookMessage,
    createdAt: record.createdAt.toISOString(),
    attemptedAt: record.attemptedAt?.toISOString() ?? null,
    nextAttemptAt: record.status === 'pending' ? record.nextAttemptAt.toISOString() : null,
  };
}
