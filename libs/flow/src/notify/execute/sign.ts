/** The headers of Standard Webhooks (standardwebhooks.com, version 1): HMAC-SHA256 over id, time and body. */
import { createHmac } from 'node:crypto';

/**
 * @param secret `whsec_` and the key in base64
 * @param at the moment of the attempt, not of the event: receivers refuse what is old
 */
export function sign(secret: string, messageId: string, at: Date, body: string): Record<string, string> {
  const seconds = Math.floor(at.getTime() / 1000);
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${messageId}.${seconds}.${body}`).digest('base64');
  return { 'webhook-id': messageId, 'webhook-timestamp': String(seconds), 'webhook-signature': `v1,${signature}` };
}
