/**
 * So many requests a minute of one caller (a key or a person), of its workspace, and of an address that shows none of these;
 * over it, 429 with Retry-After and the limit that it was. The processes of the API count together, in PostgreSQL.
 *
 * Invariants: a process takes a hundredth of a limit at a time, so that a request seldom asks the database, and limits below
 * two hundred are exact; a caller that is known is never refused for what strangers at its address do.
 */
import { QUOTAS, type QuotaName } from '@almanac/contracts';
import { callerBucket, type QuotaBook, workspaceBucket } from '@almanac/flow/quota';
import { AlmanacError } from '@almanac/series';
import type { Rates, Store } from '@almanac/store';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { networkOf } from './network.js';

/** Of an address that shows no key, or a wrong one. */
export const STRANGERS_PER_MINUTE = 120;
/** Of an address at what asks for no key: probes and the document, which have to answer without a database. */
const OPEN_PER_MINUTE = 12_000;
const SHARE = 100;
const SWEEP_AT = 10_000;

export class Rate {
  private readonly held = new Map<string, { points: number; until: number }>();
  private readonly fetching = new Map<string, Promise<void>>();
  private readonly open = new RateLimiterMemory({ points: OPEN_PER_MINUTE, duration: 60 });

  constructor(
    private readonly rates: Rates,
    private readonly book: QuotaBook,
    private readonly strangersPerMinute = STRANGERS_PER_MINUTE,
  ) {}

  /** @throws AlmanacError TOO_MANY_REQUESTS */
  async ofCaller(store: Store, id: string): Promise<void> {
    const limits = await this.book.of(store);
    const own = limits.callerRequestsPerMinute;
    if (own !== null) await this.take(callerBucket(id), own, quotaReached('callerRequestsPerMinute', own));
    const all = limits.requestsPerMinute;
    if (all !== null) await this.take(workspaceBucket(store.workspaceId), all, quotaReached('requestsPerMinute', all));
  }

  /** @throws AlmanacError TOO_MANY_REQUESTS */
  ofStranger(address: string): Promise<void> {
    return this.take(`address ${networkOf(address)}`, this.strangersPerMinute, (wait) =>
      tooMany(`More than ${this.strangersPerMinute} requests without a valid key came from ${address} in a minute.`, wait, {
        limit: this.strangersPerMinute,
      }),
    );
  }

  /** @throws AlmanacError TOO_MANY_REQUESTS */
  async ofAnybody(address: string): Promise<void> {
    try {
      await this.open.consume(networkOf(address));
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      throw tooMany(`More than ${OPEN_PER_MINUTE} requests came from ${address} in a minute.`, refused.msBeforeNext, {
        limit: OPEN_PER_MINUTE,
      });
    }
  }

  private async take(who: string, most: number, refusal: (waitMs: number) => AlmanacError): Promise<void> {
    for (;;) {
      const held = this.held.get(who);
      if (held && held.points > 0 && held.until > performance.now()) {
        held.points -= 1;
        return;
      }
      const fetching = this.fetching.get(who) ?? this.fetch(who, most, refusal);
      await fetching;
    }
  }

  private fetch(who: string, most: number, refusal: (waitMs: number) => AlmanacError): Promise<void> {
    const points = Math.max(1, Math.min(most, Math.floor(most / SHARE)));
    const fetching = this.rates
      .take(who, points, most)
      .then(({ taken, msBeforeNext }) => {
        if (!taken) throw refusal(msBeforeNext);
        this.held.set(who, { points, until: performance.now() + msBeforeNext });
        if (this.held.size > SWEEP_AT) this.sweep();
      })
      .finally(() => this.fetching.delete(who));
    this.fetching.set(who, fetching);
    return fetching;
  }

  private sweep(): void {
    const now = performance.now();
    for (const [who, { until }] of this.held) if (until <= now) this.held.delete(who);
  }
}

const quotaReached =
  (quota: QuotaName, limit: number) =>
  (waitMs: number): AlmanacError =>
    tooMany(`The limit is ${limit} ${QUOTAS[quota]}, and they were used up.`, waitMs, { quota, limit });

const tooMany = (message: string, waitMs: number, subject: object): AlmanacError =>
  new AlmanacError('TOO_MANY_REQUESTS', message, {
    hint: 'Wait for the seconds in the Retry-After header.',
    subject: { ...subject, retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) },
    status: 429,
  });
