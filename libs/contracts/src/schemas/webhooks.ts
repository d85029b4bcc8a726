/**
 * Webhooks: signed messages to an address of the user's when something has happened, in the form of Standard Webhooks
 * (headers `webhook-id`, `webhook-timestamp`, `webhook-signature`). A receiver may get a message twice: `webhook-id` tells.
 */
import { z } from 'zod';
import { etag, instant, pageOf, pageQuery, uuid } from './common.js';

export const webhookEvent = z.enum(['run.finished', 'run.failed', 'run.cancelled', 'forecast.stored', 'alert.raised', 'alias.moved']);
export type WebhookEvent = z.infer<typeof webhookEvent>;

const isHttp = (text: string): boolean => {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hostname } = new URL(text);
  return /^https?:$/.test(protocol) && hostname !== '' && username === '' && password === '';
};
const isAddress = (text: string): boolean => z.email().safeParse(text).success;

/** The address decides the form of a message: signed JSON, a chat message, or an e-mail. */
const address = z
  .string()
  .max(2000)
  .refine(
    (text) => (text.startsWith('mailto:') ? isAddress(text.slice('mailto:'.length)) : isHttp(text.replace(/^slack\+/, ''))),
    'must be an http or https address without user and password, slack+https://… of a Slack-compatible webhook, or mailto:somebody@example.org',
  )
  .meta({
    description:
      '`https://…` gets signed JSON, `slack+https://…` a message as Slack takes it, `mailto:…` an e-mail. Private addresses are refused unless the operator allows them.',
    example: 'https://example.org/almanac',
  });

const fields = {
  url: address,
  events: z.array(webhookEvent).min(1).meta({ description: 'Events that are sent.' }),
  description: z.string().max(500),
  enabled: z.boolean().meta({ description: 'While it is not, nothing is recorded for it and open deliveries wait.' }),
};
export const webhookRequest = z
  .object({
    ...fields,
    events: fields.events.default([...webhookEvent.options]),
    description: fields.description.default(''),
    enabled: fields.enabled.default(true),
  })
  .meta({ id: 'WebhookRequest' });
export type WebhookRequest = z.infer<typeof webhookRequest>;
export type WebhookRequestInput = z.input<typeof webhookRequest>;
export const webhookPatch = z.object(fields).partial();
export type WebhookPatch = z.infer<typeof webhookPatch>;

const previousSecretUntil = instant
  .nullable()
  .meta({ description: 'Until then messages carry two signatures, by the secret before the present one as well.' });
export const webhook = z
  .object({ id: uuid, ...fields, url: z.string(), createdAt: instant, previousSecretUntil, etag })
  .meta({ id: 'Webhook' });
export type Webhook = z.infer<typeof webhook>;
export const webhookPage = pageOf(webhook);
/** The only time the secret is seen. */
export const webhookCreated = webhook
  .extend({ secret: z.string().meta({ description: 'Key of the signature: `whsec_` and 32 bytes in base64.' }) })
  .meta({ id: 'WebhookCreated' });
export const secretRotation = z
  .object({
    overlapHours: z.number().min(0).max(168).default(24).meta({
      description: 'How long the secret before signs as well. 0 where it is no longer to be trusted.',
    }),
  })
  .meta({ id: 'SecretRotation' });
export type SecretRotation = z.infer<typeof secretRotation>;
export type WebhookCreated = z.infer<typeof webhookCreated>;

/** The body of a request to the receiver. */
export const webhookMessage = z
  .object({
    type: z.union([webhookEvent, z.literal('ping')]),
    timestamp: instant,
    data: z.record(z.string(), z.unknown()).meta({
      description:
        '`run.*` and `forecast.stored`: runId, kind, dataset, model, …; `alert.raised`: the same with code, message and since; `alias.moved`: model, alias, version, previousVersion, reason.',
    }),
  })
  .meta({ id: 'WebhookMessage' });
export type WebhookMessage = z.infer<typeof webhookMessage>;

export const deliveryStatus = z.enum(['pending', 'delivered', 'failed']);
export const webhookDelivery = z
  .object({
    id: uuid,
    messageId: uuid.meta({ description: "The receiver's `webhook-id`: the same for every attempt and replay." }),
    event: z.string(),
    status: deliveryStatus.meta({ description: '`failed`: given up after the last attempt; it can be replayed.' }),
    attempts: z.number().int(),
    maxAttempts: z.number().int(),
    responseStatus: z.number().int().nullable().meta({ description: 'Of the last attempt; null where no answer came.' }),
    error: z.string().nullable(),
    message: webhookMessage,
    createdAt: instant,
    attemptedAt: instant.nullable(),
    nextAttemptAt: instant.nullable(),
  })
  .meta({ id: 'WebhookDelivery' });
export type WebhookDelivery = z.infer<typeof webhookDelivery>;
export const webhookDeliveryPage = pageOf(webhookDelivery);
export const webhookDeliveriesQuery = pageQuery.extend({ status: deliveryStatus.optional() });
