/** Keys, health and workers. */
import { z } from 'zod';
import { etag, instant, name, pageOf, uuid } from './common.js';
import { engineInfo } from './runs.js';

export const scope = z.enum(['read', 'write', 'admin']);
export type Scope = z.infer<typeof scope>;

export const apiKeyRequest = z.object({
  name: z.string().min(1).max(100),
  scopes: z.array(scope).min(1),
  expiresAt: instant.nullable().default(null).meta({ description: 'From then on it opens nothing; null: it opens until it is revoked.' }),
});
export type ApiKeyRequestInput = z.input<typeof apiKeyRequest>;
export const apiKey = z
  .object({
    id: uuid,
    name: z.string(),
    prefix: z.string(),
    scopes: z.array(scope),
    createdAt: instant,
    lastUsedAt: instant.nullable().meta({ description: 'To the minute.' }),
    expiresAt: instant.nullable(),
  })
  .meta({ id: 'ApiKey' });
export type ApiKey = z.infer<typeof apiKey>;
export const apiKeyPage = pageOf(apiKey);
/** The only time the key itself is seen. */
export const apiKeyCreated = apiKey.extend({ key: z.string() }).meta({ id: 'ApiKeyCreated' });
export type ApiKeyCreated = z.infer<typeof apiKeyCreated>;
export const apiKeyRotation = z.object({
  overlapHours: z
    .number()
    .min(0)
    .max(24 * 90)
    .default(24)
    .meta({ description: 'How long the key before opens beside the new one; 0 where it is no longer to be trusted.' }),
});
export const apiKeyRotated = apiKeyCreated
  .extend({ previousUntil: instant.meta({ description: 'From then on the key before opens nothing.' }) })
  .meta({ id: 'ApiKeyRotated' });
export type ApiKeyRotated = z.infer<typeof apiKeyRotated>;

export const health = z.object({ status: z.literal('ok'), version: z.string() });

export const readinessCheck = z.enum(['database', 'queue', 'objects', 'disk', 'worker']);
export type ReadinessCheck = z.infer<typeof readinessCheck>;
export const readinessQuery = z.object({
  without: z
    .string()
    .optional()
    .meta({ description: `Checks to leave out, with commas between: ${readinessCheck.options.join(', ')}.`, example: 'worker' }),
});
export const readiness = z
  .object({
    status: z.literal('ready'),
    version: z.string(),
    checks: z.array(z.object({ name: readinessCheck, ok: z.boolean(), detail: z.string(), ms: z.number() })),
  })
  .meta({ id: 'Readiness' });
export type Readiness = z.infer<typeof readiness>;

export const workerResources = z
  .object({
    threads: z.number().int(),
    memoryBytes: z.number(),
    freeBytes: z.number().optional().meta({ description: 'What nothing but its own runs has taken of it; a run must fit in it.' }),
    devices: z.array(z.string()).meta({ description: 'GPUs, one job at a time each.' }),
    reserved: z
      .object({
        threads: z.number().int(),
        memoryBytes: z.number(),
        paused: z.number().int().meta({ description: 'Long computations that have lent their threads to shorter ones.' }),
        waiting: z.number().int().meta({ description: 'Computations that wait for threads or memory of it.' }),
      })
      .optional()
      .meta({ description: 'What its computations have reserved: never more threads than it has. Older workers do not say.' }),
  })
  .meta({ id: 'WorkerResources' });
export type WorkerResources = z.infer<typeof workerResources>;

export const systemStatus = z
  .object({
    version: z.string(),
    workspace: z.string(),
    queueDriver: z.string(),
    queueDepth: z.record(z.string(), z.number().int()),
    workers: z.array(
      z.object({
        id: z.string(),
        engine: engineInfo.nullable(),
        startedAt: instant,
        seenAt: instant,
        busyWith: z.array(uuid).meta({ description: 'Its open runs of this workspace.' }),
        busyElsewhere: z.number().int().meta({ description: 'How many open runs of other workspaces it has.' }),
        resources: workerResources.nullable(),
        clockSkewMs: z.number().nullable().meta({
          description: 'How far the clock of its machine is ahead of the database’s. More than two seconds off, it takes no schedule.',
        }),
      }),
    ),
  })
  .meta({ id: 'SystemStatus' });
export type SystemStatus = z.infer<typeof systemStatus>;

/** What a worker's computations have reserved, in words. @param bytes writes an amount of memory */
export function reservedOf({ threads, reserved }: WorkerResources, bytes: (amount: number) => string): string {
  if (!reserved) return '–';
  const parts = reserved.memoryBytes > 0 ? [`${reserved.threads} of ${threads} threads`, bytes(reserved.memoryBytes)] : ['nothing'];
  if (reserved.paused > 0) parts.push(`${reserved.paused} paused`);
  if (reserved.waiting > 0) parts.push(`${reserved.waiting} waiting`);
  return parts.join(', ');
}

/** From here on a machine's clock is wrong, and its worker takes no schedule. */
export const CLOCK_OFF_MS = 2_000;

/** What is wrong with a worker's clock, in words; null where nothing is. */
export function clockFault({ clockSkewMs }: SystemStatus['workers'][number]): string | null {
  if (clockSkewMs === null || Math.abs(clockSkewMs) <= CLOCK_OFF_MS) return null;
  const seconds = Math.round(Math.abs(clockSkewMs) / 1000);
  const amount = seconds < 120 ? `${seconds} s` : seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
  return `Its clock is ${amount} ${clockSkewMs > 0 ? 'ahead' : 'behind'}: it takes no schedule.`;
}

/** A tenant: datasets, models, runs, keys of their own. Keys of one workspace see nothing of another. */
export const workspace = z.object({ name, createdAt: instant, etag }).meta({ id: 'Workspace' });
export type Workspace = z.infer<typeof workspace>;
export const workspacePage = pageOf(workspace);
export const workspaceRequest = z.object({ name });
/** With the first admin key of the workspace, which is shown once. */
export const workspaceCreated = workspace.extend({ adminKey: apiKeyCreated }).meta({ id: 'WorkspaceCreated' });
export type WorkspaceCreated = z.infer<typeof workspaceCreated>;
