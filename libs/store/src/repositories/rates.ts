/**
 * Requests a minute, counted in PostgreSQL for all processes of the API together.
 *
 * Invariant: minutes begin and end by the database's clock alone, so that no jump of an API's clock frees or blocks anybody. Should
 * the database's own clock be set back, a minute that would last longer than two is over.
 */
import type { Rates } from '../facade.js';
import type { Context } from '../postgres/context.js';

const MINUTE_MS = 60_000;
/** Moves on within a statement: whoever waited for the row of another one is not earlier than that one. */
const NOW_MS = 'extract(epoch FROM clock_timestamp()) * 1000';
const IS_OVER = `rate_bucket.expire <= ${NOW_MS} OR rate_bucket.expire > ${NOW_MS} + ${2 * MINUTE_MS}`;

export function rates(context: Context): Rates {
  const all = context.everywhere();
  return {
    async take(who, points, most) {
      const [bucket] = await all.query<{ points: number; left: number }>(
        `INSERT INTO rate_bucket (key, points, expire) VALUES ($1, $2, ${NOW_MS} + ${MINUTE_MS})
         ON CONFLICT (key) DO UPDATE SET
           points = CASE WHEN ${IS_OVER} THEN excluded.points ELSE rate_bucket.points + excluded.points END,
           expire = CASE WHEN ${IS_OVER} THEN excluded.expire ELSE rate_bucket.expire END
         RETURNING points, (expire - ${NOW_MS})::float8 AS left`,
        [who, points],
      );
      return { taken: bucket!.points <= most, msBeforeNext: Math.max(0, bucket!.left) };
    },
    async giveBack(who, points) {
      await all.query('UPDATE rate_bucket SET points = greatest(0, points - $2) WHERE key = $1', [who, points]);
    },
    async taken(whos) {
      const rows = await all.query<{ key: string; points: number }>(
        `SELECT key, points FROM rate_bucket WHERE key = ANY ($1) AND NOT (${IS_OVER})`,
        [whos],
      );
      return new Map(rows.map(({ key, points }) => [key, points]));
    },
    async expire() {
      const gone = await all.query(`DELETE FROM rate_bucket WHERE ${IS_OVER} RETURNING 1`, []);
      return gone.length;
    },
  };
}
