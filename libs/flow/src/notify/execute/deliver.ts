/**
 * Deliveries on their way. The row in Postgres is the truth; the queue carries one attempt at a time. A row that is due
 * is handed to the queue and, should the queue or the worker lose it, is due again after a while: at least once, none lost.
 */
import { createHash } from 'node:crypto';
import { deliverJob, type WebhookMessage } from '@almanac/contracts';
import { isAlmanacError } from '@almanac/series';
import type { FlowContext } from '../../runs/context.js';
import { pauseAfter } from '../attempts.js';
import { mail, type MailServer } from './mail.js';
import { send, type Sent } from './send.js';
import { sign } from './sign.js';
import { asSlack } from './words.js';

export interface DeliveryOptions {
  /** Private networks (CIDR) that may be reached. */
  networks: readonly string[];
  /** Where e-mail goes out; without it none does. */
  mail?: MailServer | undefined;
  timeoutMs?: number;
  /** Pause after the first attempt. */
  firstPauseMs?: number;
  /** After so long without a word an attempt is taken for lost. */
  leaseMs?: number;
}

const AT_ONCE = 500;
const TIMEOUT_MS = 10_000;
/** Longer than an attempt may take. */
const LEASE_MS = 20_000;
const KEPT_MS = 30 * 86_400_000;
const GONE = 410;
const MAIL = 'mailto:';
const SLACK = 'slack+';

/** Hands every due delivery of the workspace to the queue; returns how many. */
export async function carryDeliveries(
  { store, queue }: Pick<FlowContext, 'store' | 'queue'>,
  { leaseMs = LEASE_MS }: Pick<DeliveryOptions, 'leaseMs'> = {},
): Promise<number> {
  const due = await store.webhooks.takeDue(AT_ONCE, leaseMs);
  if (due.length > 0) {
    const jobs = due.map(({ id, attempts }) => ({
      id: jobId(id, attempts + 1),
      payload: { deliveryId: id, attempt: attempts + 1, workspaceId: store.workspaceId },
    }));
    await queue.enqueueAll('deliver', jobs, { group: store.workspaceId });
  }
  return due.length;
}

/** The same for the same attempt, so that one that is still waiting when it is due again does not wait twice. */
function jobId(deliveryId: string, attempt: number): string {
  const hex = createHash('sha256').update(`${deliveryId} ${attempt}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

/** Drops what was delivered or given up a month ago. */
export async function forgetDeliveries({ store }: Pick<FlowContext, 'store'>): Promise<number> {
  return store.webhooks.expire(KEPT_MS);
}

/** One attempt. A job that is delivered twice finds its attempt counted, and does nothing. */
export async function executeDelivery(
  flow: Pick<FlowContext, 'store' | 'now' | 'logger'>,
  payload: unknown,
  options: DeliveryOptions,
  signal?: AbortSignal,
): Promise<void> {
  const { deliveryId, attempt } = deliverJob.parse(payload);
  const { webhooks } = flow.store;
  const { leaseMs = LEASE_MS, timeoutMs = TIMEOUT_MS } = options;
  const delivery = await webhooks.begin(deliveryId, attempt, leaseMs);
  if (delivery === null) return;
  const { url } = await webhooks.get(delivery.webhookId);
  const how = { networks: options.networks, timeoutMs, ...(signal ? { signal } : {}) };
  const message = delivery.payload as unknown as WebhookMessage;
  const sent = async (): Promise<Sent> => {
    if (url.startsWith(MAIL)) return mail(url.slice(MAIL.length), delivery.messageId, message, options.mail, timeoutMs);
    if (url.startsWith(SLACK)) return send(url.slice(SLACK.length), {}, asSlack(message), how);
    const body = JSON.stringify(message);
    const headers = sign(await webhooks.secrets(delivery.webhookId), delivery.messageId, flow.now(), body);
    return send(url, headers, body, how);
  };
  const { status, error } = await sent().catch((cause: unknown): Sent => {
    // A secret that nobody can open: the delivery says so, and ends like any other.
    if (!isAlmanacError(cause)) throw cause;
    return { status: null, error: cause.message };
  });
  const gone = status === GONE;
  // Standard Webhooks: a receiver that answers 410 wants no more. Before the end is recorded, so that whoever reads it finds both.
  if (gone) await webhooks.update(delivery.webhookId, { enabled: false });
  await webhooks.end(deliveryId, attempt, {
    delivered: error === null,
    responseStatus: status,
    error,
    retryAfterMs: gone ? null : pauseAfter(attempt, Math.random(), options.firstPauseMs),
  });
  if (error !== null) flow.logger.warn({ delivery: deliveryId, attempt, status, error }, 'a webhook was not delivered');
}
