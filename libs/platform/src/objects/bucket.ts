/**
 * Objects in a bucket of S3, or of anything that speaks its protocol, under the keys that they have in a folder:
 * `PREFIX/ab/cd/abcd…`. So that API and workers may run on machines that share no disk.
 *
 * Invariants: S3 shows an object whole or not at all; content is gathered in a local folder first, for its key is its hash;
 * a lent file was checked against that hash. Keys to the bucket come from where all AWS programs look for them.
 */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { AlmanacError, isAlmanacError } from '@almanac/series';
import { objectNotFound, placeOf, withDraft } from './draft.js';
import type { ObjectStore } from './objectStore.js';

export interface BucketSettings {
  readonly bucket: string;
  /** Without slashes at its ends; may be empty. */
  readonly prefix: string;
  /** Of a server that is not Amazon's. */
  readonly endpoint: string | undefined;
  readonly region: string;
}

const PART_BYTES = 16 << 20;

/**
 * @param scratch local folder for what is on its way
 * @throws AlmanacError OBJECT_STORE_UNUSABLE where the bucket cannot be reached with these settings
 */
export async function bucketObjectStore(settings: BucketSettings, scratch: string): Promise<ObjectStore> {
  const { bucket: Bucket, prefix, endpoint, region } = settings;
  // Loaded where a bucket is used: the two take longer to load than the rest of this library.
  const { DeleteObjectCommand, GetObjectCommand, HeadBucketCommand, HeadObjectCommand, S3Client } = await import('@aws-sdk/client-s3');
  const { Upload } = await import('@aws-sdk/lib-storage');
  const client = new S3Client({
    region,
    // Others' servers seldom have a host name for each bucket, and not all know the checksums that are Amazon's default.
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  const at = (sha256: string): { Bucket: string; Key: string } => ({
    Bucket,
    Key: [...(prefix === '' ? [] : [prefix]), ...placeOf(sha256)].join('/'),
  });
  const failed = (error: unknown, sha256?: string): AlmanacError => explain(error, settings, sha256);

  async function read(sha256: string): Promise<Readable> {
    const { Body } = await client.send(new GetObjectCommand(at(sha256))).catch((error: unknown) => {
      throw failed(error, sha256);
    });
    return Body as Readable;
  }

  async function has(sha256: string): Promise<boolean> {
    try {
      await client.send(new HeadObjectCommand(at(sha256)));
      return true;
    } catch (error) {
      const coded = failed(error, sha256);
      if (coded.code === 'OBJECT_NOT_FOUND') return false;
      throw coded;
    }
  }

  async function reach(): Promise<void> {
    await client.send(new HeadBucketCommand({ Bucket })).catch((error: unknown) => {
      throw failed(error);
    });
  }

  await reach();
  return {
    put: (content) =>
      withDraft(scratch, content, async (draft, written) => {
        if (await has(written.sha256)) return written;
        const upload = new Upload({ client, params: { ...at(written.sha256), Body: createReadStream(draft) }, partSize: PART_BYTES });
        await upload.done().catch((error: unknown) => {
          throw failed(error);
        });
        return written;
      }),
    has,
    read,
    async readAll(sha256) {
      const parts: Buffer[] = [];
      for await (const part of await read(sha256)) parts.push(part as Buffer);
      return Buffer.concat(parts);
    },
    async withFile(sha256, use) {
      return withDraft(scratch, await read(sha256), (path, written) => {
        if (written.sha256 === sha256) return use(path);
        throw new AlmanacError('OBJECT_DAMAGED', `The object ${sha256} in the bucket "${Bucket}" does not hold what it held.`, {
          hint: 'Somebody changed it. Upload the file again.',
          subject: { sha256 },
          status: 500,
        });
      });
    },
    check: () => withDraft(scratch, Buffer.of(0), reach),
    async delete(sha256) {
      await client.send(new DeleteObjectCommand(at(sha256))).catch((error: unknown) => {
        throw failed(error);
      });
    },
  };
}

function explain(cause: unknown, { bucket, endpoint }: BucketSettings, sha256?: string): AlmanacError {
  if (isAlmanacError(cause)) return cause;
  const { name, message, $metadata } = cause as { name: string; message: string; $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  if (sha256 !== undefined && (name === 'NoSuchKey' || status === 404)) return objectNotFound(sha256, cause);
  const [what, hint] =
    status === 404
      ? ['is not there', 'Make it, or correct ALMANAC_OBJECTS_URL.']
      : status === 403 || status === 401 || name === 'CredentialsProviderError'
        ? [
            'may not be used',
            'Give a key that may list, read, write and delete there: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role.',
          ]
        : ['cannot be reached', 'Check ALMANAC_S3_ENDPOINT, ALMANAC_S3_REGION and the network.'];
  return new AlmanacError(
    'OBJECT_STORE_UNUSABLE',
    `The bucket "${bucket}"${endpoint ? ` at ${endpoint}` : ''} ${what}: ${message || name}.`,
    {
      hint,
      subject: { bucket },
      status: 503,
      cause,
    },
  );
}
