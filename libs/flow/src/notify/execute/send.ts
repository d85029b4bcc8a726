/**
 * One request to an address that a user gave, from inside the operator's network.
 * Invariants: it reaches public addresses and the networks that the operator allows, nothing else, and what is checked is
 * the address that is connected to (a name that changes its mind between check and connection gains nothing); redirects
 * are not followed; time and the size of the answer are bounded.
 */
import { request as plain } from 'node:http';
import { request as encrypted } from 'node:https';
import type { LookupFunction } from 'node:net';
import { lookupWithin, refuseLiteral } from '@almanac/platform';

export interface Sent {
  /** Null where no answer came. */
  status: number | null;
  /** Null where the receiver took the message (2xx). */
  error: string | null;
}

export interface SendOptions {
  /** Networks (CIDR) that are allowed though they are private. */
  networks: readonly string[];
  timeoutMs: number;
  signal?: AbortSignal;
}

/** Of the answer so much is read; it is only shown to people. */
const MOST_BYTES = 64 << 10;
const SHOWN = 300;

/** Never rejects: what went wrong is the result. */
export async function send(url: string, headers: Record<string, string>, body: string, options: SendOptions): Promise<Sent> {
  const target = new URL(url);
  const reach = { networks: options.networks, variable: 'ALMANAC_WEBHOOK_NETWORKS' };
  const refused = refuseLiteral(target.hostname, reach);
  if (refused) return { status: null, error: refused.message };
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal ? AbortSignal.any([timeout, options.signal]) : timeout;
  try {
    return await exchange(target, headers, body, lookupWithin(reach), signal);
  } catch (error) {
    if (timeout.aborted) return { status: null, error: `No answer within ${options.timeoutMs / 1000} s.` };
    return { status: null, error: error instanceof Error ? error.message || String(error) : String(error) };
  }
}

function exchange(target: URL, headers: Record<string, string>, body: string, lookup: LookupFunction, signal: AbortSignal): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const request = target.protocol === 'https:' ? encrypted : plain;
    const asked = request(target, {
      method: 'POST',
      // A connection of its own: one that is kept open would outlive the check of its address.
      agent: false,
      lookup,
      signal,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'Almanac-Webhooks/1',
        ...headers,
      },
    });
    asked.once('error', reject);
    asked.once('response', (answer) => {
      const status = answer.statusCode ?? 0;
      const parts: Buffer[] = [];
      let size = 0;
      const done = (): void => {
        asked.destroy();
        resolve({ status, error: status >= 200 && status < 300 ? null : describe(status, Buffer.concat(parts)) });
      };
      answer.on('data', (part: Buffer) => {
        size += part.length;
        if (size <= MOST_BYTES) parts.push(part);
        else done();
      });
      answer.once('end', done);
      answer.once('error', reject);
    });
    asked.end(body);
  });
}

function describe(status: number, answer: Buffer): string {
  const text = answer.toString('utf8').replaceAll('\0', '').trim().slice(0, SHOWN);
  const redirect = status >= 300 && status < 400 ? ' (redirects are not followed)' : '';
  return `The receiver answered ${status}${redirect}${text ? `: ${text}` : ''}`;
}
