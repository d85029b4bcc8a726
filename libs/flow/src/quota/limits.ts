/**
 * The limits that hold for a workspace: what the operator set for it, else those of this installation.
 *
 * Invariant: a process believes what it read for `REMEMBERED_MS`; whoever changes a limit forgets it at once.
 */
import { QUOTAS, type QuotaName, quotaName } from '@almanac/contracts';
import { AlmanacError, nearest } from '@almanac/series';
import type { Store } from '@almanac/store';

/** Null: no limit. */
export type Quotas = Readonly<Record<QuotaName, number | null>>;

/** Far above anybody's work, and below what one machine bears; what is kept is bounded by the disk (`ALMANAC_MIN_FREE_DISK_MB`). */
export const STANDARD_QUOTAS: Quotas = Object.freeze({
  requestsPerMinute: 60_000,
  callerRequestsPerMinute: 12_000,
  uploads: 32,
  callerUploads: 16,
  streams: 500,
  callerStreams: 250,
  openRuns: 1000,
  webhooks: 100,
  sources: 100,
  series: null,
  observations: null,
  bytes: null,
});

/**
 * Those of this installation: ALMANAC_QUOTAS by name, the standard otherwise.
 * @throws AlmanacError CONFIG_INVALID for a name that is none
 */
export function standardQuotas(given: Readonly<Record<string, number | null>>): Quotas {
  const unknown = Object.keys(given).find((name) => !(name in QUOTAS));
  if (unknown === undefined) return Object.freeze({ ...STANDARD_QUOTAS, ...given });
  const near = nearest(unknown, quotaName.options);
  throw new AlmanacError('CONFIG_INVALID', `ALMANAC_QUOTAS names "${unknown}", which is no quota.`, {
    hint: near === undefined ? `They are ${quotaName.options.join(', ')}.` : `Did you mean "${near}"?`,
    subject: { variable: 'ALMANAC_QUOTAS' },
    status: 500,
  });
}

const REMEMBERED_MS = 5_000;

/** What a gate asks at every request. */
export class QuotaBook {
  private readonly known = new Map<string, { limits: Promise<Quotas>; until: number }>();

  constructor(private readonly standard: Quotas) {}

  of(store: Pick<Store, 'workspaceId' | 'quotas'>): Promise<Quotas> {
    const now = performance.now();
    const known = this.known.get(store.workspaceId);
    if (known && known.until > now) return known.limits;
    const limits = limitsOf(store, this.standard);
    this.known.set(store.workspaceId, { limits, until: now + REMEMBERED_MS });
    limits.catch(() => this.known.delete(store.workspaceId));
    return limits;
  }

  forget(workspaceId: string): void {
    this.known.delete(workspaceId);
  }
}

export async function limitsOf(store: Pick<Store, 'quotas'>, standard: Quotas = STANDARD_QUOTAS): Promise<Quotas> {
  return { ...standard, ...(await store.quotas.set()) };
}

/** Names of the counters of requests. */
export const callerBucket = (id: string): string => `caller ${id}`;
export const workspaceBucket = (id: string): string => `workspace ${id}`;
