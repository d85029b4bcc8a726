/**
 * A few observations at a time, as a service posts them every hour: added to a dataset that is there, at once and without
 * a run. What was sent is kept as an upload, so that the version it makes has the same lineage as any other; many small ones become
 * one file together (`packAppends`).
 *
 * Invariants: all rows or none; the same rows twice change nothing; a row means what it would mean in a file.
 */
import { AlmanacError, Frequency, toInstant, readTime } from '@almanac/series';
import { type Appended, cellAsNumber, type ObservationRow } from '@almanac/contracts';
import { AS_NUMBERS, isTruth } from '@almanac/contracts/csv';
import type { DatasetRecord, Json, SeriesPiece } from '@almanac/store';
import { createHash } from 'node:crypto';
import { refuseOver, refuseSize } from '../quota/refuse.js';
import { indicator, textsAmong } from '../runs/categories.js';
import type { FlowContext } from '../runs/context.js';
import { oddSteps } from './far.js';
import { stepFindings } from './findings.js';
import { fillZeros, NOTHING_STORED, type Stored } from './fill.js';
import type { Piece } from './frames.js';
import { oddWarnings, zerosRefusal } from './oddWords.js';
import { type Fault, type ReadTimes, readRequestTimes } from './requestTimes.js';
import { type Span, spanRefusal } from './span.js';
import { storedSteps } from './stored.js';
import { Tally } from './tally.js';

/** Rows at fault that are named. */
const SHOWN = 100;
/** Columns that are named. */
const MOST_COLUMNS = 10;
/** Fewer rows show no rhythm. */
const LEAST_ROWS = 8;
/** Steps between two values of a piece, at most. */
const PIECE_GAP = 960;
/** An upload that is being stored holds the dataset; longer than this nobody waits with a request open. */
const PATIENCE_MS = 10_000;
/** What is larger is a file of its own; smaller ones are packed into one now and then. */
const INLINE_BYTES = 1 << 16;
const TARGET = 'y';
/** From then on a time is a slip, in rows as in files. */
const YEAR_3000 = Date.UTC(3000, 0, 1);
const COLUMNS = new Set(['unique_id', 'ds', TARGET]);

/**
 * @param rows one observation each; a y of null says nothing about its step
 * @throws AlmanacError DATASET_NOT_FOUND, ROWS_REFUSED with what is wrong with which row, SPAN_TOO_LONG, DATASET_BUSY, QUOTA_EXCEEDED
 */
export async function appendObservations(
  context: Pick<FlowContext, 'store' | 'objects' | 'ingest' | 'quotas' | 'now'>,
  name: string,
  rows: readonly ObservationRow[],
): Promise<Appended> {
  const { store, objects, ingest } = context;
  const dataset = await store.datasets.get(name);
  const channels = (await store.datasets.channels(dataset.id)).filter(({ kind }) => kind !== 'target');
  const texts = textsAmong(channels.map((channel) => channel.name));
  const known = new Set([...COLUMNS, ...channels.map((channel) => channel.name), ...Object.keys(texts)]);
  const grid = Frequency.parse(dataset.frequency, dataset.timeZone);
  const read = await readRequestTimes(
    rows.map(({ unique_id: id, ds }) => ({ id, ds })),
    { frequency: grid.code, timeZone: grid.timeZone },
    context,
  );
  const values = valuesOf(rows, grid, { known, texts }, read);
  const spans = spansOf(values);
  const filled = dataset.fillPolicy === 'zero';
  const rowAt = rowsByStep(rows, grid, read);
  const where = (id: string, step: number): string | undefined => {
    const row = rowAt(id, step);
    return row === undefined ? undefined : `row ${row}`;
  };
  const odd = oddSteps(observedSteps(values), grid, context.now(), {}, extentOf(dataset));
  const byRow = ({ id, step }: { id: string; step: number }): string | undefined => where(id, step);
  // Once before anything is kept of it, and once more when nobody else changes the dataset.
  const within = async (inside: typeof store): Promise<Stored> => {
    const stored = await storedSteps(inside, name, filled ? undefined : spans.map(({ id }) => id));
    const refused =
      spanRefusal({ spans, dataset: name, grid, filled, stored, limits: ingest, where }) ??
      (filled ? zerosRefusal(odd, grid, byRow, WAYS) : undefined);
    if (refused) throw refused;
    return stored;
  };
  await within(store);
  const content = Buffer.from(JSON.stringify(rows));
  await store.transaction((inside) => refuseOver(context, inside, 'bytes', content.length));
  const refuse = await refuseSize(context);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const small = content.length <= INLINE_BYTES;
  if (!small) await objects.put(content);
  const written = await store.transaction(async (inside) => {
    const upload = await inside.uploads.create({
      fileName: 'observations.json',
      size: content.length,
      sha256,
      ...(small ? { content } : { objectKey: sha256 }),
      mapping: { dataset: name, format: 'json', mode: 'append' } satisfies Json,
    });
    const named = (kind: string): string[] => channels.filter((channel) => channel.kind === kind).map((channel) => channel.name);
    const made = await inside.series.writeVersion({
      dataset: { ...dataset, pastCovariates: named('past'), futureCovariates: named('future') },
      uploadId: upload.id,
      mode: 'append',
      patienceMs: PATIENCE_MS,
      refuse,
      pieces: filled ? zeroFilled(values, dataset, () => within(inside)) : inReach(values, () => within(inside)),
      summary: () => ({ rowsRead: rows.length, rowsRejected: 0, findings: null }),
    });
    // Nothing rests on what says nothing new.
    if (made.unchanged && small) await inside.uploads.remove(upload.id);
    // Once more, under a lock that others who add to the workspace wait for: they may all have been within the limit before.
    else await refuseOver(context, inside, 'bytes', 0);
    return made;
  });
  // The same bytes may have been erased between the two.
  if (!small && !(await objects.has(sha256))) await objects.put(content);
  if (!written.unchanged) await store.datasets.compact(dataset.id);
  const observations = rows.filter(({ y }) => y !== null).length;
  const warnings = [
    ...newValues(rows, texts),
    ...(read?.notes ?? []),
    ...oddWarnings(odd, grid, byRow, WAYS),
    ...stepFindings(grid, tallyOf(values, grid)),
  ];
  return { dataset: name, version: written.version, unchanged: written.unchanged, observations, warnings };
}

const WAYS = 'Correct the times; if they are meant, upload the rows as a file and say so with `from` and `to`.';

const extentOf = ({ firstStep, lastStep }: DatasetRecord): { firstStep: number; lastStep: number } | undefined =>
  firstStep === null || lastStep === null ? undefined : { firstStep, lastStep };

/** Steps with a target, by series. */
const observedSteps = (values: Values): { id: string; steps: Float64Array }[] =>
  [...values].flatMap(([id, channels]) => {
    const target = channels.get(TARGET);
    return target ? [{ id, steps: Float64Array.from(target.keys()).sort() }] : [];
  });

/** What the rows alone show of their steps and values. */
function tallyOf(values: Values, grid: Frequency): Tally {
  const tally = new Tally(0, grid.seasonLengths());
  const rows = [...values.values()].reduce((sum, channels) => sum + (channels.get(TARGET)?.size ?? 0), 0);
  if (rows < LEAST_ROWS) return tally;
  for (const [id, channels] of values) for (const run of runsOf(channels.get(TARGET) ?? new Map())) tally.look({ id, channel: 0, ...run });
  return tally;
}

/** The row that names a step of a series; looked for only where one has to be named. */
function rowsByStep(
  rows: readonly ObservationRow[],
  grid: Frequency,
  read: ReadTimes | undefined,
): (id: string, step: number) => number | undefined {
  return (id, step) => {
    const found = rows.findIndex((row, at) => row.unique_id === id && (read ? read.steps[at] : stepOf(row.ds, grid)) === step);
    return found < 0 ? undefined : found;
  };
}

/** Values by series, channel and step. */
type Values = Map<string, Map<string, Map<number, number>>>;

/** @param read what the reader of files makes of the times, where not all of them have one reading */
function valuesOf(
  rows: readonly ObservationRow[],
  grid: Frequency,
  { known, texts }: { known: ReadonlySet<string>; texts: Readonly<Record<string, readonly string[]>> },
  read: ReadTimes | undefined,
): Values {
  const faults: Fault[] = [];
  const faultOf = new Map(read?.faults.map((fault) => [fault.row, fault]));
  const values: Values = new Map();
  const seen = new Map<string, Set<number>>();
  rows.forEach((observation, row) => {
    const { unique_id: id, ds } = observation;
    const step = read ? (faultOf.get(row)?.rule ?? read.steps[row]!) : stepOf(ds, grid);
    const strange = Object.keys(observation).find((column) => !known.has(column));
    const word = Object.entries(observation).find(
      ([column, value]) =>
        column !== 'unique_id' && column !== 'ds' && !(column in texts) && value !== '' && typeof cellAsNumber(value) === 'string',
    );
    const steps = seen.get(id) ?? new Set();
    seen.set(id, steps);
    if (id.includes('\0') || !id.isWellFormed())
      faults.push({ row, rule: 'TEXT_INVALID', text: id.toWellFormed().replaceAll('\0', '\uFFFD') });
    else if (typeof step === 'string') faults.push({ row, rule: step, text: String(ds) });
    else if (strange !== undefined) faults.push({ row, rule: 'COLUMN_UNKNOWN', text: strange });
    else if (word !== undefined) faults.push({ row, rule: 'VALUE_NOT_NUMBER', text: `${word[0]} ${String(word[1])}` });
    else if (steps.has(step)) faults.push({ row, rule: 'DUPLICATE_TIMESTAMP', text: `${id} ${String(ds)}` });
    else {
      steps.add(step);
      for (const [column, value] of Object.entries(observation)) {
        // An empty text is a hole of numbers, and none of the values of a text.
        if (column === 'unique_id' || column === 'ds' || value === null || (value === '' && !(column in texts))) continue;
        const channels = values.get(id) ?? new Map<string, Map<number, number>>();
        values.set(id, channels);
        for (const [name, number] of numbersOf(column, value, texts[column])) {
          const channel = channels.get(name) ?? new Map<number, number>();
          channels.set(name, channel.set(step, number));
        }
      }
    }
  });
  if (faults.length > 0) throw refusal(faults, { rows, grid, known, reason: read?.refusal?.hint ?? undefined });
  return values;
}

/** A number as it is, a text as 1 for its value and 0 for the others that are stored. */
const numbersOf = (column: string, value: unknown, texts: readonly string[] | undefined): [name: string, value: number][] =>
  texts === undefined
    ? [[column, Number(cellAsNumber(value))]]
    : texts.map((text) => [indicator(column, text), Number(text === String(value).trim())]);

/** Values of text covariates that the dataset does not have: they are none of those that it has. */
function newValues(rows: readonly ObservationRow[], texts: Readonly<Record<string, readonly string[]>>): string[] {
  return Object.entries(texts).flatMap(([column, values]) => {
    const others = new Set(
      rows.flatMap((row) =>
        typeof row[column] === 'string' && row[column] !== '' && !values.includes(row[column].trim()) ? [row[column]] : [],
      ),
    );
    const shown = [...others].slice(0, 3).map((value) => `"${String(value).slice(0, 100)}"`);
    return others.size === 0
      ? []
      : [
          `${shown.join(', ')} of "${column}" is no value that the dataset has: it is 0 for each of those. An upload of a file adds values.`,
        ];
  });
}

/** The step that a time names, or the rule that it breaks. */
function stepOf(ds: string | number, grid: Frequency): number | string {
  if (grid.kind === 'integer') {
    const step = typeof ds === 'number' ? ds : /^-?\d{1,9}$/.test(ds) ? Number(ds) : NaN;
    return Number.isInteger(step) && Math.abs(step) < 1e9 ? step : 'TIMESTAMP_INVALID';
  }
  const time = readTime(String(ds));
  if (!time || time.clockMs >= YEAR_3000) return 'TIMESTAMP_INVALID';
  // A day of the zone, counted as one of UTC.
  if (grid.kind === 'calendar' && time.offsetMs === undefined) return onGrid(Frequency.parse(grid.code, 'UTC'), time.clockMs);
  // What came twice or never was left to the reader of files.
  return onGrid(grid, toInstant(time, grid.timeZone));
}

const onGrid = (grid: Frequency, time: number): number | string =>
  grid.isOnGrid(time) ? grid.floorStep(time) : grid.isClosed(time) ? 'CLOSED_DAY' : 'OFF_GRID';

/** What the rows say about each series, in all channels. */
function spansOf(values: Values): Span[] {
  return [...values].map(([id, channels]) => {
    const steps = new Set([...channels.values()].flatMap((points) => [...points.keys()]));
    const sorted = Float64Array.from(steps).sort();
    return { id, firstStep: sorted[0]!, lastStep: sorted.at(-1)!, rows: sorted.length };
  });
}

async function* inReach(values: Values, stored: () => Promise<Stored>): AsyncGenerator<SeriesPiece> {
  await stored();
  yield* piecesOf(values);
}

function* piecesOf(values: Values): Generator<SeriesPiece> {
  for (const [id, channels] of values) {
    for (const [channel, points] of channels) {
      for (const { firstStep, values } of runsOf(points))
        yield { id, channel: channel === TARGET ? undefined : channel, firstStep, values };
    }
  }
}

/** Points that lie near each other as arrays, NaN between them. */
function* runsOf(points: ReadonlyMap<number, number>): Generator<{ firstStep: number; values: Float64Array }> {
  const steps = Float64Array.from(points.keys()).sort();
  let from = 0;
  while (from < steps.length) {
    let to = from + 1;
    while (to < steps.length && steps[to]! - steps[to - 1]! <= PIECE_GAP) to += 1;
    const firstStep = steps[from]!;
    const values = new Float64Array(steps[to - 1]! - firstStep + 1).fill(NaN);
    for (const step of steps.subarray(from, to)) values[step - firstStep] = points.get(step)!;
    yield { firstStep, values };
    from = to;
  }
}

/** By the declared policy, as for files: steps that nobody named become zeros. */
async function* zeroFilled(values: Values, dataset: DatasetRecord, stored: () => Promise<Stored>): AsyncGenerator<SeriesPiece> {
  const targets = [...values].flatMap(([id, channels]) =>
    [...runsOf(channels.get(TARGET) ?? new Map())].map((run): Piece => ({ id, channel: 0, ...run })),
  );
  const last = targets.reduce((most, piece) => Math.max(most, piece.firstStep + piece.values.length - 1), -Infinity);
  const known = dataset.lastStep === null ? NOTHING_STORED : await stored();
  for await (const { id, firstStep, values } of fillZeros(each(targets), targets.length === 0 ? null : last, known))
    yield { id, firstStep, values };
  for (const piece of piecesOf(values)) if (piece.channel !== undefined) yield piece;
}

async function* each<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}

const SAYS: Readonly<Record<string, string>> = {
  TIMESTAMP_INVALID: 'is no time',
  TIMESTAMP_SKIPPED: 'was shown by no clock of the zone',
  OFF_GRID: 'is not on the grid',
  CLOSED_DAY: 'is on a day, or in an hour, that the grid leaves out',
  COLUMN_UNKNOWN: 'is no column of the dataset',
  VALUE_NOT_NUMBER: 'is no number, which the column holds',
  DUPLICATE_TIMESTAMP: 'comes twice',
  TEXT_INVALID: 'holds a NUL character or half of another one',
};

interface Refused {
  rows: readonly ObservationRow[];
  grid: Frequency;
  /** Columns that the dataset has. */
  known: ReadonlySet<string>;
  /** What to do about it, where the reader of files knows more than how times are written. */
  reason: string | undefined;
}

function refusal(faults: readonly Fault[], { rows, grid, known, reason }: Refused): AlmanacError {
  const { row, rule, text } = faults[0]!;
  const others = faults.length === 1 ? '' : ` ${faults.length - 1} more rows are at fault.`;
  const series = rule === 'TEXT_INVALID' ? '' : ` of series "${rows[row]!.unique_id.slice(0, 100)}"`;
  const columns = [...known].filter((column) => !column.includes(' = '));
  const hint: Readonly<Record<string, string>> = {
    COLUMN_UNKNOWN: `The dataset has ${columns.slice(0, MOST_COLUMNS).join(', ')}${columns.length > MOST_COLUMNS ? ' …' : ''}. An upload of a file adds covariates.`,
    VALUE_NOT_NUMBER: isTruth(text.slice(text.indexOf(' ') + 1)) ? AS_NUMBERS : 'Give a number, or null where nothing is known.',
  };
  const times = `The grid is ${grid.label} (${grid.timeZone}). Write times by ISO 8601 with an offset; values of a step that is there already correct it.`;
  return new AlmanacError('ROWS_REFUSED', `Row ${row}${series}: "${text.slice(0, 200)}" ${SAYS[rule]}.${others} Nothing was stored.`, {
    hint: hint[rule] ?? `${reason === undefined ? '' : `${reason} `}${times}`,
    subject: { rows: faults.slice(0, SHOWN).map((fault) => ({ ...fault, text: fault.text.slice(0, 200) })), rowsRejected: faults.length },
    status: 422,
  });
}

/** One file for many small appends, in every workspace. @returns how many files were made */
export function packAppends({ store, objects }: Pick<FlowContext, 'store' | 'objects'>): Promise<number> {
  return store.uploads.pack((file) => objects.put(file));
}
