/**
 * The times of a request mean what they would mean in a file. Those that have one reading, ISO 8601 that names one instant or
 * one day, are left to whoever asked; as soon as one is written in another way (by a spreadsheet, in another language, as a
 * clock of a zone over an hour that came twice or never), all go to the reader of files, which judges each by the rows around it.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type IngestResult, ingestOptions } from '@almanac/contracts';
import { DEFAULT_INGEST_LIMITS } from '@almanac/platform';
import { Frequency, isAlmanacError, readTime, zoneOf } from '@almanac/series';
import type { FlowContext } from '../runs/context.js';
import type { ReadJob, RejectedLine } from './protocol.js';
import { reading } from './reading.js';

export interface TimedRow {
  id: string;
  ds: string | number;
}

export interface Fault {
  /** From 0, as it was sent. */
  row: number;
  rule: string;
  text: string;
}

export interface ReadTimes {
  grid: Frequency;
  /** By row; NaN where the row is at fault. */
  steps: Float64Array;
  faults: Fault[];
  /** What a file with these rows would be refused with. */
  refusal: IngestResult['refusal'];
  /** What was taken that the times do not say by themselves. */
  notes: string[];
}

/** Smaller whole numbers are no dates in any way to write them. */
const LEAST_DATE = 10_000;
const DAY_MS = 86_400_000;

/**
 * @param options.frequency a code, or `auto`
 * @returns undefined where every time has one reading
 * @throws AlmanacError what a file would be refused with as a whole
 */
export async function readRequestTimes(
  rows: readonly TimedRow[],
  options: { frequency: string; timeZone: string },
  { ingest: limits = DEFAULT_INGEST_LIMITS, now }: Pick<FlowContext, 'ingest' | 'now'>,
): Promise<ReadTimes | undefined> {
  if (rows.every(({ ds }) => hasOneReading(ds, options))) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'almanac-request-'));
  try {
    const path = join(folder, 'rows');
    const names = new Map<string, string>();
    for (const { id } of rows) if (!names.has(id)) names.set(id, `s${names.size}`);
    // The value of a row is its number, which comes back at the step of its time.
    await writeFile(path, rows.map(({ id, ds }, row) => JSON.stringify({ unique_id: names.get(id), ds, y: row })).join('\n'));
    return await read(path, rows, [...names.keys()], options, { limits, now: now().getTime() });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function read(
  path: string,
  rows: readonly TimedRow[],
  ids: readonly string[],
  options: { frequency: string; timeZone: string },
  { limits, now }: Pick<ReadJob, 'limits' | 'now'>,
): Promise<ReadTimes> {
  const rejected: RejectedLine[] = [];
  const faults = (): Fault[] => rejected.map(({ line, rule, text }) => ({ row: (line ?? 1) - 1, rule, text }));
  const inWords = (words: string): string => inTheirWords(words, rows, ids);
  const job = {
    path,
    fileName: 'rows.ndjson',
    options: ingestOptions.parse({ dataset: 'request', format: 'ndjson', dryRun: true, ...options }),
    limits,
    now,
  };
  const onRejects = (lines: RejectedLine[]): Promise<void> => Promise.resolve(void rejected.push(...lines));
  try {
    return await reading(job, { onRejects }, async (file) => {
      const steps = new Float64Array(rows.length).fill(NaN);
      for await (const { firstStep, values } of file.pieces())
        for (const [at, row] of values.entries()) if (!Number.isNaN(row)) steps[row] = firstStep + at;
      const named = new Set(rejected.map(({ line }) => (line ?? 1) - 1));
      const twice = rows.flatMap(({ id, ds }, row): Fault[] =>
        Number.isNaN(steps[row]) && !named.has(row) ? [{ row, rule: 'DUPLICATE_TIMESTAMP', text: `${id} ${ds}` }] : [],
      );
      const { head, refusal } = file;
      return {
        grid: Frequency.parse(head.frequency, head.timeZone),
        steps,
        faults: [...faults(), ...twice].sort((a, b) => a.row - b.row),
        refusal: refusal && { ...refusal, detail: inWords(refusal.detail) },
        notes: head.warnings,
      };
    });
  } catch (error) {
    if (!isAlmanacError(error)) throw error;
    error.message = inWords(error.message);
    // Of a column that holds no times the reader names one; a request has every one that is none named.
    if (error.code !== 'TIMESTAMP_INVALID' || options.frequency === 'auto') throw error;
    const wrong =
      rejected.length > 0
        ? faults()
        : rows.flatMap(({ ds }, row): Fault[] =>
            hasOneReading(ds, options) ? [] : [{ row, rule: 'TIMESTAMP_INVALID', text: String(ds) }],
          );
    return {
      grid: Frequency.parse(options.frequency, options.timeZone),
      steps: new Float64Array(rows.length).fill(NaN),
      faults: wrong,
      refusal: { code: error.code, detail: error.message, hint: error.hint ?? null },
      notes: [],
    };
  }
}

/** Lines of the file that was made of the rows are rows of the request, and its series have their own names. */
function inTheirWords(words: string, rows: readonly TimedRow[], ids: readonly string[]): string {
  return words
    .replace(/^Line (\d+): /, (_, line: string) => `Row ${Number(line) - 1}, of series "${rows[Number(line) - 1]?.id ?? ''}": `)
    .replace(/ \(lines [\d, ]+\)/, '')
    .replace(/"s(\d+)"/g, (whole, no: string) => (ids[Number(no)] === undefined ? whole : `"${ids[Number(no)]}"`));
}

function hasOneReading(ds: string | number, { frequency, timeZone }: { frequency: string; timeZone: string }): boolean {
  if (typeof ds === 'number') return frequency === '1' || (frequency === 'auto' && Math.abs(ds) < LEAST_DATE);
  if (frequency === '1') return /^-?\d{1,9}$/.test(ds);
  const time = readTime(ds);
  if (!time) return false;
  if (time.offsetMs !== undefined || time.isDay || timeZone === 'UTC') return true;
  return instantsOf(time.clockMs, timeZone).size === 1;
}

/** The instants at which a zone's clock showed a time: none in an hour that it jumped over, two in one that it repeated. */
function instantsOf(civilMs: number, timeZone: string): Set<number> {
  const zone = zoneOf(timeZone);
  const offsets = [zone.offsetAt(civilMs - DAY_MS), zone.offsetAt(civilMs + DAY_MS)];
  return new Set(offsets.map((offset) => civilMs - offset).filter((instant) => instant + zone.offsetAt(instant) === civilMs));
}
