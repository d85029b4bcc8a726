/**
 * Puts parsed rows on the grid: `parsed` (t in microseconds, instant or wall clock) becomes `placed` (an integer step).
 *
 * `placed` has a row per readable row of the file: row, id, step, onGrid, closed, skipped, then the values. `closed`: on a
 * day that has no steps. `skipped`: a wall clock time that the zone's clock jumped over. Of one that came
 * twice (the clock went back) the rows around it tell which it is, see repeatedHours.ts.
 */
import { AlmanacError, Frequency, zoneOf } from '@almanac/series';
import { type Range, stepsIn } from '../range.js';
import type { Database } from './database.js';
import { type Bounds, frequencyOf, type GridWanted } from './rhythm.js';
import { writeRepeatedHours } from './repeatedHours.js';
import { writeZoneTables } from './zone.js';

const DAY_US = 86_400_000_000;
const DAY_MS = DAY_US / 1000;
/** Days on which a calendar grid is laid out; more, and a time was misread. */
const MOST_DAYS = 1_000_000;
/** More are laid out only where there are rows. */
const MANY_DAYS = 40_000;

export interface PlaceOptions extends GridWanted {
  /** Events are gathered: several rows of a series may have one time. */
  aggregated: boolean;
  /** A time marks the end of a step instead of its start. */
  marksEnd: boolean;
  /** Steps that do not start in it are left out. */
  range: Range;
  /** Columns of `parsed` to carry along. */
  carried: readonly string[];
}

/** @throws AlmanacError FREQUENCY_UNKNOWN, FREQUENCY_NOT_INFERRED, TIME_ZONE_UNKNOWN, TIMESTAMP_INVALID */
export async function place(database: Database, options: PlaceOptions): Promise<Frequency> {
  const { timeZone, integer } = options;
  const extent = await database.one<Record<keyof Bounds, number | null>>(
    `SELECT min(t)::DOUBLE AS least, max(t)::DOUBLE AS most, count(*) FILTER (NOT z)::DOUBLE AS clocks, count(*) FILTER (z)::DOUBLE AS instants FROM parsed WHERE rule = 0`,
  );
  const counted = { ...extent, clocks: extent.clocks ?? 0, instants: extent.instants ?? 0 };
  const zoned = !integer && timeZone !== 'UTC' && counted.least !== null;
  if (zoned) await writeZoneTables(database, timeZone, counted.least! / 1000, counted.most! / 1000);
  const frequency = await frequencyOf(database, options, counted);
  if (integer !== (frequency.kind === 'integer')) throw kindMismatch(frequency, integer);

  if (frequency.kind === 'fixed' && zoned && counted.clocks > 0) await writeRepeatedHours(database, options.aggregated);
  const { from, step, onGrid, closed, skipped } = integer
    ? { from: 'parsed p', step: 'p.t', onGrid: 'true', closed: 'false', skipped: 'false' }
    : frequency.kind === 'fixed'
      ? await fixedGrid(database, frequency, zoned && counted.clocks > 0, counted)
      : await calendarGrid(database, frequency, zoned && counted.instants > 0, counted);
  const carried = options.carried.map((column) => `, p.${column}`).join('');
  const ahead = options.ahead === undefined ? '' : ` + p.${options.ahead}`;
  // What happened until a boundary belongs to the step before it, what lies within a step to that step.
  const ended = options.marksEnd ? ` - CASE WHEN ${onGrid} THEN 1 ELSE 0 END` : '';
  const select = `SELECT p.rowid AS row, p.id, CAST(${step}${ahead}${ended} AS BIGINT) AS step, ${options.ahead === undefined ? onGrid : 'true'} AS on_grid, ${closed} AS closed, ${skipped} AS skipped${carried} FROM ${from} WHERE p.rule = 0`;
  const { first, last } = stepsIn(options.range, frequency);
  const bounds = [...(first > -Infinity ? [`step >= ${first}`] : []), ...(last < Infinity ? [`step <= ${last}`] : [])];
  const within = bounds.length === 0 ? select : `SELECT * FROM (${select}) WHERE step IS NULL OR (${bounds.join(' AND ')})`;
  // Joining a zone is worth keeping; arithmetic is done again faster than it is stored.
  await database.run(`CREATE ${from === 'parsed p' ? 'VIEW' : 'TABLE'} placed AS ${within}`);
  return frequency;
}

const floorDiv = (micros: string, width: number): string => `((${micros} - ((${micros} % ${width}) + ${width}) % ${width}) // ${width})`;
const later = (micros: string, byMs: number): string => (byMs === 0 ? micros : `(${micros} - ${byMs * 1000})`);

interface GridSql {
  from: string;
  step: string;
  onGrid: string;
  closed: string;
  skipped: string;
}

async function fixedGrid(database: Database, frequency: Frequency, fromClocks: boolean, bounds: Bounds): Promise<GridSql> {
  const { widthMs, originMs } = frequency.width;
  const t = later('p.t', originMs);
  const width = widthMs * 1000;
  const onGrid = `${t} % ${width} = 0`;
  const skipped = fromClocks ? 'p.t IS NULL' : 'false';
  const from = fromClocks ? `${INSTANTS} p` : 'parsed p';
  if (frequency.linear) return { from, step: floorDiv(t, width), onGrid, closed: 'false', skipped };
  await writeOpenSpans(database, frequency, bounds);
  return {
    from: `${fromClocks ? INSTANTS : '(SELECT *, rowid FROM parsed)'} p ASOF LEFT JOIN open_span m ON p.t >= m.from_us`,
    step: `${floorDiv(t, width)} - coalesce(m.removed, 0)`,
    onGrid: `${onGrid} AND NOT coalesce(m.closed, false)`,
    closed: 'coalesce(m.closed, false)',
    skipped,
  };
}

const INSTANTS = `(SELECT q.* REPLACE (CASE WHEN q.z THEN q.t WHEN o.late THEN q.t - q.late_us ELSE q.t - q.early_us END AS t), q.rowid0 AS rowid
    FROM (SELECT r.*, s.early_us, s.late_us FROM (SELECT *, rowid AS rowid0 FROM parsed WHERE rule = 0) r ASOF LEFT JOIN local_span s ON r.t >= s.from_us) q
    LEFT JOIN repeated_hour o ON o.row = q.rowid0)`;

/** `open_span(from_us, removed, closed)`: how many widths before an instant lie on closed days, and whether it does. */
async function writeOpenSpans(database: Database, frequency: Frequency, bounds: Bounds): Promise<void> {
  const { widthMs, originMs } = frequency.width;
  const zone = zoneOf(frequency.timeZone);
  const [first, last] = daysBetween(bounds);
  await database.run('CREATE TABLE open_span (from_us BIGINT, removed BIGINT, closed BOOLEAN)');
  let rows: string[] = [];
  let before = '';
  const { hours } = frequency;
  for (let day = first; day <= last; day++) {
    const clocks = hours ? [hours.fromMs, hours.toMs].sort((a, b) => a - b) : [];
    for (const civil of [zone.startOfDay(day), ...clocks.map((clock) => zone.instantOf(day * DAY_MS + clock))]) {
      const width = Math.ceil((civil - originMs) / widthMs);
      // A step is closed as a whole: it is what begins with the next one.
      const start = hours ? width * widthMs + originMs : civil;
      const closed = frequency.isClosed(start);
      const span = `${closed ? 0 : width - frequency.floorStep(width * widthMs + originMs)}, ${closed}`;
      if (span !== before) rows.push(`(${start}000, ${span})`);
      before = span;
    }
    if (rows.length < 10_000 && day < last) continue;
    if (rows.length > 0) await database.run(`INSERT INTO open_span VALUES ${rows.join(', ')}`);
    rows = [];
  }
}

/** Civil days around all times of the file. @throws AlmanacError TIMESTAMP_INVALID */
function daysBetween(bounds: Bounds): [first: number, last: number] {
  const first = Math.floor((bounds.least ?? 0) / DAY_US) - 2;
  const last = Math.floor((bounds.most ?? 0) / DAY_US) + 2;
  if (last - first > MOST_DAYS)
    throw new AlmanacError('TIMESTAMP_INVALID', 'The timestamps of the file lie more than 2,700 years apart.', {
      hint: 'Set timeFormat: they were read in a way that was not meant.',
    });
  return [first, last];
}

/** The days of the rows and those around them: of a file with one row centuries away, not all between. */
async function daysOfRows(database: Database): Promise<number[]> {
  const rows = await database.rows<{ day: number }>(
    `SELECT DISTINCT (floor(t / ${DAY_US}.0) + around)::DOUBLE AS day FROM parsed, (VALUES (-1), (0), (1)) s(around) WHERE rule = 0 ORDER BY day`,
  );
  return rows.map(({ day }) => day);
}

const range = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** One row per civil day, written by the grid itself; a day begins at the time of day at which steps start. */
async function calendarGrid(database: Database, frequency: Frequency, fromInstants: boolean, bounds: Bounds): Promise<GridSql> {
  // Steps count civil units since 1970 in any zone, so the grid of UTC tells the step of a civil day.
  const civil = Frequency.parse(frequency.code, 'UTC');
  const { atMs } = civil;
  const [first, last] = daysBetween(bounds);
  await database.run('CREATE TABLE grid_day (day INTEGER, step BIGINT, starts BOOLEAN, closed BOOLEAN, start_us BIGINT)');
  const days = last - first < MANY_DAYS ? range(first, last) : await daysOfRows(database);
  for (let from = 0; from < days.length; from += 10_000) {
    const rows: string[] = [];
    for (const day of days.slice(from, from + 10_000)) {
      const start = day * DAY_MS + atMs;
      const step = civil.floorStep(start);
      rows.push(`(${day}, ${step}, ${civil.timeOf(step) === start}, ${civil.isClosed(start)}, ${frequency.timeOf(step)}000)`);
    }
    await database.run(`INSERT INTO grid_day VALUES ${rows.join(', ')}`);
  }
  const civilTime = fromInstants
    ? `(SELECT r.*, r.rowid0 AS rowid, CASE WHEN r.z THEN r.t + u.offset_us ELSE r.t END AS civil FROM (SELECT *, rowid AS rowid0 FROM parsed WHERE rule = 0) r ASOF LEFT JOIN utc_span u ON r.t >= u.from_us)`
    : '(SELECT *, rowid, t AS civil FROM parsed)';
  const clock = later('p.civil', atMs);
  // What is closed is the day that the clock shows, before the time at which steps start too.
  const shown = atMs === 0 ? '' : ` JOIN grid_day c ON c.day = ${floorDiv('p.civil', DAY_US)}`;
  return {
    from: `${civilTime} p JOIN grid_day d ON d.day = ${floorDiv(clock, DAY_US)}${shown}`,
    step: 'd.step',
    onGrid: fromInstants
      ? `(CASE WHEN p.z THEN p.t = d.start_us ELSE d.starts AND ${clock} % ${DAY_US} = 0 END)`
      : `(d.starts AND ${clock} % ${DAY_US} = 0)`,
    closed: atMs === 0 ? 'd.closed' : 'c.closed',
    skipped: 'false',
  };
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
