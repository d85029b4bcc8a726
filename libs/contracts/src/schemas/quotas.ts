/** Quotas: what a workspace, and one caller in it, may have and do at most. */
import { z } from 'zod';
import { etag } from './common.js';

export const quotaName = z.enum([
  'requestsPerMinute',
  'callerRequestsPerMinute',
  'uploads',
  'callerUploads',
  'streams',
  'callerStreams',
  'openRuns',
  'webhooks',
  'sources',
  'series',
  'observations',
  'bytes',
]);
export type QuotaName = z.infer<typeof quotaName>;

/** What each of them counts, as a sentence goes on. */
export const QUOTAS: Record<QuotaName, string> = {
  requestsPerMinute: 'requests a minute',
  callerRequestsPerMinute: 'requests a minute of one key or person',
  uploads: 'uploads at a time',
  callerUploads: 'uploads at a time of one key or person',
  streams: 'event streams at a time',
  callerStreams: 'event streams at a time of one key or person',
  openRuns: 'runs that are queued or running',
  webhooks: 'webhooks',
  sources: 'sources',
  series: 'series in all datasets',
  observations: 'observations in all datasets',
  bytes: 'bytes of uploaded files that are kept',
};

export const quota = z
  .object({
    name: quotaName,
    used: z.number().meta({ description: 'Now; of callers, the one who uses most.' }),
    limit: z.number().int().nullable().meta({ description: 'Null: no limit.' }),
    standard: z.number().int().nullable().meta({ description: 'What it is where nothing was set for the workspace.' }),
  })
  .meta({ id: 'Quota' });
export type Quota = z.infer<typeof quota>;
export const quotaList = z.object({ items: z.array(quota), etag });
export type QuotaList = z.infer<typeof quotaList>;

const wanted = z
  .union([z.number().int().min(0).max(Number.MAX_SAFE_INTEGER), z.literal('unlimited'), z.null()], {
    error: 'must be a whole number, "unlimited", or null for the standard',
  })
  .optional();
export const quotaPatch = z
  .object(Object.fromEntries(quotaName.options.map((name) => [name, wanted])) as Record<QuotaName, typeof wanted>)
  .meta({ description: 'Those named are set; "unlimited" takes a limit away, and null gives the standard back.' });
export type QuotaPatch = z.infer<typeof quotaPatch>;
