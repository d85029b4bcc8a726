/**
 * The one reader of times as requests write them, ISO 8601: `2024-01-31`, `2024-01-31T23:00`, `2024-01-31 23:00:00.000Z`,
 * `2024-01-31T23:00:00+01:00` (also `+0100` and `+01`). What one request accepts every other does, with the same meaning.
 * Files are read by DuckDB and by a scanner of bytes, which understand this and more (libs/flow/src/ingest/reader).
 */
import { DAY_MS, zoneOf } from './zone.js';

export interface WrittenTime {
  /** What calendar and clock show, in milliseconds as if they were those of UTC. */
  readonly clockMs: number;
  /** Ahead of UTC; undefined: the clock of a zone that the text does not name. */
  readonly offsetMs: number | undefined;
  /** Only a date: the day as a whole. */
  readonly isDay: boolean;
}

const TIME = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;
/** Of all zones there have been, Kiribati's is the furthest ahead. */
const MOST_OFFSET_HOURS = 14;

/** @returns undefined for what is no time: another way to write one, a day that no calendar has, an hour that no clock shows */
export function readTime(text: string): WrittenTime | undefined {
  const [, year, month, day, hour, minute = '00', second = '00', fraction = '', offset] = TIME.exec(text.trim()) ?? [];
  if (year === undefined || Number(year) < 1000) return undefined;
  if (Number(hour ?? 0) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day));
  // `Date.UTC` takes 30 February for 1 March.
  if (new Date(midnight).toISOString().slice(0, 10) !== `${year}-${month}-${day}`) return undefined;
  const offsetMs = offset === undefined ? undefined : offsetOf(offset);
  if (offsetMs !== undefined && Number.isNaN(offsetMs)) return undefined;
  const clock = (Number(hour ?? 0) * 60 + Number(minute)) * 60 + Number(second);
  return { clockMs: midnight + clock * 1000 + Number(`0.${fraction || 0}`) * 1000, offsetMs, isDay: hour === undefined };
}

/**
 * The instant, in milliseconds since 1970. A time without an offset is read off the clock of the zone: a day from its first
 * instant, an hour that comes twice the first time, one that the clock jumps over where it jumps to.
 * @throws AlmanacError TIME_ZONE_UNKNOWN
 */
export function toInstant({ clockMs, offsetMs, isDay }: WrittenTime, timeZone: string): number {
  if (offsetMs !== undefined) return clockMs - offsetMs;
  const zone = zoneOf(timeZone);
  return isDay ? zone.startOfDay(clockMs / DAY_MS) : zone.instantOf(clockMs);
}

function offsetOf(text: string): number {
  if (/z/i.test(text)) return 0;
  const [hours, minutes] = [Number(text.slice(1, 3)), Number(text.slice(3).replace(':', '') || 0)];
  if (hours > MOST_OFFSET_HOURS || minutes > 59) return Number.NaN;
  return (text.startsWith('-') ? -60_000 : 60_000) * (hours * 60 + minutes);
}
