/** Refusals for what would be too much. */
import { QUOTAS, type QuotaName } from '@almanac/contracts';
import { AlmanacError } from '@almanac/series';
import type { Counted, Store } from '@almanac/store';
import type { FlowContext } from '../runs/context.js';
import { limitsOf, type Quotas } from './limits.js';

const WAYS_OUT: Record<QuotaName, string> = {
  requestsPerMinute: 'Wait for the seconds in the Retry-After header.',
  callerRequestsPerMinute: 'Wait for the seconds in the Retry-After header.',
  uploads: 'Send it again when one of them has ended.',
  callerUploads: 'Send it again when one of them has ended.',
  streams: 'Close one of them, or ask for the run now and then.',
  callerStreams: 'Close one of them, or ask for the run now and then.',
  openRuns: 'Ask again when one of them has ended, or cancel some.',
  webhooks: 'Delete one that is no longer needed.',
  sources: 'Delete one that is no longer needed.',
  series: 'Delete series or datasets that are no longer needed.',
  observations: 'Delete datasets that are no longer needed, or keep observations for a time only (keepDays).',
  bytes: 'Delete datasets that are no longer needed; their files go with them.',
};
/** They end by themselves. */
const PASSING: readonly QuotaName[] = ['uploads', 'callerUploads', 'streams', 'callerStreams', 'openRuns'];
const RETRY_SECONDS = 5;

/** @param used what there is; with what was asked for where `adding` is 0 */
export function quotaExceeded(name: QuotaName, used: number, limit: number, adding = 1): AlmanacError {
  const there = adding === 0 ? `there would be ${used}` : `there are ${used}${adding === 1 ? '' : `, and this is ${adding} more`}`;
  const passing = PASSING.includes(name);
  return new AlmanacError('QUOTA_EXCEEDED', `The limit is ${limit} ${QUOTAS[name]}: ${there}.`, {
    hint: `${WAYS_OUT[name]} The operator can raise the limit: almanac quotas set ${name}=NUMBER.`,
    subject: { quota: name, used, limit, ...(passing ? { retryAfterSeconds: RETRY_SECONDS } : {}) },
    status: passing ? 429 : 403,
  });
}

/**
 * What is to be said against one more, or so many more; undefined where there is room. Counted under a lock until the
 * transaction ends, so to be asked in the one that adds.
 */
export async function overQuota(
  { quotas }: Pick<FlowContext, 'quotas'>,
  within: Store,
  name: Counted,
  adding = 1,
): Promise<AlmanacError | undefined> {
  const limit = (await limitsOf(within, quotas))[name];
  if (limit === null) return undefined;
  const used = await within.quotas.hold(name);
  return used + adding > limit ? quotaExceeded(name, used, limit, adding) : undefined;
}

/** @throws AlmanacError QUOTA_EXCEEDED */
export async function refuseOver(context: Pick<FlowContext, 'quotas'>, within: Store, name: Counted, adding = 1): Promise<void> {
  const over = await overQuota(context, within, name, adding);
  if (over) throw over;
}

/** Content as it comes, as long as there is room for it. @throws AlmanacError QUOTA_EXCEEDED with the first byte beyond that */
export async function* withinBytes(
  { store, quotas }: { store: Store; quotas?: Quotas | undefined },
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const limit = (await limitsOf(store, quotas)).bytes;
  if (limit === null) return yield* content;
  const used = await store.quotas.used('bytes');
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.length;
    if (used + bytes > limit) throw quotaExceeded('bytes', used, limit, bytes);
    yield chunk;
  }
}

/** For the writer of a version: what the workspace may come to; undefined where nothing is limited. */
export async function refuseSize({
  store,
  quotas,
}: {
  store: Store;
  quotas?: Quotas | undefined;
}): Promise<((use: { series: number; observations: number }) => void) | undefined> {
  const limits = await limitsOf(store, quotas);
  if (limits.series === null && limits.observations === null) return undefined;
  return (use) => {
    for (const name of ['series', 'observations'] as const) {
      const limit = limits[name];
      if (limit !== null && use[name] > limit) throw quotaExceeded(name, use[name], limit, 0);
    }
  };
}
