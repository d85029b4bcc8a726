/**
 * Puts parsed rows on the grid: `parsed` (t in microseconds, instant or wall clock) becomes `placed` (an integer step).
 *
 * `placed` has a row per readable row of the file: row, id, step, onGrid, skipped, then the values. `skipped`: a wall
 * clock time that the zone's clock jumped over. A wall clock time that came twice (the clock went back) is the earlier
 * instant the first time a series shows it and the later one the second time, in the order of the file.
 */
import { AlmanacError, Frequency, inferFrequency } from '@almanac/series';
import type { Database } from './database.js';
import { writeZoneTables } from './zone.js';

const DAY_US = 86_400_000_000;
const MOST_TIMES = 200_000;
/** Days on which a calendar grid is laid out; more, and a time was misread. */
const MOST_DAYS = 1_000_000;

interface Bounds {
  least: number | null;
  most: number | null;
  clocks: number;
  instants: number;
}

export interface PlaceOptions {
  /** A code, or `auto`. */
  frequency: string;
  timeZone: string;
  integer: boolean;
  /** Columns of `parsed` to carry along. */
  carried: readonly string[];
  /** Column of `parsed` with steps to add, e.g. the position in a DeepAR target; its times need not be on the grid. */
  ahead?: string | undefined;
}

/** @throws AlmanacError FREQUENCY_UNKNOWN, FREQUENCY_NOT_INFERRED, TIME_ZONE_UNKNOWN, TIMESTAMP_INVALID */
export async function place(database: Database, options: PlaceOptions): Promise<Frequency> {
  const { timeZone, integer } = options;
  const bounds = await database.one<Record<keyof Bounds, number | null>>(
    `SELECT min(t)::DOUBLE AS least, max(t)::DOUBLE AS most, count(*) FILTER (NOT z)::DOUBLE AS clocks, count(*) FILTER (z)::DOUBLE AS instants FROM parsed WHERE rule = 0`,
  );
  const counted = { ...bounds, clocks: bounds.clocks ?? 0, instants: bounds.instants ?? 0 };
  const zoned = !integer && timeZone !== 'UTC' && counted.least !== null;
  if (zoned) await writeZoneTables(database, timeZone, counted.least! / 1000, counted.most! / 1000);
  const frequency = await frequencyOf(database, options, counted);
  if (integer !== (frequency.kind === 'integer')) throw kindMismatch(frequency, integer);

  const { from, step, onGrid, skipped } = integer
    ? { from: 'parsed p', step: 'p.t', onGrid: 'true', skipped: 'false' }
    : frequency.kind === 'fixed'
      ? fixedGrid(frequency, zoned && counted.clocks > 0)
      : await calendarGrid(database, frequency, zoned && counted.instants > 0, counted);
  const carried = options.carried.map((column) => `, p.${column}`).join('');
  const ahead = options.ahead === undefined ? '' : ` + p.${options.ahead}`;
  const select = `SELECT p.rowid AS row, p.id, CAST(${step}${ahead} AS INTEGER) AS step, ${options.ahead === undefined ? onGrid : 'true'} AS on_grid, ${skipped} AS skipped${carried} FROM ${from} WHERE p.rule = 0`;
  // Joining a zone is worth keeping; arithmetic is done again faster than it is stored.
  await database.run(`CREATE ${from === 'parsed p' ? 'VIEW' : 'TABLE'} placed AS ${select}`);
  return frequency;
}

const floorDiv = (micros: string, width: number): string => `((${micros} - ((${micros} % ${width}) + ${width}) % ${width}) // ${width})`;

interface GridSql {
  from: string;
  step: string;
  onGrid: string;
  skipped: string;
}

function fixedGrid(frequency: Frequency, fromClocks: boolean): GridSql {
  const width = frequency.timeOf(1) * 1000;
  if (!fromClocks) return { from: 'parsed p', step: floorDiv('p.t', width), onGrid: `p.t % ${width} = 0`, skipped: 'false' };
  const instants = `(SELECT q.* REPLACE (CASE WHEN q.z THEN q.t WHEN o.nth > 1 THEN q.t - q.late_us ELSE q.t - q.early_us END AS t), q.rowid0 AS rowid
    FROM (SELECT r.*, s.early_us, s.late_us FROM (SELECT *, rowid AS rowid0 FROM parsed WHERE rule = 0) r ASOF LEFT JOIN local_span s ON r.t >= s.from_us) q
    LEFT JOIN (SELECT r.rowid AS row, row_number() OVER (PARTITION BY r.id, r.t ORDER BY r.rowid) AS nth
      FROM parsed r JOIN local_span s ON r.t >= s.from_us AND s.early_us <> s.late_us AND r.t < s.from_us + s.early_us - s.late_us WHERE NOT r.z AND r.rule = 0) o
    ON o.row = q.rowid0)`;
  return { from: `${instants} p`, step: floorDiv('p.t', width), onGrid: `p.t % ${width} = 0`, skipped: 'p.t IS NULL' };
}

/** One row per civil day, written by the grid itself. */
async function calendarGrid(database: Database, frequency: Frequency, fromInstants: boolean, bounds: Bounds): Promise<GridSql> {
  // Steps count civil units since 1970 in any zone, so the grid of UTC tells the step of a civil day.
  const civil = Frequency.parse(frequency.code, 'UTC');
  const first = Math.floor((bounds.least ?? 0) / DAY_US) - 2;
  const last = Math.floor((bounds.most ?? 0) / DAY_US) + 2;
  if (last - first > MOST_DAYS)
    throw new AlmanacError('TIMESTAMP_INVALID', 'The timestamps of the file lie more than 2,700 years apart.', {
      hint: 'Set timeFormat: they were read in a way that was not meant.',
    });
  await database.run('CREATE TABLE grid_day (day INTEGER, step INTEGER, starts BOOLEAN, start_us BIGINT)');
  for (let from = first; from <= last; from += 10_000) {
    const rows: string[] = [];
    for (let day = from; day <= Math.min(last, from + 9_999); day++) {
      const step = civil.floorStep(day * (DAY_US / 1000));
      rows.push(`(${day}, ${step}, ${civil.timeOf(step) === day * (DAY_US / 1000)}, ${frequency.timeOf(step)}000)`);
    }
    await database.run(`INSERT INTO grid_day VALUES ${rows.join(', ')}`);
  }
  const civilTime = fromInstants
    ? `(SELECT r.*, r.rowid0 AS rowid, CASE WHEN r.z THEN r.t + u.offset_us ELSE r.t END AS civil FROM (SELECT *, rowid AS rowid0 FROM parsed WHERE rule = 0) r ASOF LEFT JOIN utc_span u ON r.t >= u.from_us)`
    : '(SELECT *, rowid, t AS civil FROM parsed)';
  return {
    from: `${civilTime} p JOIN grid_day d ON d.day = ${floorDiv('p.civil', DAY_US)}`,
    step: 'd.step',
    onGrid: fromInstants
      ? `(CASE WHEN p.z THEN p.t = d.start_us ELSE d.starts AND p.civil % ${DAY_US} = 0 END)`
      : `(d.starts AND p.civil % ${DAY_US} = 0)`,
    skipped: 'false',
  };
}

/** The declared frequency, or the coarsest grid that every time of the file falls on. */
async function frequencyOf(database: Database, { frequency, timeZone, integer, ahead }: PlaceOptions, bounds: Bounds): Promise<Frequency> {
  if (frequency !== 'auto') return Frequency.parse(frequency, timeZone);
  if (ahead !== undefined) {
    throw new AlmanacError('FREQUENCY_NOT_INFERRED', 'DeepAR lines tell when a series starts, not how far its steps are apart.', {
      hint: 'Name the frequency: h, D, W-MON, MS …',
    });
  }
  if (integer) return Frequency.parse('1', timeZone);
  const times = async (sql: string): Promise<number[]> =>
    (await database.rows<{ ms: number }>(`SELECT DISTINCT t / 1000.0 AS ms FROM (${sql}) LIMIT ${MOST_TIMES}`)).map(({ ms }) => ms);
  if (timeZone === 'UTC' || bounds.clocks === 0) return inferFrequency(await times('SELECT t FROM parsed WHERE t IS NOT NULL'), timeZone);
  // Dates without a clock are days of the zone, whatever instants these start at.
  const dates =
    bounds.instants === 0 &&
    (await database.one<{ yes: boolean }>(`SELECT bool_and(t % ${DAY_US} = 0) AS yes FROM parsed WHERE t IS NOT NULL`)).yes;
  if (dates) return Frequency.parse(inferFrequency(await times('SELECT t FROM parsed WHERE t IS NOT NULL'), 'UTC').code, timeZone);
  return inferFrequency(
    await times(
      'SELECT CASE WHEN r.z THEN r.t ELSE r.t - s.early_us END AS t FROM parsed r ASOF LEFT JOIN local_span s ON r.t >= s.from_us WHERE r.t IS NOT NULL AND (r.z OR s.early_us IS NOT NULL)',
    ),
    timeZone,
  );
}

function kindMismatch(frequency: Frequency, integer: boolean): AlmanacError {
  return new AlmanacError(
    'TIMESTAMP_INVALID',
    integer
      ? `The time column holds plain integers, which are no times on the grid ${frequency.code}.`
      : 'The time column holds times, not the plain integers that frequency 1 asks for.',
    {
      hint: integer ? 'Set frequency to 1, or name another timeColumn.' : 'Leave the frequency to be found, or name it: h, D, W-MON, MS …',
      subject: { frequency: frequency.code },
    },
  );
}
