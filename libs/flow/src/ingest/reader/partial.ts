/**
 * First and last steps that events cover in part: a month whose events end on the 12th makes a sum that is no month.
 * How near to the bounds of a step its first and last events lie is compared with the steps beside it, of each series and
 * of the whole file: where events are rare, a quiet end says nothing, and where they are regular, one that lacks does.
 *
 * Writes `partial_step(id, step)`.
 */
import { type Frequency, zoneOf } from '@almanac/series';
import type { PartialSteps } from '../protocol.js';
import type { Database } from './database.js';

/** Steps beside the first and the last that show what is usual. */
const BESIDE = 50;
/** Fewer show nothing. */
const LEAST_BESIDE = 3;
const ROWS_AT_ONCE = 10_000;

/**
 * @param filled steps without a row are zeros: after the last event of a series nothing happened, up to the end of the file
 */
export async function findPartialSteps(database: Database, frequency: Frequency, filled: boolean): Promise<PartialSteps> {
  await database.run(`CREATE TABLE near_end AS SELECT s.no, p.step, p.z, min(p.t) AS lo, max(p.t) AS hi FROM usable p JOIN series s USING (id)
    WHERE p.step <= s.from_step + ${BESIDE} OR p.step >= s.to_step - ${BESIDE} GROUP BY ALL`);
  await writeBounds(database, frequency);
  // Times by the clock against bounds by the clock, instants against instants.
  const [from, to] =
    frequency.kind === 'fixed'
      ? ['from_us', 'to_us']
      : ['CASE WHEN z THEN from_us ELSE from_clock END', 'CASE WHEN z THEN to_us ELSE to_clock END'];
  await database.run(`CREATE TABLE edge AS SELECT no, step, min(lo - (${from}))::DOUBLE AS head, min((${to}) - hi)::DOUBLE AS tail
    FROM near_end JOIN step_bound USING (step) GROUP BY no, step`);
  await database.run(`CREATE TABLE whole_edge AS SELECT 0 AS no, step, min(head) AS head, min(tail) AS tail FROM edge,
    (SELECT min(from_step) AS first, max(to_step) AS last FROM series) WHERE step <= first + ${BESIDE} OR step >= last - ${BESIDE} GROUP BY step`);
  const whole = [...(await stepsOf(database, 'whole_edge', 'first')), ...(await stepsOf(database, 'whole_edge', 'last'))];
  const steps = whole.map(({ step }) => step);
  const own = [oddEnds('edge', 'first'), ...(filled ? [] : [oddEnds('edge', 'last')])];
  const shared = steps.length === 0 ? 'false' : `u.step IN (${steps.join(', ')})`;
  await database.run(`CREATE TABLE partial_step AS SELECT id, step FROM (${own.join(' UNION ')}) JOIN series USING (no)
    UNION SELECT DISTINCT u.id, u.step FROM usable u WHERE ${shared}`);
  const series = await database.rows<{ id: string; step: number }>('SELECT id, step::DOUBLE AS step FROM partial_step ORDER BY id, step');
  return { steps, series };
}

async function stepsOf(database: Database, table: string, side: 'first' | 'last'): Promise<{ step: number }[]> {
  return database.rows(`SELECT step::DOUBLE AS step FROM (${oddEnds(table, side)})`);
}

/** Ends from which events lie farther than beside them: by as much as they vary there, and by half at least. */
function oddEnds(table: string, side: 'first' | 'last'): string {
  const [end, distance, compare] = side === 'first' ? ['min', 'head', '<='] : ['max', 'tail', '>='];
  const beside = side === 'first' ? `end_step + ${BESIDE}` : `end_step - ${BESIDE}`;
  return `SELECT no, any_value(end_step) AS step FROM (SELECT *, ${end}(step) OVER (PARTITION BY no) AS end_step FROM ${table})
    WHERE step ${compare} ${beside} GROUP BY no
    HAVING count(*) > ${LEAST_BESIDE} AND max(${distance}) FILTER (step = end_step) > quantile_cont(${distance}, 0.95) FILTER (step <> end_step)
      + greatest(quantile_cont(${distance}, 0.95) FILTER (step <> end_step) - min(${distance}) FILTER (step <> end_step), quantile_cont(${distance}, 0.95) FILTER (step <> end_step) / 2)`;
}

/** `step_bound(step, from_us, to_us, from_clock, to_clock)`, in microseconds, of the steps in `near_end`. */
async function writeBounds(database: Database, frequency: Frequency): Promise<void> {
  const zone = zoneOf(frequency.timeZone);
  const clock = (ms: number): number => ms + zone.offsetAt(ms);
  await database.run('CREATE TABLE step_bound (step BIGINT, from_us BIGINT, to_us BIGINT, from_clock BIGINT, to_clock BIGINT)');
  const steps = await database.rows<{ step: number }>('SELECT DISTINCT step::DOUBLE AS step FROM near_end');
  for (let at = 0; at < steps.length; at += ROWS_AT_ONCE) {
    const rows = steps.slice(at, at + ROWS_AT_ONCE).map(({ step }) => {
      const [from, to] = [frequency.timeOf(step), frequency.timeOf(step + 1)];
      return `(${[step, from * 1000, to * 1000, clock(from) * 1000, clock(to) * 1000].join(', ')})`;
    });
    await database.run(`INSERT INTO step_bound VALUES ${rows.join(', ')}`);
  }
}
