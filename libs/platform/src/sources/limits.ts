/** What is read from others' servers at the wish of a user: how much, for how long, and why it is refused. */
import { AlmanacError } from '@almanac/series';
import { PrivateAddress, type Reach } from '../network.js';

export interface SourceLimits {
  readonly bytes: number;
  /** Of a query. */
  readonly rows: number;
  /** For all of it, the connection included. */
  readonly seconds: number;
  /** Private networks that sources may lie in, as CIDR. */
  readonly networks: readonly string[];
}

export const DEFAULT_SOURCE_LIMITS: SourceLimits = Object.freeze({ bytes: 2 ** 30, rows: 20_000_000, seconds: 600, networks: [] });

export const reachOf = ({ networks }: SourceLimits): Reach => ({ networks, variable: 'ALMANAC_SOURCE_NETWORKS' });

export const refusal = (code: string, message: string, hint: string, subject: Record<string, unknown> = {}): AlmanacError =>
  new AlmanacError(code, message, { hint, subject, status: 422 });

/** In other words than a lost database of our own has: that is waited for, a source is not. */
const WORDS: Record<string, string> = {
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name could not be looked up',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
};
const UNTRUSTED = /CERT|SIGNATURE|ISSUER|ERR_TLS/;

/** What went wrong on the way to a server, or there, as a refusal. @param at host, for people */
export function unreachable(error: unknown, at: string): AlmanacError {
  if (error instanceof AlmanacError) return error;
  const { code = '', message = String(error) } = error as { code?: string; message?: string };
  if (error instanceof PrivateAddress)
    return refusal(
      'SOURCE_ADDRESS_PRIVATE',
      message,
      'Ask the operator of this installation to allow the network, or name a public address.',
      {
        host: at,
      },
    );
  if (UNTRUSTED.test(code))
    return refusal(
      'SOURCE_CERTIFICATE',
      `The certificate of ${at} is not trusted: ${message}.`,
      'Give the server a certificate that the machine of the workers trusts (NODE_EXTRA_CA_CERTS adds authorities of your own).',
      { host: at },
    );
  return refusal(
    'SOURCE_UNREACHABLE',
    `${at} cannot be read: ${WORDS[code] ?? 'the connection was lost'}.`,
    'Check the address, and whether the machines of the workers can reach it.',
    { host: at, ...(code ? { cause: code } : {}) },
  );
}

export const tooSlow = (at: string, { seconds }: SourceLimits): AlmanacError =>
  refusal(
    'SOURCE_TIMED_OUT',
    `${at} had not sent everything after ${seconds} s.`,
    'Read less at a time, e.g. by a watermark; the operator can allow more (ALMANAC_SOURCE_SECONDS).',
    { host: at, seconds },
  );

/** Content as it comes, up to the limit. @throws AlmanacError SOURCE_TOO_LARGE */
export async function* bounded(content: AsyncIterable<Uint8Array>, { bytes }: SourceLimits, at: string): AsyncGenerator<Uint8Array> {
  let seen = 0;
  for await (const chunk of content) {
    seen += chunk.length;
    if (seen > bytes)
      throw refusal(
        'SOURCE_TOO_LARGE',
        `${at} has more than ${bytes} bytes.`,
        'Read less at a time, e.g. by a watermark; the operator can allow more (ALMANAC_SOURCE_MAX_MB).',
        { host: at, bytes },
      );
    yield chunk;
  }
}
