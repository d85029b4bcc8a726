/**
 * Reads files that are written in the plainest way without a database: once to see that nothing in them is odd and what
 * they hold, and once more to pass it on. A file with anything odd in it is left to the general reader, from its start.
 */
import { createReadStream } from 'node:fs';
import { type Counted, counted, findRhythm, Frequency } from '@almanac/series';
import type { IngestOptions } from '@almanac/contracts';
import type { ReadJob } from '../protocol.js';
import { stepsIn } from '../range.js';
import type { Column, Mapping } from './columns.js';
import type { Detected } from './detect.js';
import { areEven } from './oddTimes.js';
import { looksGrouped, mayGroup } from './points.js';
import { type PlainShape, PlainScanner, ROLE, type SortedRows, type Spans } from './scanner.js';
import type { Source } from './source.js';

const CHUNK_BYTES = 1 << 20;
const DELIMITERS = [',', ';', '\t', '|'];

export interface PlainFile {
  frequency: Frequency;
  rowsRead: number;
  lastStep: number | null;
  ids: string[];
  /** In the order of `ids`. */
  spans: Spans;
  /** Once more, in the order of the file: see `SortedRows`. */
  rows(): AsyncGenerator<SortedRows, void>;
}

/** @returns undefined where the general reader has to read it */
export async function readPlain(source: Source, mapping: Mapping, detected: Detected, job: ReadJob): Promise<PlainFile | undefined> {
  const { options, grid, closures } = job;
  if (closures && grid === undefined) return undefined;
  const shape = shapeOf(source, mapping, detected, options, grid);
  const { lines } = source;
  if (!shape || !lines) return undefined;
  const rows = (scanner: PlainScanner): AsyncGenerator<SortedRows, void> =>
    scanner.rows(createReadStream(lines.path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>);
  const scanner = new PlainScanner(shape, grid === undefined && options.frequency === 'auto');
  for await (const batch of rows(scanner)) if (batch.rows === 0) break;
  if (scanner.odd || scanner.rowsRead === 0) return undefined;
  const { rowsRead, lastStep, ids } = scanner;
  const spans = scanner.spans();
  // What lies outside of the stated range, and what looks odd, the general reader leaves out or names.
  if (!isWithin(spans, stepsIn(job.options, shape.grid)) || !areEven({ frequency: shape.grid, spans, lastStep }, job)) return undefined;
  if (grid === undefined && options.frequency === 'auto' && !shows(scanner.rowsOfSteps, shape.grid)) return undefined;
  return { frequency: shape.grid, rowsRead, lastStep, ids, spans, rows: () => rows(new PlainScanner(shape)) };
}

const isWithin = ({ firstSteps, lastSteps }: Spans, { first, last }: { first: number; last: number }): boolean =>
  (first === -Infinity || firstSteps.every((step) => step >= first)) && (last === Infinity || lastSteps.every((step) => step <= last));

/** Whether all times of the file make the grid that the first of them made: they may show a coarser one. */
function shows(rowsOfSteps: ReadonlyMap<number, number>, grid: Frequency): boolean {
  const times = [...rowsOfSteps].map(([step, rows]): Counted => [grid.timeOf(step), rows]);
  return findRhythm(times, grid.timeZone).frequency.code === grid.code;
}

function shapeOf(
  source: Source,
  mapping: Mapping,
  { head }: Detected,
  options: IngestOptions,
  known: string | undefined,
): PlainShape | undefined {
  if (mapping.layout !== 'long' || !mapping.value || !source.lines?.delimiter || mapping.statics.length > 0) return undefined;
  const { delimiter, skipLines } = source.lines;
  const asked = options.aggregation ?? options.timeFormat;
  if (asked !== undefined || options.timeMarks === 'end' || options.dropLastStep || options.decimalSeparator !== '.') return undefined;
  if (!DELIMITERS.includes(delimiter)) return undefined;
  const numbers = [mapping.value, ...[...mapping.past, ...mapping.future].map(({ column }) => column)];
  if (mayGroup(delimiter, options)) {
    const rows = head.split('\n').slice(skipLines + 1, -1);
    const cells = ({ index }: Column): string[] => rows.map((row) => row.split(delimiter)[index]?.trim() ?? '');
    if (numbers.some((column) => looksGrouped(cells(column)))) return undefined;
  }
  const used: (Column | undefined)[] = [mapping.id, mapping.time, ...numbers];
  // A column with two roles is the general reader's.
  if (new Set(used).size !== used.length) return undefined;
  const roles = source.columns.map((column) =>
    column === mapping.id
      ? ROLE.id
      : column === mapping.time
        ? ROLE.time
        : numbers.includes(column)
          ? numbers.indexOf(column)
          : ROLE.unused,
  );
  const grid = gridOf(head, mapping.time.index, { delimiter, skipLines }, options, known);
  if (!grid || (grid.kind !== 'calendar' && !grid.linear) || grid.kind === 'integer') return undefined;
  const utc = options.timeZone === 'UTC';
  const only = mapping.id ? undefined : options.dataset;
  // Fixed grids lie in UTC: a clock has to be placed there first. Calendar grids lie in the zone, and so does a clock.
  return {
    delimiter,
    skipLines,
    roles,
    channels: numbers.length,
    // Steps count civil units since 1970 in any zone.
    grid: grid.kind === 'calendar' ? Frequency.parse(grid.code, 'UTC') : grid,
    only,
    clocks: utc || grid.kind === 'calendar',
    instants: utc || grid.kind === 'fixed',
  };
}

/** The grid that is there, the one asked for, or that of the first rows, which all of them have to show: see `shows`. */
function gridOf(
  head: string,
  timeColumn: number,
  { delimiter, skipLines }: { delimiter: string; skipLines: number },
  { frequency, timeZone }: IngestOptions,
  known: string | undefined,
): Frequency | undefined {
  try {
    if (known !== undefined) return Frequency.parse(known, timeZone);
    if (frequency !== 'auto') return Frequency.parse(frequency, timeZone);
    if (timeZone !== 'UTC') return undefined;
    const lines = head.split('\n').slice(skipLines, -1);
    const times = lines.map((line) => Date.parse(isoOf(line.split(delimiter)[timeColumn]?.trim() ?? '')));
    return times.some(Number.isNaN) ? undefined : findRhythm(counted(times), timeZone).frequency;
  } catch {
    return undefined;
  }
}

/** Text that JavaScript reads as the scanner does: a clock without an offset is one of UTC, and an offset has minutes. */
function isoOf(text: string): string {
  if (text.length <= 10) return text;
  const [day, clock] = [text.slice(0, 10), text.slice(11)];
  return `${day}T${/(Z|[+-]\d\d(:?\d\d)?)$/.test(clock) ? clock.replace(/([+-]\d\d)$/, '$1:00') : `${clock}Z`}`;
}
