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
  const clock = clockOf(name);
  const offsetAt = (epochMs: number): number => {
    if (epochMs < QUARTERS_HOLD_AFTER) return clock(epochMs) - floorTo(epochMs, 1000);
    const quarter = Math.floor(epochMs / QUARTER_MS);
    return remember(offsets, quarter, () => clock(quarter * QUARTER_MS) - quarter * QUARTER_MS);
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

/** A function from an instant to the civil clock's reading, written as if it were UTC, in whole seconds. */
function clockOf(name: string): (epochMs: number) => number {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'iso8601',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (cause) {
    throw new AlmanacError('TIME_ZONE_UNKNOWN', `The time zone "${name}" is not known.`, {
      hint: 'Use an IANA name such as Europe/Berlin, America/New_York or UTC.',
      subject: { timeZone: name },
      cause,
    });
  }
  return (epochMs) => {
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(epochMs)) part[type] = Number(value);
    const date = new Date(0);
    date.setUTCFullYear(part['year']!, part['month']! - 1, part['day']);
    date.setUTCHours(part['hour']!, part['minute'], part['second']);
    return date.getTime();
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

function floorTo(value: number, unit: number): number {
  return Math.floor(value / unit) * unit;
}
