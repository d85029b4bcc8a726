/**
 * Objects of somebody's bucket, on S3 or on anything that speaks its protocol.
 * Invariants: nothing but the key that is given signs, whatever the environment of the worker has; the address that is connected to is
 * public, or in a network that the operator allows; an object is read as it was listed, or not at all.
 */
import { Agent } from 'node:https';
import type * as Sdk from '@aws-sdk/client-s3';
import { pipeline, Readable, Transform } from 'node:stream';
import { AlmanacError } from '@almanac/series';
import { lookupWithin, refuseLiteral } from '../network.js';
import { bounded, reachOf, refusal, type SourceLimits, tooSlow, unreachable } from './limits.js';

export interface Bucket {
  bucket: string;
  prefix: string;
  region: string;
  /** Of a server that is not Amazon's. */
  endpoint?: string | undefined;
  accessKeyId: string;
  secretAccessKey: string;
}
export interface BucketObject {
  key: string;
  etag: string;
}

/** More is a bucket's whole history: a prefix narrows it. */
const MOST_OBJECTS = 100_000;

/** Of a list or a fault, which the SDK reads into memory as a whole; a page of a thousand keys has about one. */
const MOST_ANSWER_BYTES = 16 << 20;

/** Loaded by those who read a bucket: it takes longer to load than the rest of this library. */
const sdk = (): Promise<typeof Sdk> => import('@aws-sdk/client-s3');

const endpointOf = ({ endpoint, region }: Bucket): string => endpoint ?? `https://s3.${region}.amazonaws.com`;

/**
 * All objects under the prefix that have content, oldest first.
 * @throws AlmanacError SOURCE_UNREACHABLE, SOURCE_ADDRESS_PRIVATE, SOURCE_CERTIFICATE, SOURCE_CREDENTIALS_REFUSED, SOURCE_ANSWER,
 * SOURCE_TIMED_OUT, SOURCE_TOO_MANY_OBJECTS
 */
export async function listBucket(bucket: Bucket, limits: SourceLimits, signal: AbortSignal): Promise<BucketObject[]> {
  const found: (BucketObject & { at: number })[] = [];
  const { ListObjectsV2Command } = await sdk();
  await using(bucket, limits, signal, async (client, within) => {
    let token: string | undefined;
    do {
      const page = await client.send(
        new ListObjectsV2Command({
          Bucket: bucket.bucket,
          Prefix: bucket.prefix,
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
        { abortSignal: within },
      );
      for (const { Key, ETag, Size, LastModified } of page.Contents ?? [])
        if (Key !== undefined && ETag !== undefined && Size !== 0) found.push({ key: Key, etag: ETag, at: LastModified?.getTime() ?? 0 });
      if (found.length > MOST_OBJECTS)
        throw refusal(
          'SOURCE_TOO_MANY_OBJECTS',
          `There are more than ${MOST_OBJECTS} objects under "${bucket.prefix}" in the bucket "${bucket.bucket}".`,
          'Name a narrower prefix, or move what is old under another one.',
          { bucket: bucket.bucket, prefix: bucket.prefix },
        );
      token = page.NextContinuationToken;
    } while (token !== undefined);
  });
  return found.sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1)).map(({ key, etag }) => ({ key, etag }));
}

/** @throws AlmanacError as `listBucket`; SOURCE_CHANGED where it is another by now; while the content is read SOURCE_TOO_LARGE as well */
export async function* readObject(
  bucket: Bucket,
  { key, etag }: BucketObject,
  limits: SourceLimits,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const at = `${key} in the bucket "${bucket.bucket}"`;
  const deadline = AbortSignal.timeout(limits.seconds * 1000);
  const { GetObjectCommand } = await sdk();
  const client = await open(bucket, limits);
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket.bucket, Key: key, IfMatch: etag }), {
      abortSignal: AbortSignal.any([deadline, signal]),
    });
    const stop = (): void => void (Body as { destroy?: () => void }).destroy?.();
    const either = AbortSignal.any([deadline, signal]);
    either.addEventListener('abort', stop);
    try {
      yield* bounded(Body as AsyncIterable<Uint8Array>, limits, at);
      either.throwIfAborted();
    } finally {
      either.removeEventListener('abort', stop);
      stop();
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : deadline.aborted ? tooSlow(at, limits) : explained(error, bucket, key);
  } finally {
    client.destroy();
  }
}

async function using(
  bucket: Bucket,
  limits: SourceLimits,
  signal: AbortSignal,
  work: (client: Sdk.S3Client, within: AbortSignal) => Promise<void>,
): Promise<void> {
  const deadline = AbortSignal.timeout(limits.seconds * 1000);
  const client = await open(bucket, limits);
  try {
    await work(client, AbortSignal.any([deadline, signal]));
  } catch (error) {
    throw signal.aborted
      ? signal.reason
      : deadline.aborted
        ? tooSlow(new URL(endpointOf(bucket)).hostname, limits)
        : explained(error, bucket);
  } finally {
    client.destroy();
  }
}

/** @throws AlmanacError SOURCE_ADDRESS_PRIVATE */
async function open(bucket: Bucket, limits: SourceLimits): Promise<Sdk.S3Client> {
  const { hostname } = new URL(endpointOf(bucket));
  const refused = refuseLiteral(hostname, reachOf(limits));
  if (refused) throw unreachable(refused, hostname);
  const { accessKeyId, secretAccessKey, region } = bucket;
  const { S3Client } = await sdk();
  const client = new S3Client({
    region,
    endpoint: endpointOf(bucket),
    // A bucket in the host's name would be a name that nobody has checked, and others' servers seldom have one.
    forcePathStyle: true,
    followRegionRedirects: false,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 2,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { httpsAgent: new Agent({ lookup: lookupWithin(reachOf(limits)), maxSockets: 2 }), connectionTimeout: 15_000 },
  });
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const answer = result.response as { statusCode: number; body: unknown };
      const isObject = 'Key' in args.input && answer.statusCode < 300;
      if (!isObject && answer.body instanceof Readable) answer.body = upTo(answer.body, MOST_ANSWER_BYTES, hostname);
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'boundedAnswers' },
  );
  return client;
}

/** The same content; an error where there is more of it. */
function upTo(content: Readable, most: number, at: string): Readable {
  let seen = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _, done) {
      seen += chunk.length;
      if (seen <= most) return done(null, chunk);
      const message = `${at} answered with a list or a fault of more than ${most >> 20} MB.`;
      done(refusal('SOURCE_ANSWER', message, 'Check the endpoint: a page of a bucket has about one.', { host: at }));
    },
  });
  return pipeline(content, counted, () => undefined);
}

function explained(error: unknown, bucket: Bucket, key?: string): AlmanacError {
  if (error instanceof AlmanacError) return error;
  const { hostname } = new URL(endpointOf(bucket));
  const { name, $metadata, $response } = error as {
    name: string;
    $metadata?: { httpStatusCode?: number };
    $response?: { statusCode?: number };
  };
  const status = $metadata?.httpStatusCode ?? $response?.statusCode;
  const subject = { host: hostname, bucket: bucket.bucket, ...(key === undefined ? {} : { key }), ...(status ? { status } : {}) };
  if (status === undefined) return unreachable(error, hostname);
  if (status === 401 || status === 403)
    return refusal(
      'SOURCE_CREDENTIALS_REFUSED',
      `${hostname} lets this key neither list nor read "${bucket.bucket}" (${name}).`,
      'Check access key and secret key; the key needs s3:ListBucket and s3:GetObject.',
      subject,
    );
  if (key !== undefined && (status === 404 || status === 412))
    return refusal(
      'SOURCE_CHANGED',
      `${key} is another, or gone, since it was listed.`,
      'The next reading takes what is there then.',
      subject,
    );
  const moved = status >= 300 && status < 400;
  return refusal(
    'SOURCE_ANSWER',
    `${hostname} answered ${status} (${name}) for the bucket "${bucket.bucket}".`,
    moved ? 'The bucket lies elsewhere: give its region or its endpoint.' : 'Check bucket, prefix, region and endpoint.',
    subject,
  );
}
