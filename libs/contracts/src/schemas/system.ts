/** Keys, health and workers. */
import { z } from 'zod';
import { instant, pageOf, uuid } from './common.js';
import { engineInfo } from './runs.js';

export const scope = z.enum(['read', 'write', 'admin']);
export type Scope = z.infer<typeof scope>;

export const apiKeyRequest = z.object({ name: z.string().min(1).max(100), scopes: z.array(scope).min(1) });
export const apiKey = z
  .object({ id: uuid, name: z.string(), prefix: z.string(), scopes: z.array(scope), createdAt: instant, lastUsedAt: instant.nullable() })
  .meta({ id: 'ApiKey' });
export type ApiKey = z.infer<typeof apiKey>;
export const apiKeyPage = pageOf(apiKey);
/** The only time the key itself is seen. */
export const apiKeyCreated = apiKey.extend({ key: z.string() }).meta({ id: 'ApiKeyCreated' });
export type ApiKeyCreated = z.infer<typeof apiKeyCreated>;

export const health = z.object({ status: z.literal('ok'), version: z.string() });

export const systemStatus = z
  .object({
    version: z.string(),
    workspace: z.string(),
    queueDriver: z.string(),
    queueDepth: z.record(z.string(), z.number().int()),
    workers: z.array(
      z.object({ id: z.string(), engine: engineInfo.nullable(), startedAt: instant, seenAt: instant, busyWith: z.string().nullable() }),
    ),
  })
  .meta({ id: 'SystemStatus' });
export type SystemStatus = z.infer<typeof systemStatus>;
