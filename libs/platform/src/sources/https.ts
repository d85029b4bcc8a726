/**
 * One file of another server, by GET over TLS.
 * Invariants: the address is public, or in a network that the operator allows; redirects are not followed, so the authorization goes to
 * nobody else; what breaks off is an error and no short file.
 */
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { lookupWithin, refuseLiteral } from '../network.js';
import { bounded, reachOf, refusal, type SourceLimits, tooSlow, unreachable } from './limits.js';

export interface HttpsFile {
  url: string;
  /** Value of the header `Authorization`. */
  authorization?: string | undefined;
  /** Of the file that was read last: the server says where it is still that. */
  etag?: string | undefined;
  lastModified?: string | undefined;
}

export interface HttpsContent {
  content: AsyncIterable<Uint8Array>;
  /** Last part of the path. */
  fileName: string;
  etag: string | undefined;
  lastModified: string | undefined;
}

/**
 * @returns null where the file is the one that was read last
 * @throws AlmanacError SOURCE_UNREACHABLE, SOURCE_ADDRESS_PRIVATE, SOURCE_CERTIFICATE, SOURCE_CREDENTIALS_REFUSED, SOURCE_ANSWER,
 * SOURCE_TIMED_OUT; and while the content is read SOURCE_TOO_LARGE as well
 */
export async function readHttps(file: HttpsFile, limits: SourceLimits, signal: AbortSignal): Promise<HttpsContent | null> {
  const target = new URL(file.url);
  const at = target.hostname;
  const deadline = AbortSignal.timeout(limits.seconds * 1000);
  const explained = (error: unknown): unknown =>
    signal.aborted ? signal.reason : deadline.aborted ? tooSlow(at, limits) : unreachable(error, at);
  const refused = refuseLiteral(at, reachOf(limits));
  if (refused) throw explained(refused);
  const answer = await ask(target, file, limits, AbortSignal.any([deadline, signal])).catch((error: unknown) => {
    throw explained(error);
  });
  const { statusCode = 0, headers } = answer;
  if (statusCode === 200) {
    const { etag, 'last-modified': lastModified } = headers;
    const fileName = nameIn(target);
    return { content: bounded(whole(answer, explained), limits, at), fileName, etag, lastModified };
  }
  answer.destroy();
  if (statusCode === 304 && (file.etag !== undefined || file.lastModified !== undefined)) return null;
  if (statusCode === 401 || statusCode === 403)
    throw refusal(
      'SOURCE_CREDENTIALS_REFUSED',
      `${at} answered ${statusCode}.`,
      'Set the secret of the source: the Authorization header.',
      {
        host: at,
        status: statusCode,
      },
    );
  const moved = statusCode >= 300 && statusCode < 400 ? ` and points to ${hostOf(headers.location, target)}` : '';
  throw refusal(
    'SOURCE_ANSWER',
    `${at} answered ${statusCode}${moved}.`,
    moved ? 'Redirects are not followed: give the address that it points to.' : 'Check the address of the file.',
    { host: at, status: statusCode },
  );
}

function ask(target: URL, file: HttpsFile, limits: SourceLimits, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = {
      'user-agent': 'Almanac-Sources/1',
      'accept-encoding': 'identity',
      ...(file.authorization === undefined ? {} : { authorization: file.authorization }),
      ...(file.etag === undefined ? {} : { 'if-none-match': file.etag }),
      ...(file.etag !== undefined || file.lastModified === undefined ? {} : { 'if-modified-since': file.lastModified }),
    };
    // A connection of its own: one that is kept open would outlive the check of its address.
    request(target, { agent: false, lookup: lookupWithin(reachOf(limits)), signal, headers }, resolve)
      .once('error', reject)
      .end();
  });
}

async function* whole(answer: IncomingMessage, explained: (error: unknown) => unknown): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of answer) yield chunk as Uint8Array;
  } catch (error) {
    throw explained(error);
  }
}

/** The last part of the path; as it stands there where it decodes to nothing that a name may be. */
function nameIn({ pathname }: URL): string {
  const part = pathname.split('/').at(-1) || 'file';
  try {
    const name = decodeURIComponent(part);
    return name.includes('\0') ? part : name;
  } catch {
    return part;
  }
}

const hostOf = (location: string | undefined, from: URL): string =>
  location !== undefined && URL.canParse(location, from.href) ? new URL(location, from.href).host : 'another address';
