/**
 * Requests a minute, counted by rate-limiter-flexible in PostgreSQL for all processes of the API together.
 *
 * Invariants: who was refused is refused from memory until the minute is over, and costs the database nothing; while the
 * database does not answer, each process counts by itself.
 */
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { Rates } from '../facade.js';
import type { Context } from '../postgres/context.js';

const MINUTE_SECONDS = 60;

export function rates(context: Context): Rates {
  const all = context.everywhere();
  const limiters = new Map<number, RateLimiterPostgres>();
  const limiterOf = (most: number): RateLimiterPostgres => {
    const known = limiters.get(most);
    if (known) return known;
    const minute = { points: most, duration: MINUTE_SECONDS, keyPrefix: '' };
    const made = new RateLimiterPostgres({
      ...minute,
      storeClient: { query: (statement: object) => all.withClient((client) => client.query(statement as never)) },
      storeType: 'client',
      tableName: 'rate_bucket',
      tableCreated: true,
      // Everything that is over is cleared in one place: see `expire`.
      clearExpiredByTimeout: false,
      inMemoryBlockOnConsumed: most,
      insuranceLimiter: new RateLimiterMemory(minute),
    });
    limiters.set(most, made);
    return made;
  };
  return {
    async take(who, points, most) {
      try {
        const { msBeforeNext } = await limiterOf(most).consume(who, points);
        return { taken: true, msBeforeNext };
      } catch (refused) {
        if (!(refused instanceof RateLimiterRes)) throw refused;
        return { taken: false, msBeforeNext: refused.msBeforeNext };
      }
    },
    async taken(whos) {
      const rows = await all.query<{ key: string; points: number }>(
        'SELECT key, points FROM rate_bucket WHERE key = ANY ($1) AND expire > $2',
        [whos, Date.now()],
      );
      return new Map(rows.map(({ key, points }) => [key, points]));
    },
    async expire() {
      const gone = await all.query('DELETE FROM rate_bucket WHERE expire < $1 RETURNING 1', [Date.now()]);
      return gone.length;
    },
  };
}
