/**
 * The environment, parsed once into one typed, frozen object. Nothing else in the platform reads `process.env`.
 * Invariants: a missing variable takes its default, a wrong one stops the program with its name; secrets are never printed.
 */
import { isIP } from 'node:net';
import { availableParallelism, totalmem } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AlmanacError } from '@almanac/series';
import { z } from 'zod';
import { DEFAULT_INGEST_LIMITS, type IngestLimits } from './ingestLimits.js';
import type { BucketSettings } from './objects/bucket.js';
import { DEFAULT_SOURCE_LIMITS, type SourceLimits } from './sources/limits.js';
import { type HttpConfig, httpOf, PEOPLE_ENVIRONMENT, type PeopleConfig, peopleOf } from './people.js';

/** The folder of the code: `.almanac` lies beside it. */
const codeRoot = fileURLToPath(new URL('../../..', import.meta.url));

export const ENGINE_NAMES = ['tensorflow', 'wasm'] as const;
export const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;

export interface Config {
  /** Absolute folder of everything that Almanac writes. */
  readonly home: string;
  /** Where uploads and weights lie; with a bucket, what is on its way there. */
  readonly objectsFolder: string;
  readonly objectsBucket: BucketSettings | undefined;
  /** With less room than this where Almanac writes, the API is not ready. */
  readonly leastFreeBytes: number;
  /** Connection string; undefined: `npm start` runs a server of its own. */
  readonly databaseUrl: string | undefined;
  /** Connections to the database that a program keeps for its own statements. */
  readonly poolSize: number;
  /** Bull carries the jobs when set, pg-boss on Postgres otherwise. */
  readonly redisUrl: string | undefined;
  readonly queueDriver: 'bull' | 'pg-boss';
  readonly http: HttpConfig;
  readonly people: PeopleConfig;
  /** Undefined: the best engine that loads. */
  readonly engine: (typeof ENGINE_NAMES)[number] | undefined;
  /** Threads that a training run may use. */
  readonly threads: number;
  /** Jobs of a kind that one worker runs at a time; training is always one. */
  readonly concurrency: number;
  /** Seconds that a long computation has the threads to itself before it lends them to others that wait. */
  readonly turnSeconds: number;
  /** Devices of this worker, as CUDA numbers them; undefined: whatever the engine finds. */
  readonly devices: readonly string[] | undefined;
  /** Memory that this worker offers to a run. */
  readonly memoryBytes: number;
  /** What a run may take at most, and what an hour of a worker costs. */
  readonly limits: RunLimits;
  readonly ingest: IngestLimits;
  /** Seconds that a stopping worker gives its jobs before it hands them back. */
  readonly drainSeconds: number;
  /** Admin API key that must exist once the API is up; `npm start` makes one. */
  readonly adminKey: string | undefined;
  /** Keys that secrets lie sealed with, in base64; the first seals, all open. Empty: one in a file of the data folder. */
  readonly secretKeys: readonly string[];
  /** What the keys of a backup are sealed with; undefined: they do not travel. */
  readonly backupPassphrase: string | undefined;
  /** Private networks that webhooks may reach, as CIDR; none unless given. */
  readonly webhookNetworks: readonly string[];
  /** What is read from others' servers. */
  readonly sources: SourceLimits;
  /** Where e-mail goes out, and from whom; undefined: none does. */
  readonly mail: { readonly url: string; readonly from: string } | undefined;
  /** Limits of every workspace that the operator set, by name; null: none. Those that are not named are the standard. */
  readonly quotas: Readonly<Record<string, number | null>>;
  /** Whose word about the address of a client is believed: networks of proxies, or how many of them stand before the API. */
  readonly trustProxy: readonly string[] | number;
  /** Where Prometheus collects; undefined: nowhere. */
  readonly metrics: { readonly host: string; readonly port: number } | undefined;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** Version recorded in the lineage. */
  readonly codeVersion: string;
}

/** Undefined: no such limit, or no price. */
export interface RunLimits {
  /** Beside that of the largest worker. */
  readonly memoryBytes: number | undefined;
  readonly seconds: number | undefined;
  readonly cost: number | undefined;
  /** Of an hour on a worker's threads, and on one of its devices; in the currency of `cost`. */
  readonly pricePerHour: { readonly cpu: number | undefined; readonly gpu: number | undefined };
}

const url = (...protocols: string[]): z.ZodType<string> =>
  z
    .string()
    .refine(
      (text) => URL.canParse(text) && protocols.includes(new URL(text).protocol),
      `must be a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
    );
const whole = (least: number, most: number): z.ZodType<number> =>
  z.coerce
    .number({ error: 'must be a whole number' })
    .int('must be a whole number')
    .min(least, `must be at least ${least}`)
    .max(most, `must be at most ${most}`);
const oneOf = <const T extends readonly [string, ...string[]]>(values: T): z.ZodEnum<{ [K in T[number]]: K }> =>
  z.enum(values, { error: `must be one of ${values.join(', ')}` });

/** Others write INFO. */
const logLevel = z.preprocess((text) => (typeof text === 'string' ? text.toLowerCase() : text), oneOf(LOG_LEVELS));

const networks = z
  .string()
  .transform((text) => text.split(',').map((one) => one.trim()))
  .refine(
    (list) => list.every((one) => /^[\da-f.:]+\/\d{1,3}$/i.test(one) && isIP(one.split('/')[0]!) !== 0),
    'must be networks with commas between, e.g. 127.0.0.0/8,10.1.0.0/16',
  );

/** Numbers may have k, M, G or T behind them. */
const quotas = z
  .string()
  .transform((text) => text.split(',').map((one) => /^\s*(\w+)=(?:(\d{1,15})([kMGT]?)|(unlimited))\s*$/.exec(one)))
  .refine(
    (list) => list.every((one) => one !== null),
    'must be NAME=NUMBER or NAME=unlimited with commas between, e.g. openRuns=200,bytes=50G',
  )
  .transform((list) =>
    Object.fromEntries(list.map((one) => [one![1]!, one![4] ? null : Number(one![2]) * 1000 ** ('kMGT'.indexOf(one![3] || ' ') + 1)])),
  );

const trustProxy = z
  .string()
  .transform((text) => (/^\d{1,2}$/.test(text) ? Number(text) : text.split(',').map((one) => one.trim())))
  .refine(
    (given) => typeof given === 'number' || given.every((one) => /^[\da-f.:]+(\/\d{1,3})?$/i.test(one) && isIP(one.split('/')[0]!) !== 0),
    'must be addresses or networks of proxies with commas between, e.g. 10.1.0.0/16, or how many stand before the API, e.g. 1',
  );

const secretKeys = z
  .string()
  .transform((text) => text.split(',').map((one) => one.trim()))
  .refine(
    (list) => list.every((one) => /^[A-Za-z0-9+/]{43}=$/.test(one)),
    'must be 32 bytes in base64 (openssl rand -base64 32); older keys that still open follow with commas between',
  );

const amount = z.coerce.number({ error: 'must be a number' }).nonnegative('must not be negative');

const bucketUrl = z
  .string()
  .regex(/^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[\w.-]+)*\/?$/, 'must be the address of a bucket, e.g. s3://bucket/prefix');

const environment = z.object({
  ALMANAC_HOME: z.string().optional(),
  ALMANAC_OBJECTS_URL: bucketUrl.optional(),
  ALMANAC_S3_ENDPOINT: url('http:', 'https:').optional(),
  ALMANAC_S3_REGION: z.string().optional(),
  DATABASE_URL: url('postgres:', 'postgresql:').optional(),
  REDIS_URL: url('redis:', 'rediss:').optional(),
  ALMANAC_HOST: z.string().optional(),
  ALMANAC_PORT: whole(0, 65_535).optional(),
  PORT: whole(0, 65_535).optional(),
  ALMANAC_POOL_SIZE: whole(2, 500).optional(),
  ALMANAC_ENGINE: oneOf(ENGINE_NAMES).optional(),
  ALMANAC_THREADS: whole(1, 256).optional(),
  ALMANAC_CONCURRENCY: whole(1, 64).optional(),
  ALMANAC_TURN_SECONDS: whole(1, 86_400).optional(),
  ALMANAC_DEVICES: z
    .string()
    .regex(/^(none|\d+(,\d+)*)$/, 'must be numbers of devices with commas between, e.g. 0,1, or none')
    .optional(),
  ALMANAC_MIN_FREE_DISK_MB: whole(0, 2 ** 31).optional(),
  ALMANAC_MEMORY_MB: whole(1, 2 ** 31).optional(),
  ALMANAC_MAX_RUN_MEMORY_MB: whole(1, 2 ** 31).optional(),
  ALMANAC_MAX_RUN_MINUTES: whole(1, 60 * 24 * 30).optional(),
  ALMANAC_MAX_RUN_COST: amount.optional(),
  ALMANAC_CPU_HOUR_PRICE: amount.optional(),
  ALMANAC_GPU_HOUR_PRICE: amount.optional(),
  ALMANAC_MAX_STEPS: whole(1, 2 ** 40).optional(),
  ALMANAC_MAX_STEPS_PER_ROW: whole(1, 2 ** 31).optional(),
  ALMANAC_MAX_COLUMNS: whole(2, 1_000_000).optional(),
  ALMANAC_MAX_UNFOLDED_TIMES: whole(1, 1_000_000).optional(),
  ALMANAC_READER_MEMORY_MB: whole(256, 2 ** 31).optional(),
  ALMANAC_READER_SCRATCH_MB: whole(1, 2 ** 31).optional(),
  ALMANAC_READER_SECONDS: whole(1, 6 * 3_600).optional(),
  ALMANAC_DRAIN_SECONDS: whole(0, 3_600).optional(),
  ALMANAC_ADMIN_KEY: z.string().min(24, 'must have at least 24 characters').optional(),
  ALMANAC_SECRET_KEY: secretKeys.optional(),
  ALMANAC_BACKUP_PASSPHRASE: z.string().optional(),
  ALMANAC_WEBHOOK_NETWORKS: networks.optional(),
  ALMANAC_SOURCE_NETWORKS: networks.optional(),
  ALMANAC_SOURCE_MAX_MB: whole(1, 2 ** 31).optional(),
  ALMANAC_SOURCE_MAX_ROWS: whole(1, 2 ** 40).optional(),
  ALMANAC_SOURCE_SECONDS: whole(1, 6 * 3_600).optional(),
  ALMANAC_SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\/\S+$/, 'must be smtp://HOST or smtps://HOST')
    .optional(),
  ALMANAC_MAIL_FROM: z
    .string()
    .regex(/^[^\s@]+@[^\s@]+$|<[^\s@]+@[^\s@]+>$/, 'must be an e-mail address')
    .optional(),
  ALMANAC_QUOTAS: quotas.optional(),
  ALMANAC_TRUST_PROXY: trustProxy.optional(),
  ALMANAC_METRICS_PORT: whole(0, 65_535).optional(),
  ALMANAC_METRICS_HOST: z.string().optional(),
  ALMANAC_LOG_LEVEL: logLevel.optional(),
  LOG_LEVEL: logLevel.optional(),
  ALMANAC_CODE_VERSION: z.string().optional(),
  ...PEOPLE_ENVIRONMENT,
});

/** Loopback only: whoever wants more says so. */
const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 3000;
const DEFAULT_POOL_SIZE = 10;
const MEGABYTE = 2 ** 20;
const DEFAULT_FREE_DISK_MB = 256;
const DEFAULT_TURN_SECONDS = 30;
const VERSION = '0.1.0';

/**
 * @param env the environment; a test passes its own
 * @throws AlmanacError CONFIG_INVALID, naming the variable at fault
 */
export function loadConfig(env: Record<string, string | undefined> = process.env): Config {
  // A variable set to nothing is unset: that is how compose files and shells leave one out.
  const parsed = environment.safeParse(Object.fromEntries(Object.entries(env).filter(([, value]) => value !== '')));
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const variable = String(issue.path[0]);
    throw new AlmanacError('CONFIG_INVALID', `The environment variable ${variable} ${issue.message}.`, {
      hint: `Correct ${variable}, or unset it for the default.`,
      subject: { variable },
      status: 500,
    });
  }
  const values = parsed.data;
  const home = values.ALMANAC_HOME ?? '.almanac';
  const absoluteHome = isAbsolute(home) ? home : resolve(codeRoot, home);
  return Object.freeze({
    home: absoluteHome,
    objectsFolder: join(absoluteHome, 'objects'),
    objectsBucket: bucketOf(values),
    leastFreeBytes: (values.ALMANAC_MIN_FREE_DISK_MB ?? DEFAULT_FREE_DISK_MB) * MEGABYTE,
    databaseUrl: values.DATABASE_URL,
    poolSize: values.ALMANAC_POOL_SIZE ?? DEFAULT_POOL_SIZE,
    redisUrl: values.REDIS_URL,
    queueDriver: values.REDIS_URL === undefined ? 'pg-boss' : 'bull',
    http: httpOf(values, values.ALMANAC_HOST ?? DEFAULT_HOST, values.ALMANAC_PORT ?? values.PORT ?? DEFAULT_PORT),
    people: peopleOf(values),
    engine: values.ALMANAC_ENGINE,
    threads: values.ALMANAC_THREADS ?? availableParallelism(),
    concurrency: values.ALMANAC_CONCURRENCY ?? 2,
    turnSeconds: values.ALMANAC_TURN_SECONDS ?? DEFAULT_TURN_SECONDS,
    devices: values.ALMANAC_DEVICES === undefined ? undefined : values.ALMANAC_DEVICES === 'none' ? [] : values.ALMANAC_DEVICES.split(','),
    memoryBytes: values.ALMANAC_MEMORY_MB === undefined ? memoryHere() : values.ALMANAC_MEMORY_MB * MEGABYTE,
    limits: Object.freeze({
      memoryBytes: values.ALMANAC_MAX_RUN_MEMORY_MB === undefined ? undefined : values.ALMANAC_MAX_RUN_MEMORY_MB * MEGABYTE,
      seconds: values.ALMANAC_MAX_RUN_MINUTES === undefined ? undefined : values.ALMANAC_MAX_RUN_MINUTES * 60,
      cost: values.ALMANAC_MAX_RUN_COST,
      pricePerHour: Object.freeze({ cpu: values.ALMANAC_CPU_HOUR_PRICE, gpu: values.ALMANAC_GPU_HOUR_PRICE }),
    }),
    ingest: Object.freeze({
      steps: values.ALMANAC_MAX_STEPS ?? DEFAULT_INGEST_LIMITS.steps,
      stepsPerRow: values.ALMANAC_MAX_STEPS_PER_ROW ?? DEFAULT_INGEST_LIMITS.stepsPerRow,
      memoryMb: values.ALMANAC_READER_MEMORY_MB ?? DEFAULT_INGEST_LIMITS.memoryMb,
      scratchMb: values.ALMANAC_READER_SCRATCH_MB ?? DEFAULT_INGEST_LIMITS.scratchMb,
      seconds: values.ALMANAC_READER_SECONDS ?? DEFAULT_INGEST_LIMITS.seconds,
      columns: values.ALMANAC_MAX_COLUMNS ?? DEFAULT_INGEST_LIMITS.columns,
      unfoldedTimes: values.ALMANAC_MAX_UNFOLDED_TIMES ?? DEFAULT_INGEST_LIMITS.unfoldedTimes,
      threads: DEFAULT_INGEST_LIMITS.threads,
    }),
    drainSeconds: values.ALMANAC_DRAIN_SECONDS ?? 10,
    adminKey: values.ALMANAC_ADMIN_KEY,
    secretKeys: Object.freeze(values.ALMANAC_SECRET_KEY ?? []),
    backupPassphrase: values.ALMANAC_BACKUP_PASSPHRASE,
    webhookNetworks: Object.freeze(values.ALMANAC_WEBHOOK_NETWORKS ?? []),
    sources: Object.freeze({
      bytes: values.ALMANAC_SOURCE_MAX_MB === undefined ? DEFAULT_SOURCE_LIMITS.bytes : values.ALMANAC_SOURCE_MAX_MB * 2 ** 20,
      rows: values.ALMANAC_SOURCE_MAX_ROWS ?? DEFAULT_SOURCE_LIMITS.rows,
      seconds: values.ALMANAC_SOURCE_SECONDS ?? DEFAULT_SOURCE_LIMITS.seconds,
      networks: Object.freeze(values.ALMANAC_SOURCE_NETWORKS ?? []),
    }),
    mail: mailOf(values),
    quotas: Object.freeze(values.ALMANAC_QUOTAS ?? {}),
    trustProxy: values.ALMANAC_TRUST_PROXY ?? [],
    metrics:
      values.ALMANAC_METRICS_PORT === undefined
        ? undefined
        : Object.freeze({ host: values.ALMANAC_METRICS_HOST ?? DEFAULT_HOST, port: values.ALMANAC_METRICS_PORT }),
    logLevel: values.ALMANAC_LOG_LEVEL ?? values.LOG_LEVEL ?? 'info',
    codeVersion: values.ALMANAC_CODE_VERSION ?? VERSION,
  });
}

/** @throws AlmanacError CONFIG_INVALID */
function mailOf({ ALMANAC_SMTP_URL: url, ALMANAC_MAIL_FROM: from }: z.infer<typeof environment>): Config['mail'] {
  if (url === undefined && from === undefined) return undefined;
  if (url !== undefined && from !== undefined) return Object.freeze({ url, from });
  const [missing, given] = url === undefined ? ['ALMANAC_SMTP_URL', 'ALMANAC_MAIL_FROM'] : ['ALMANAC_MAIL_FROM', 'ALMANAC_SMTP_URL'];
  throw new AlmanacError('CONFIG_INVALID', `${given} is set, and ${missing} is not.`, {
    hint: 'E-mail needs both: the server, and the address that it comes from.',
    subject: { variable: missing },
    status: 500,
  });
}

function bucketOf(values: z.infer<typeof environment>): BucketSettings | undefined {
  if (values.ALMANAC_OBJECTS_URL === undefined) return undefined;
  const [bucket, ...folders] = values.ALMANAC_OBJECTS_URL.slice('s3://'.length).split('/').filter(Boolean);
  const { ALMANAC_S3_ENDPOINT: endpoint, ALMANAC_S3_REGION: region = 'us-east-1' } = values;
  return Object.freeze({ bucket: bucket!, prefix: folders.join('/'), endpoint, region });
}

/** Of the machine, or of the container that this runs in. */
function memoryHere(): number {
  const container = process.constrainedMemory();
  return container > 0 ? Math.min(totalmem(), container) : totalmem();
}

/** The environment of this program with some changes, for a process that it starts. */
export function environmentWith(changes: Record<string, string>): Record<string, string | undefined> {
  return { ...process.env, ...changes };
}

/** Where Node keeps compiled code, for a process that gets no more of this program's environment. */
export function compiledCodeOf(): { NODE_COMPILE_CACHE?: string } {
  const { NODE_COMPILE_CACHE } = process.env;
  return NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE };
}

/** Connections of pg-boss, and the one that it listens on. */
export const PG_BOSS_CONNECTIONS = { pool: 6, listener: 1 };

/** To the database, that an API or a worker opens at most: its pool, a listener, those of the queue, and one while it starts. */
export function mostConnections({ poolSize, queueDriver }: Pick<Config, 'poolSize' | 'queueDriver'>): number {
  return poolSize + 2 + (queueDriver === 'pg-boss' ? PG_BOSS_CONNECTIONS.pool + PG_BOSS_CONNECTIONS.listener : 0);
}

/** The database that a program cannot do without. @throws AlmanacError CONFIG_INVALID */
export function requireDatabaseUrl(config: Pick<Config, 'databaseUrl'>): string {
  if (config.databaseUrl !== undefined) return config.databaseUrl;
  throw new AlmanacError('CONFIG_INVALID', 'The environment variable DATABASE_URL is not set.', {
    hint: 'Set it to postgres://user:password@host:port/database, or use `npm start`, which runs a server of its own.',
    subject: { variable: 'DATABASE_URL' },
    status: 500,
  });
}
