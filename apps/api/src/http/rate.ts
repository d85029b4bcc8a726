/**
 * So many requests a minute of one caller (a key or a person), of its workspace, and of an address that shows none of these;
 * over it, 429 with Retry-After and the limit that it was. The processes of the API count together, in PostgreSQL.
 *
 * Invariants: a process takes a hundredth of a limit at a time, so that a request seldom asks the database, and limits below
 * two hundred are exact; who was refused is refused from memory until the minute is over, and costs the database nothing; while
 * the database does not answer, each process counts by itself; a caller that is known is never refused for what strangers at its
 * address do. Times are the database's or those of a timer: no jump of the machine's clock frees or blocks anybody.
 */
import { QUOTAS, type QuotaName } from '@almanac/contracts';
import { callerBucket, type QuotaBook, workspaceBucket } from '@almanac/flow/quota';
import { AlmanacError } from '@almanac/series';
import type { Rates, Store } from '@almanac/store';
import { Minutes, sweep } from './minutes.js';
import { networkOf } from './network.js';

/** Of an address that shows no key, or a wrong one. */
export const STRANGERS_PER_MINUTE = 120;
/** Of an address at what asks for no key: probes and the document, which have to answer without a database. */
const OPEN_PER_MINUTE = 12_000;
const SHARE = 100;
const SWEEP_AT = 10_000;

export class Rate {
  private readonly held = new Map<string, { points: number; until: number }>();
  private readonly refused = new Map<string, { most: number; until: number }>();
  private readonly fetching = new Map<string, Promise<void>>();
  private readonly inMemory = new Minutes();

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
    return this.take(bucketOf(address), this.strangersPerMinute, (wait) =>
      tooMany(`More than ${this.strangersPerMinute} requests without a valid key came from ${address} in a minute.`, wait, {
        limit: this.strangersPerMinute,
      }),
    );
  }

  /** It was no stranger after all. */
  async wasNoStranger(address: string): Promise<void> {
    // Without the database the place stays taken: no reason to refuse what has a key.
    await this.rates.giveBack(bucketOf(address), 1).catch(() => undefined);
  }

  /** @throws AlmanacError TOO_MANY_REQUESTS */
  ofAnybody(address: string): void {
    const { taken, msBeforeNext } = this.inMemory.take(`open ${networkOf(address)}`, 1, OPEN_PER_MINUTE);
    if (!taken)
      throw tooMany(`More than ${OPEN_PER_MINUTE} requests came from ${address} in a minute.`, msBeforeNext, { limit: OPEN_PER_MINUTE });
  }

  private async take(who: string, most: number, refusal: (waitMs: number) => AlmanacError): Promise<void> {
    for (;;) {
      const held = this.held.get(who);
      if (held && held.points > 0 && held.until > performance.now()) {
        held.points -= 1;
        return;
      }
      const refused = this.refused.get(who);
      // A limit that was raised since is asked for again.
      if (refused && refused.most >= most && refused.until > performance.now()) throw refusal(refused.until - performance.now());
      const fetching = this.fetching.get(who) ?? this.fetch(who, most);
      await fetching;
    }
  }

  /** Leaves what it got, or until when nothing is to be had. */
  private async ask(who: string, most: number): Promise<void> {
    const points = Math.max(1, Math.min(most, Math.floor(most / SHARE)));
    const { taken, msBeforeNext } = await this.rates.take(who, points, most).catch(() => this.inMemory.take(who, points, most));
    const until = performance.now() + msBeforeNext;
    for (const entries of [this.held, this.refused]) if (entries.size > SWEEP_AT) sweep(entries);
    if (taken) this.held.set(who, { points, until });
    else this.refused.set(who, { most, until });
  }

  private fetch(who: string, most: number): Promise<void> {
    const fetching = this.ask(who, most).finally(() => this.fetching.delete(who));
    this.fetching.set(who, fetching);
    return fetching;
  }
}

const bucketOf = (address: string): string => `address ${networkOf(address)}`;

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
