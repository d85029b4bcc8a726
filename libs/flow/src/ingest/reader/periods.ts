/**
 * Times that are a date and the number of a period of that day, as markets for electricity write them: settlement periods 1 to 48, quarter
 * hours 1 to 96, hours 1 to 24. On days of a clock change there are fewer or more of them (46 or 50, 92 or 100, 23 or 25), for they are
 * counted in elapsed time from midnight of the zone; so is it read here.
 */
import { AlmanacError } from '@almanac/series';
import type { IngestOptions } from '@almanac/contracts';
import type { Column } from './columns.js';
import { type Database, literal } from './database.js';
import type { Source } from './source.js';
import { readTimes } from './times.js';

const MINUTES_A_DAY = 1440;
/** Periods of a usual day. */
const COUNTS: Readonly<Record<number, string>> = { 24: 'hours', 48: 'half hours', 96: 'quarters of an hour', 288: 'five minutes' };
const NAMED = 5;

type Days = {
  least: number;
  /** The last period of most days. */
  usual: number;
};

export interface Periods {
  relation: string;
  /** SQL over the relation: TIMESTAMP WITH TIME ZONE. */
  sql: string;
  note: string;
}

/**
 * @param number SQL of the text of the period
 * @returns undefined where the numbers are not those of periods
 * @throws AlmanacError TIMESTAMP_INVALID a date that is none, or a period that a day has not; OPTIONS_CONFLICT
 */
export async function periodsOf(
  database: Database,
  source: Source,
  date: Column,
  { column, number }: { column: Column; number: string },
  options: IngestOptions,
  now: number,
): Promise<Periods | undefined> {
  const times = await readTimes(database, source.relation, date, options, now);
  if (times.integer) return undefined;
  const dated = `SELECT *, ${times.micros} AS day_micros, ${times.instant} AS day_instant, TRY_CAST(${number} AS INTEGER) AS period
    FROM (SELECT *, ${times.time} AS time FROM (${source.relation}))`;
  const found = await database.one<Days & { clocks: number }>(
    `SELECT min(least)::INT AS least, mode(most)::INT AS usual, sum(clocks)::INT AS clocks FROM (SELECT min(period) AS least, max(period) AS most,
      count(*) FILTER (day_instant OR day_micros % 86400000000 <> 0) AS clocks FROM (${dated}) WHERE day_micros IS NOT NULL GROUP BY day_micros)`,
  );
  const first = found.least;
  const count = found.usual - first + 1;
  const name = COUNTS[count];
  if (name === undefined || (first !== 0 && first !== 1) || found.clocks > 0) return undefined;
  if (options.timeMarks === 'end')
    throw new AlmanacError('OPTIONS_CONFLICT', `"${column.name}" numbers the periods of a day, and timeMarks says that times are ends.`, {
      hint: 'Leave timeMarks out: the start of each period is its time.',
      subject: { option: 'timeMarks' },
    });
  const zone = literal(options.timeZone);
  const minutes = MINUTES_A_DAY / count;
  const midnight = (days: number): string => `timezone(${zone}, make_timestamp(day_micros) + INTERVAL ${days} DAY)`;
  const sql = `${midnight(0)} + to_minutes((period - ${first}) * ${minutes})`;
  await refuseOthers(database, dated, { date, column, zone: options.timeZone, isPast: `${sql} >= ${midnight(1)} OR period < ${first}` });
  return {
    relation: `SELECT * EXCLUDE (time, day_micros, day_instant, period), CASE WHEN period IS NULL OR day_micros IS NULL THEN NULL ELSE ${sql} END AS period_start FROM (${dated})`,
    sql: 'period_start',
    note:
      ` The periods go from ${first} to ${found.usual}: ${name} of a day in ${options.timeZone}, counted in elapsed time from midnight.` +
      (await shortDays(database, dated, { ...found, count, midnight, zone: options.timeZone })),
  };
}

async function refuseOthers(
  database: Database,
  dated: string,
  { date, column, zone, isPast }: { date: Column; column: Column; zone: string; isPast: string },
): Promise<void> {
  const shown = `strftime(make_timestamp(day_micros), '%Y-%m-%d') || ' has no period ' || period`;
  const past = await database.rows<{ said: string; n: number }>(
    `SELECT ${shown} AS said, (count(*) OVER ())::INT AS n FROM (${dated}) WHERE day_micros IS NOT NULL AND period IS NOT NULL AND (${isPast}) ORDER BY day_micros, period LIMIT ${NAMED}`,
  );
  if (past.length > 0) {
    const more = past[0]!.n > past.length ? `, and ${(past[0]!.n - past.length).toLocaleString('en')} more` : '';
    throw new AlmanacError(
      'TIMESTAMP_INVALID',
      `By the clock of ${zone}, ${past.map(({ said }) => said).join(', ')}${more} (column "${column.name}").`,
      {
        hint: 'Days of a clock change have fewer periods, or more: set timeZone to the zone whose days these are, e.g. Europe/London.',
        subject: { column: column.name, timeZone: zone },
      },
    );
  }
  for (const [wrong, of] of [
    ['day_micros IS NULL', date],
    ['day_micros IS NOT NULL AND period IS NULL', column],
  ] as const) {
    const [one] = await database.rows<{ said: string; n: number }>(
      `SELECT trim(CAST(c${of.index} AS VARCHAR)) AS said, (count(*) OVER ())::INT AS n FROM (${dated}) WHERE ${wrong} AND coalesce(trim(CAST(c${of.index} AS VARCHAR)), '') <> '' LIMIT 1`,
    );
    if (one)
      throw new AlmanacError(
        'TIMESTAMP_INVALID',
        `"${one.said.slice(0, 60)}" in column "${of.name}" is no ${of === date ? 'date' : 'number of a period'} (${one.n.toLocaleString('en')} rows).`,
        {
          hint: 'Remove such rows, or correct them: a time is a date and the number of a period here.',
          subject: { column: of.name, text: one.said.slice(0, 200) },
        },
      );
  }
}

/** Days that lack just the periods which the clock jumps over somewhere, though it does not in this zone. */
async function shortDays(
  database: Database,
  dated: string,
  { least, usual, count, midnight, zone }: Days & { count: number; midnight: (days: number) => string; zone: string },
): Promise<string> {
  const rows = await database.rows<{ day: string }>(
    `SELECT strftime(make_timestamp(day_micros), '%Y-%m-%d') AS day FROM (SELECT day_micros, max(period) AS most, count(DISTINCT period) AS n FROM (${dated}) WHERE day_micros IS NOT NULL GROUP BY day_micros)
      WHERE most = ${usual - count / 24} AND n = ${count - count / 24} AND date_diff('minute', ${midnight(0)}, ${midnight(1)}) = ${MINUTES_A_DAY}
        AND day_micros > (SELECT min(day_micros) FROM (${dated})) AND day_micros < (SELECT max(day_micros) FROM (${dated})) ORDER BY 1 LIMIT ${NAMED}`,
  );
  return rows.length === 0
    ? ''
    : ` ${rows.map(({ day }) => day).join(', ')} ${rows.length === 1 ? 'has' : 'have'} ${count - count / 24} of ${count}, from ${least} on, as on the day on which clocks are put forward; they are not in ${zone}. If that is why, set timeZone.`;
}
