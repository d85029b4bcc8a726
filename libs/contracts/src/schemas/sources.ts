/**
 * Sources: where a dataset gets its rows from by itself. What is read is an upload like any other. A secret is written and never read.
 */
import { z } from 'zod';
import { etag, instant, name, pageOf, pageQuery, problem, uuid } from './common.js';
import { ingestOptions } from './datasets.js';

const HOST = /^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])$/;
const SSL_MODES = ['disable', 'require', 'verify-full'];

const isPostgres = (text: string): boolean => {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, pathname, searchParams, hash } = new URL(text);
  const others =
    [...searchParams.keys()].some((key) => key !== 'sslmode') || !SSL_MODES.includes(searchParams.get('sslmode') ?? 'verify-full');
  const named = HOST.test(hostname) && username !== '' && /^\/[^/]+$/.test(pathname);
  return /^postgres(ql)?:$/.test(protocol) && named && password === '' && !others && hash === '' && [username, pathname].every(decodes);
};
const decodes = (part: string): boolean => {
  try {
    return !decodeURIComponent(part).includes('\0');
  } catch {
    return false;
  }
};
const isHttps = (text: string): boolean => {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  return protocol === 'https:' && hostname !== '' && username === '' && password === '';
};

export const postgresSource = z
  .object({
    kind: z.literal('postgres'),
    url: z
      .string()
      .max(2000)
      .refine(
        isPostgres,
        'must be postgres://USER@HOST:PORT/DATABASE, with the password as `secret` and not in it; of parameters it takes sslmode (disable, require, verify-full)',
      )
      .meta({
        description: 'TLS with a trusted certificate unless `sslmode` says otherwise.',
        example: 'postgres://reader@db.example.org/shop',
      }),
    query: z.string().min(1).max(20_000).meta({ description: 'One SELECT. It runs in a transaction that can only read.' }),
    watermark: z.string().min(1).max(63).optional().meta({
      description:
        'Column that grows whenever a row is added or changed (a time of change, a serial number): each reading takes the rows from the greatest value of the one before on. Without it everything is read each time.',
    }),
    reread: z.number().min(0).max(1e12).default(0).meta({
      description: 'How far before the watermark to begin, in seconds where it is a time: rows that are committed late are found then.',
    }),
  })
  .meta({ id: 'PostgresSource' });
export const httpsSource = z
  .object({
    kind: z.literal('https'),
    url: z
      .string()
      .max(2000)
      .refine(isHttps, 'must be an https address without user and password; give the Authorization header as `secret`')
      .meta({ description: 'A file. It is read when the server says that it has changed. Redirects are not followed.' }),
  })
  .meta({ id: 'HttpsSource' });
export const s3Source = z
  .object({
    kind: z.literal('s3'),
    bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket'),
    prefix: z.string().max(900).default('').meta({ description: 'Only objects whose keys begin with it.', example: 'sales/' }),
    region: z
      .string()
      .regex(/^[a-z0-9-]{1,40}$/, 'must be a region, e.g. eu-central-1')
      .default('us-east-1'),
    endpoint: z
      .string()
      .max(2000)
      .refine((text) => isHttps(text) && new URL(text).pathname === '/', 'must be an https address without a path')
      .optional()
      .meta({ description: "Of a server that is not Amazon's." }),
    accessKeyId: z.string().min(1).max(200).meta({ description: 'Of a key that may list and read; its secret key is `secret`.' }),
  })
  .meta({ id: 'S3Source' });
export const sourceFrom = z.discriminatedUnion('kind', [postgresSource, httpsSource, s3Source]);
export type SourceFrom = z.infer<typeof sourceFrom>;

const options = ingestOptions.omit({ dryRun: true });
export type SourceOptions = z.infer<typeof options>;
const secret = z.string().min(1).max(4000).meta({
  description: 'Password of the database user, value of the Authorization header, or secret key. It is kept encrypted and never shown.',
});

export const sourceRequest = z
  .object({ name, from: sourceFrom, secret: secret.optional(), options: options.meta({ description: 'As of an upload.' }) })
  .meta({ id: 'SourceRequest' });
export type SourceRequest = z.infer<typeof sourceRequest>;
export type SourceRequestInput = z.input<typeof sourceRequest>;
export const sourcePatch = z.object({ from: sourceFrom.optional(), secret: secret.nullable().optional(), options: options.optional() });
export type SourcePatchInput = z.input<typeof sourcePatch>;
export const sourcesQuery = pageQuery.extend({ dataset: name.optional().meta({ description: 'Only those of this dataset.' }) });

export const pullOutcome = z.enum(['read', 'nothingNew', 'busy']).meta({
  description: '`read`: ingest runs store it; `nothingNew`; `busy`: what was read before is still being stored.',
});
export type PullOutcome = z.infer<typeof pullOutcome>;

export const source = z
  .object({
    id: uuid,
    name,
    from: sourceFrom,
    hasSecret: z.boolean(),
    options,
    watermark: z.string().nullable().meta({ description: 'Up to where rows have been stored; null: the next reading takes everything.' }),
    storedAt: instant.nullable().meta({ description: 'When something of it was last stored.' }),
    last: z
      .object({
        runId: uuid,
        status: z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']),
        at: instant,
        outcome: pullOutcome.nullable(),
        error: problem.nullable(),
        ingestRunIds: z.array(uuid),
        ingestsOpen: z.number().int(),
        ingestsFailed: z.number().int(),
      })
      .nullable()
      .meta({ description: 'The last reading; null: it was never read.' }),
    createdAt: instant,
    etag,
  })
  .meta({ id: 'Source' });
export type Source = z.infer<typeof source>;
export const sourcePage = pageOf(source);

export const pullBody = z.object({
  full: z.boolean().default(false).meta({ description: 'Everything, whatever has been read before.' }),
});
export const pullRequest = pullBody.extend({ source: name }).meta({ id: 'PullRequest' });
export type PullRequest = z.infer<typeof pullRequest>;
export type PullRequestInput = z.input<typeof pullRequest>;

export const pullResult = z
  .object({
    source: name,
    outcome: pullOutcome,
    rows: z.number().int().nullable().meta({ description: 'Of a query.' }),
    bytes: z.number().int(),
    ingestRunIds: z.array(uuid).meta({ description: 'The runs that store what was read, with their findings.' }),
    since: z.string().nullable().meta({ description: 'The watermark that reading began at; null: everything was read.' }),
    watermark: z.string().nullable().meta({ description: 'The greatest that was read.' }),
    more: z.boolean().meta({ description: 'A bucket has further new objects: they come with the next reading.' }),
  })
  .meta({ id: 'PullResult' });
export type PullResult = z.infer<typeof pullResult>;
