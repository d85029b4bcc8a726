/** Writes down when the steps of a grid without one width start, for SQL: only `libs/series` computes them. */
import { Frequency } from '@almanac/series';
import type { Context } from '../postgres/context.js';

const AT_ONCE = 20_000;

/** Steps `from` to `to`, inclusive; a grid whose steps are as wide as each other needs none. */
export async function ensureGridSteps(context: Context, code: string, timeZone: string, from: number, to: number): Promise<void> {
  const frequency = Frequency.parse(code, timeZone);
  if (frequency.linear) return;
  const grid = [context.workspaceId, code, timeZone];
  const [known] = await context.query<{ count: string }>(
    'SELECT count(*) FROM grid_step WHERE workspace_id = $1 AND frequency = grid_key($2) AND time_zone = $3 AND step BETWEEN $4 AND $5',
    [...grid, from, to],
  );
  if (Number(known!.count) === to - from + 1) return;
  for (let start = from; start <= to; start += AT_ONCE) {
    const steps = Array.from({ length: Math.min(AT_ONCE, to - start + 1) }, (_, i) => start + i);
    await context.query(
      `INSERT INTO grid_step (workspace_id, frequency, time_zone, step, starts_at)
       SELECT $1, grid_key($2), $3, s, to_timestamp(t / 1000) FROM unnest($4::bigint[], $5::float8[]) AS g(s, t) ON CONFLICT DO NOTHING`,
      [...grid, steps, steps.map((step) => frequency.timeOf(step))],
    );
  }
}
