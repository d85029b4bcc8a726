/** So many requests a minute of one key, or of one address without a key; over it, 429 with Retry-After. */
import { AlmanacError } from '@almanac/series';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

const MINUTE_SECONDS = 60;

export class Rate {
  private readonly minute: RateLimiterMemory;

  constructor(private readonly perMinute: number) {
    this.minute = new RateLimiterMemory({ points: perMinute, duration: MINUTE_SECONDS });
  }

  /** @throws AlmanacError TOO_MANY_REQUESTS */
  async take(who: string): Promise<void> {
    try {
      await this.minute.consume(who);
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      throw new AlmanacError('TOO_MANY_REQUESTS', `More than ${this.perMinute} requests came in a minute.`, {
        hint: 'Wait for the seconds in the Retry-After header.',
        subject: { retryAfterSeconds: Math.ceil(refused.msBeforeNext / 1000) },
        status: 429,
      });
    }
  }
}
