/**
 * The clock changes of a zone as SQL tables, made by the one library that knows zones, so that no second time-zone
 * database can disagree with it.
 */
import { zoneOf } from '@almanac/series';
import type { Database } from './database.js';

const DAY_MS = 86_400_000;

interface Span {
  /** First instant of the span, in milliseconds. */
  from: number;
  offset: number;
}

/** Spans of constant offset that cover [from, to], found day by day and then to the millisecond. */
export function spansOf(timeZone: string, from: number, to: number): Span[] {
  const zone = zoneOf(timeZone);
  const spans: Span[] = [{ from: from - 2 * DAY_MS, offset: zone.offsetAt(from - 2 * DAY_MS) }];
  for (let day = from - 2 * DAY_MS; day < to + 2 * DAY_MS; day += DAY_MS) {
    const before = zone.offsetAt(day);
    const after = zone.offsetAt(day + DAY_MS);
    if (before === after) continue;
    let [low, high] = [day, day + DAY_MS];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (zone.offsetAt(middle) === before) low = middle;
      else high = middle;
    }
    spans.push({ from: high, offset: after });
  }
  return spans;
}

/**
 * Makes two tables, in microseconds: `utc_span(from_us, offset_us)` to turn instants into wall clock, and
 * `local_span(from_us, early_us, late_us)` to turn wall clock into instants. Where the clock went back, `early_us` and
 * `late_us` are the two offsets; where it jumped ahead both are NULL, since no clock ever showed these times.
 */
export async function writeZoneTables(database: Database, timeZone: string, fromMs: number, toMs: number): Promise<void> {
  const spans = spansOf(timeZone, fromMs, toMs);
  const local: { from: number; early: number | null; late: number | null }[] = [];
  spans.forEach(({ from, offset }, index) => {
    const before = spans[index - 1]?.offset ?? offset;
    const [old, now] = [from + before, from + offset];
    if (now > old) local.push({ from: old, early: null, late: null });
    else if (now < old) local.push({ from: now, early: before, late: offset });
    local.push({ from: Math.max(old, now), early: offset, late: offset });
  });
  const us = (ms: number | null): string => (ms === null ? 'NULL' : `${ms}000`);
  await database.run(
    `CREATE TABLE utc_span AS SELECT * FROM (VALUES ${spans.map(({ from, offset }) => `(${us(from)}::BIGINT, ${us(offset)}::BIGINT)`).join(', ')}) t(from_us, offset_us)`,
  );
  await database.run(
    `CREATE TABLE local_span AS SELECT * FROM (VALUES ${local.map(({ from, early, late }) => `(${us(from)}::BIGINT, ${us(early)}::BIGINT, ${us(late)}::BIGINT)`).join(', ')}) t(from_us, early_us, late_us)`,
  );
}

/** Times with an offset beside times without one: the latter are by the clock of the zone, which is seldom meant. */
export async function warningsOfZones(
  database: Database,
  relation: string,
  times: { time: string; instant: string },
  timeZone: string,
): Promise<string[]> {
  if (timeZone === 'UTC' || times.instant === 'true' || times.instant === 'false') return [];
  const found = await database.one<{ rows: number; zoned: number; beside: string | null; bare: string | null }>(
    `SELECT count(*)::INT AS rows, (count(*) FILTER (zoned))::INT AS zoned, min(time) FILTER (zoned) AS beside, min(time) FILTER (NOT zoned) AS bare
     FROM (SELECT time, ${times.instant} AS zoned FROM (SELECT ${times.time} AS time FROM (${relation})) WHERE time IS NOT NULL AND time <> '')`,
  );
  if (found.zoned === 0 || found.zoned === found.rows) return [];
  return [
    `${found.zoned} of ${found.rows} times say how far they are from UTC ("${found.beside}"), and the others do not ("${found.bare}"): those were read ` +
      `by the clock of ${timeZone}. If all of them are meant in UTC, set timeZone to UTC.`,
  ];
}
