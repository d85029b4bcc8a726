/** SQL that reads a text as a time, and how to make it; see times.ts. */
import { literal } from './database.js';

export interface Reader {
  /** SQL: BIGINT, NULL where the text is no such time. May lie in years that make no sense, see `inYears`. */
  micros: string;
  /** SQL: BOOLEAN, true where `micros` is an instant. */
  instant: string;
  /** `micros` are plain integers, not times. */
  integer: boolean;
  /** For messages. */
  description: string;
  /** What was taken that the file does not say by itself. */
  note?: string;
}

export function clock(timestamp: string, description: string): Reader {
  return { micros: `epoch_us(${timestamp})`, instant: 'false', integer: false, description };
}

export const strptime = (formats: readonly string[], description: string): Reader => clock(strptimeSql(formats), description);

export const strptimeSql = (formats: readonly string[], text = 'time'): string =>
  `try_strptime(${text}, [${formats.map(literal).join(', ')}])`;

/** Two-digit years below `pivot` are of this century, the others of the last; strptime has 69 for it. */
export function pivoted(timestamp: string, pivot: number | undefined): string {
  if (pivot === undefined) return timestamp;
  return `(CASE WHEN year(${timestamp}) >= 2000 AND year(${timestamp}) % 100 >= ${pivot} THEN ${timestamp} - INTERVAL 100 YEAR
    WHEN year(${timestamp}) < 2000 AND year(${timestamp}) % 100 < ${pivot} THEN ${timestamp} + INTERVAL 100 YEAR ELSE ${timestamp} END)`;
}

/** Years that a timestamp may have; whatever lies outside was misread. */
const YEARS = [1000, 3000] as const;

/** NULL for microseconds in years that make no sense: a two-digit year parses under %Y, and must fail there. */
export function inYears(micros: string): string {
  const [from, to] = YEARS.map((year) => Date.UTC(year, 0, 1) * 1000) as [number, number];
  return `(CASE WHEN ${micros} BETWEEN ${from} AND ${to} THEN ${micros} END)`;
}
