/**
 * Wall clock times that a zone showed twice, because its clock went back: which of the two was meant follows from the rows
 * around. Where a series runs forward it is the earlier instant until its clock goes back, where it runs backward (newest
 * first) the later one until its clock goes ahead. Times in no order that come twice are refused.
 */
import { AlmanacError } from '@almanac/series';
import type { Database } from './database.js';

/** Rows within so much of an hour that came twice tell in which order a series is written. */
const AROUND_US = 86_400_000_000;

/**
 * `repeated_hour`: row, late, for each row whose wall clock time came twice.
 * @param aggregated several rows of a series may have the same time
 * @throws AlmanacError TIMESTAMP_REPEATED
 */
export async function writeRepeatedHours(database: Database, aggregated: boolean): Promise<void> {
  const twice = '(SELECT *, from_us + early_us - late_us AS to_us FROM local_span WHERE early_us > late_us)';
  // Steps forward (+1) and back (-1) between neighbouring rows of a series, about each hour that came twice.
  const steps = `SELECT r.rowid AS row, r.id, r.t, s.from_us, r.t >= s.from_us AND r.t < s.to_us AS inside,
      sign(r.t - lag(r.t) OVER (PARTITION BY r.id, s.from_us ORDER BY r.rowid)) AS step
    FROM parsed r JOIN ${twice} s ON r.t >= s.from_us - ${AROUND_US} AND r.t < s.to_us + ${AROUND_US} WHERE r.rule = 0 AND NOT r.z`;
  // Going back from one such time to another, the clock did; where the rows run backward, going ahead.
  const turned = (order: string): string => `lag(t) OVER (PARTITION BY id, from_us ORDER BY row) ${order} t`;
  await database.run(`CREATE TABLE repeated_hour AS WITH steps AS (${steps}),
    courses AS (SELECT id, from_us, count(*) FILTER (step > 0) AS ahead, count(*) FILTER (step < 0) AS back FROM steps GROUP BY ALL),
    hours AS (SELECT row, id, t, from_us, coalesce(${turned(aggregated ? '>' : '>=')}, false) AS falls, coalesce(${turned(aggregated ? '<' : '<=')}, false) AS rises
      FROM steps WHERE inside),
    seen AS (SELECT *, count(*) FILTER (falls) OVER w AS fallen, count(*) FILTER (rises) OVER w AS risen, count(*) OVER (PARTITION BY id, t) AS times
      FROM hours WINDOW w AS (PARTITION BY id, from_us ORDER BY row))
    SELECT row, id, t, CASE WHEN back > ahead THEN risen = 0 ELSE fallen > 0 END AS late,
      times > 1 AND least(ahead, back) > 2 AND 4 * least(ahead, back) > greatest(ahead, back) AS unclear
    FROM seen JOIN courses USING (id, from_us)`);
  // A series that runs backward and shows the hour once shows the first of the two, as one does that runs forward.
  await database.run(`UPDATE repeated_hour SET late = false WHERE (id, t) IN (SELECT (id, t) FROM repeated_hour GROUP BY id, t HAVING count(*) = 1)
    AND NOT EXISTS (SELECT 1 FROM repeated_hour o WHERE o.id = repeated_hour.id AND abs(o.t - repeated_hour.t) < ${AROUND_US} AND NOT o.late)`);
  const unclear = await database.rows<{ id: string; time: string }>(
    `SELECT id, strftime(make_timestamp(t), '%Y-%m-%d %H:%M') AS time FROM repeated_hour WHERE unclear ORDER BY row LIMIT 1`,
  );
  const [first] = unclear;
  if (!first || aggregated) return;
  throw new AlmanacError(
    'TIMESTAMP_REPEATED',
    `Series "${first.id}" shows ${first.time} more than once, which the clock did too, and its rows are in no order that tells which is which.`,
    { hint: 'Sort the rows by time as it passed, or write times with an offset.', subject: { series: first.id, time: first.time } },
  );
}
