/** Which grid the rows of a file are meant for: the one that is there, the one asked for, or the one that their times show. */
import { AlmanacError, type Counted, findRhythm, Frequency, readFrequency } from '@almanac/series';
import type { Closures } from '../closures.js';
import type { Database } from './database.js';

const DAY_US = 86_400_000_000;
/** The first so many tell a rhythm as well as all. */
const MOST_TIMES = 200_000;

export interface Bounds {
  /** Microseconds. */
  least: number | null;
  most: number | null;
  /** Rows with a time by the clock, and rows with an instant. */
  clocks: number;
  instants: number;
}

export interface GridWanted {
  /** A code, or `auto`. */
  frequency: string;
  /** The grid of the dataset that the rows are for, which they have to fit. */
  grid: string | undefined;
  timeZone: string;
  integer: boolean;
  /** What is closed, as declared. */
  closures: Closures | undefined;
  /** Rows are events, which an aggregation gathers. */
  events: boolean;
  /** Column of `parsed` with steps to add, e.g. the position in a DeepAR target; its times need not be on the grid. */
  ahead?: string | undefined;
}

/** @throws AlmanacError FREQUENCY_UNKNOWN, FREQUENCY_NOT_INFERRED, TIME_ZONE_UNKNOWN, CLOSURES_WITHOUT_DAYS, ALWAYS_CLOSED */
export async function frequencyOf(database: Database, wanted: GridWanted, bounds: Bounds): Promise<Frequency> {
  const open = await openFrequencyOf(database, wanted, bounds);
  const { grid, closures } = wanted;
  return grid !== undefined || !closures ? open : open.closedOn(closures.label, closures.days, closures.weekdays);
}

async function openFrequencyOf(database: Database, wanted: GridWanted, bounds: Bounds): Promise<Frequency> {
  const { frequency, grid, timeZone, integer, events } = wanted;
  if (grid !== undefined) return Frequency.parse(grid, timeZone);
  if (wanted.ahead !== undefined) {
    if (frequency !== 'auto') return Frequency.parse(frequency, timeZone);
    throw new AlmanacError('FREQUENCY_NOT_INFERRED', 'DeepAR lines tell when a series starts, not how far its steps are apart.', {
      hint: 'Name the frequency: h, D, W-MON, MS …',
    });
  }
  if (integer) return Frequency.parse(frequency === 'auto' ? '1' : frequency, timeZone);
  const { times, zone } = await timesOf(database, timeZone, bounds);
  const found =
    frequency === 'auto' ? findRhythm(times, zone).frequency : readFrequency(frequency, times, zone, events ? 'events' : 'steps');
  return Frequency.parse(found.code, timeZone);
}

/** Distinct times with their rows, as instants of `zone`. */
async function timesOf(database: Database, timeZone: string, bounds: Bounds): Promise<{ times: Counted[]; zone: string }> {
  const counted = async (t: string, from: string): Promise<Counted[]> => {
    const rows = await database.rows<{ ms: number; n: number }>(
      `SELECT ${t} / 1000.0 AS ms, count(*)::DOUBLE AS n FROM ${from} AND r.rule = 0 GROUP BY ms ORDER BY ms LIMIT ${MOST_TIMES}`,
    );
    return rows.map(({ ms, n }) => [ms, n]);
  };
  const plain = 'parsed r WHERE r.t IS NOT NULL';
  if (timeZone === 'UTC' || bounds.clocks === 0) return { times: await counted('r.t', plain), zone: timeZone };
  // Times of one clock without an instant, all at the same time of day, are days of the zone, whatever instants these start at.
  const daily =
    bounds.instants === 0 &&
    (await database.one<{ share: number | null }>(
      `SELECT max(n) / sum(n) AS share FROM (SELECT count(*)::DOUBLE AS n FROM parsed WHERE t IS NOT NULL AND rule = 0 GROUP BY t % ${DAY_US})`,
    ))!.share! >= 0.9;
  if (daily) return { times: await counted('r.t', plain), zone: 'UTC' };
  const times = await counted(
    '(CASE WHEN r.z THEN r.t ELSE r.t - s.early_us END)',
    'parsed r ASOF LEFT JOIN local_span s ON r.t >= s.from_us WHERE r.t IS NOT NULL AND (r.z OR s.early_us IS NOT NULL)',
  );
  return { times, zone: timeZone };
}
