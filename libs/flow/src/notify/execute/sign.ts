/** The headers of Standard Webhooks (standardwebhooks.com, version 1): HMAC-SHA256 over id, time and body. */
import { createHmac } from 'node:crypto';

/**
 * @param secrets `whsec_` and the key in base64; a signature each, and the receiver looks for one that is right
 * @param at the moment of the attempt, not of the event: receivers refuse what is old
 */
export function sign(secrets: readonly string[], messageId: string, at: Date, body: string): Record<string, string> {
  const seconds = Math.floor(at.getTime() / 1000);
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    return `v1,${createHmac('sha256', key).update(`${messageId}.${seconds}.${body}`).digest('base64')}`;
  });
  return { 'webhook-id': messageId, 'webhook-timestamp': String(seconds), 'webhook-signature': signatures.join(' ') };
}
