/** Quotas as they are shown and set. */
import { type Quota, type QuotaList, type QuotaName, quotaName, type QuotaPatch } from '@almanac/contracts';
import type { Counted, Store } from '@almanac/store';
import type { FlowContext } from '../runs/context.js';
import { callerBucket, limitsOf, STANDARD_QUOTAS, workspaceBucket } from './limits.js';

/** Callers that are looked at. */
const MOST_CALLERS = 1000;

/** What is in use of each: of callers, by the one who uses most. */
async function usedOf(store: Store, name: QuotaName): Promise<number> {
  switch (name) {
    case 'requestsPerMinute': {
      const bucket = workspaceBucket(store.workspaceId);
      return (await store.rates.taken([bucket])).get(bucket) ?? 0;
    }
    case 'callerRequestsPerMinute': {
      const keys = (await store.apiKeys.list({ limit: MOST_CALLERS })).items.map(({ id }) => callerBucket(id));
      return Math.max(0, ...(await store.rates.taken(keys)).values());
    }
    case 'callerUploads':
      return store.quotas.busiest('uploads');
    case 'callerStreams':
      return store.quotas.busiest('streams');
    default:
      return store.quotas.used(name satisfies Counted);
  }
}

export async function listQuotas({ store, quotas: standard = STANDARD_QUOTAS }: Pick<FlowContext, 'store' | 'quotas'>): Promise<QuotaList> {
  const limits = await limitsOf(store, standard);
  const items: Quota[] = [];
  // One after the other: within a transaction there is one connection.
  for (const name of quotaName.options)
    items.push({ name, used: await usedOf(store, name), limit: limits[name], standard: standard[name] });
  return { items };
}

export async function setQuotas(context: Pick<FlowContext, 'store' | 'quotas'>, patch: QuotaPatch): Promise<QuotaList> {
  const named = Object.entries(patch).filter(([, most]) => most !== undefined);
  await context.store.quotas.change(
    Object.fromEntries(named.map(([name, most]) => [name, most === 'unlimited' ? null : (most ?? undefined)])),
  );
  return listQuotas(context);
}
