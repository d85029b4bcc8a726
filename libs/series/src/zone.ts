/**
 * An IANA time zone as three functions: the offset at an instant, the instant at which a civil day starts, and the one at
 * which its clock first shows a civil time.
 *
 * Invariants: `startOfDay(d)` is the first instant of civil day `d`, and never decreases with `d`. A day that a zone
 * skipped (Pacific/Apia, 2011-12-30) starts, and ends, at the instant of the skip. UTC costs no `Intl` call.
 */
import { AlmanacError } from './errors.js';

export const DAY_MS = 86_400_000;
const QUARTER_MS = 900_000;
/** Since 1972 every zone changes its offset at a whole quarter of an hour (UTC), or not at all. */
const QUARTERS_HOLD_AFTER = Date.UTC(1973, 0, 1);
/**
 * Shorter than any time between two changes of a zone since then (the shortest, of a week less an hour, was in America/Boa_Vista in October
 * 2000): where the offset is the same at both ends, it is so all the while.
 */
const STEADY_MS = 4 * DAY_MS;
const CACHE_LIMIT = 200_000;

export interface Zone {
  readonly name: string;
  /** Milliseconds to add to UTC to get civil time at an instant. */
  offsetAt(epochMs: number): number;
  /** First instant of a civil day, given as days since 1970-01-01. */
  startOfDay(day: number): number;
  /** First instant at which the clock shows a civil time, written as if it were UTC, or has jumped over it. */
  instantOf(civilMs: number): number;
}

const zones = new Map<string, Zone>();

/** @throws AlmanacError TIME_ZONE_UNKNOWN */
export function zoneOf(name: string): Zone {
  const known = zones.get(name);
  if (known) return known;
  const zone = isUtc(name) ? utc(name) : intlZone(name);
  zones.set(name, zone);
  return zone;
}

function isUtc(name: string): boolean {
  return name === 'UTC' || name === 'Etc/UTC';
}

function utc(name: string): Zone {
  return { name, offsetAt: () => 0, startOfDay: (day) => day * DAY_MS, instantOf: (civilMs) => civilMs };
}

function intlZone(name: string): Zone {
  const offsets = new Map<number, number>();
  const starts = new Map<number, number>();
  const exactly = offsetsOf(name);
  const atStartOf = (unit: number, no: number): number => remember(offsets, no * unit, () => exactly(no * unit));
  const offsetAt = (epochMs: number): number => {
    if (epochMs < QUARTERS_HOLD_AFTER) return exactly(epochMs);
    const no = Math.floor(epochMs / STEADY_MS);
    const offset = atStartOf(STEADY_MS, no);
    return offset === atStartOf(STEADY_MS, no + 1) ? offset : atStartOf(QUARTER_MS, Math.floor(epochMs / QUARTER_MS));
  };
  const instantOf = (civilMs: number): number => remember(starts, civilMs, () => firstInstant(civilMs, offsetAt));
  return { name, offsetAt, startOfDay: (day) => instantOf(day * DAY_MS), instantOf };
}

/** First instant at which the civil clock of the zone reads `civil` or later for the first time. */
function firstInstant(civil: number, offsetAt: (epochMs: number) => number): number {
  const before = offsetAt(civil - DAY_MS);
  const after = offsetAt(civil + DAY_MS);
  const candidates = [civil - before, civil - after].sort((a, b) => a - b);
  const exact = candidates.find((instant) => instant + offsetAt(instant) === civil);
  if (exact !== undefined) return exact;
  // The time was skipped: it is the change itself, which lies between the two readings.
  let low = Math.min(...candidates) - DAY_MS;
  let high = Math.max(...candidates) + DAY_MS;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (middle + offsetAt(middle) >= civil) high = middle;
    else low = middle;
  }
  return high;
}

/** A function from an instant to the offset of the zone's clock, to the second. */
function offsetsOf(name: string): (epochMs: number) => number {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset', hour: 'numeric', hourCycle: 'h23' });
  } catch (cause) {
    throw new AlmanacError('TIME_ZONE_UNKNOWN', `The time zone "${name}" is not known.`, {
      hint: 'Use an IANA name such as Europe/Berlin, America/New_York or UTC.',
      subject: { timeZone: name },
      cause,
    });
  }
  // "13, GMT", "14, GMT+01:00", "12, GMT-00:53:28".
  const said = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/;
  return (epochMs) => {
    const [, sign, hours, minutes, seconds = 0] = said.exec(format.format(epochMs))!;
    const size = sign === undefined ? 0 : 1000 * (3600 * Number(hours) + 60 * Number(minutes) + Number(seconds));
    return sign === '-' ? -size : size;
  };
}

function remember(cache: Map<number, number>, key: number, make: () => number): number {
  const hit = cache.get(key);
  if (hit !== undefined) return hit;
  if (cache.size >= CACHE_LIMIT) cache.clear();
  const value = make();
  cache.set(key, value);
  return value;
}
