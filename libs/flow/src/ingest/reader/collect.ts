/**
 * Cuts rows that come in the order of series and steps into pieces: arrays of a bounded number of steps, NaN where there
 * is no value. Memory holds one piece per channel, however long a series is.
 */
import { AlmanacError, type Frequency } from '@almanac/series';
import type { IngestOptions } from '@almanac/contracts';
import type { Piece } from '../frames.js';
import type { SortedRows } from './scanner.js';

/** A whole number of the store's chunks, so that a piece ends where a chunk does. */
const PIECE_STEPS = 960 * 64;

/** Covariates are levels (a price, a temperature): summing or counting them makes no sense. */
const COVARIATE_AGGREGATION: Readonly<Record<string, string>> = { sum: 'mean', count: 'mean' };

export interface Collected {
  /** Steps that came more than once for a series; only without an aggregation. */
  duplicates: number;
  /** The first of them. */
  duplicate: { id: string; step: number } | undefined;
}

export interface SeriesNames {
  ids: string[];
  statics: (Record<string, number | string | null> | undefined)[];
}

/** SQL of the sorted table: series number, step, y, covariates. */
export function sortedSql(
  aggregation: IngestOptions['aggregation'],
  covariates: readonly string[],
  dropStep: number | undefined,
  rows = 'usable',
): string {
  const from = `FROM ${rows} p JOIN series s USING (id)${dropStep === undefined ? '' : ` WHERE p.step <> ${dropStep}`}`;
  if (aggregation === undefined)
    return `SELECT s.no, p.step::DOUBLE AS step${['y', ...covariates].map((column) => `, ${orNan(`p.${column}`)}`).join('')} ${from} ORDER BY s.no, p.step`;
  const target = aggregation === 'count' ? 'count(*)::DOUBLE' : orNan(aggregate(aggregation, 'p.y'));
  const others = covariates.map(
    (column) => `, ${orNan(aggregate(COVARIATE_AGGREGATION[aggregation] ?? aggregation, `p.${column}`))} AS ${column}`,
  );
  return `SELECT s.no, p.step::DOUBLE AS step, ${target} AS y${others.join('')} ${from} GROUP BY s.no, p.step ORDER BY s.no, p.step`;
}

const orNan = (sql: string): string => `coalesce(${sql}, 'NaN'::DOUBLE)`;

function aggregate(name: string, column: string): string {
  if (name === 'mean') return `avg(${column})::DOUBLE`;
  if (name === 'first') return `arg_min(${column}, (p.t, p.row)) FILTER (${column} IS NOT NULL)`;
  if (name === 'last') return `arg_max(${column}, (p.t, p.row)) FILTER (${column} IS NOT NULL)`;
  return `${name}(${column})::DOUBLE`;
}

/** @param emit takes a piece; pieces of a series come together, steps ascending */
export async function collect(
  sorted: AsyncIterable<SortedRows>,
  channels: number,
  series: SeriesNames,
  emit: (piece: Piece) => Promise<void>,
): Promise<Collected> {
  const collected: Collected = { duplicates: 0, duplicate: undefined };
  const buffers = Array.from({ length: channels }, () => new Float64Array(PIECE_STEPS).fill(NaN));
  let current = -1;
  let start = 0;
  let previous = NaN;
  let used = 0;
  let announced = -1;
  /** Of those that something is known of. */
  const observed = new Set<number>();

  const flush = async (): Promise<void> => {
    if (used === 0) return;
    for (const [channel, buffer] of buffers.entries()) {
      let first = 0;
      while (first < used && Number.isNaN(buffer[first])) first++;
      if (first === used) continue;
      if (channel === 0 && series.statics[current]) observed.add(current);
      let end = used;
      while (Number.isNaN(buffer[end - 1])) end--;
      const piece: Piece = { id: series.ids[current]!, channel, firstStep: start + first, values: buffer.slice(first, end) };
      const statics = series.statics[current];
      if (announced !== current && statics) piece.statics = statics;
      announced = current;
      await emit(piece);
      buffer.fill(NaN, 0, used);
    }
    used = 0;
  };

  for await (const { rows, columns } of sorted) {
    const numbers = columns[0]!;
    const steps = columns[1]!;
    for (let row = 0; row < rows; row++) {
      const no = numbers[row]!;
      const step = steps[row]!;
      if (no !== current || step - start >= PIECE_STEPS) {
        await flush();
        if (no !== current) previous = NaN;
        current = no;
        start = Math.floor(step / PIECE_STEPS) * PIECE_STEPS;
      }
      if (step === previous) {
        collected.duplicates++;
        collected.duplicate ??= { id: series.ids[no]!, step };
      }
      previous = step;
      // Within a piece: a small whole number, declared as one.
      const at = (step - start) | 0;
      for (let channel = 0; channel < channels; channel++) buffers[channel]![at] = columns[2 + channel]![row]!;
      used = at + 1;
    }
  }
  await flush();
  // Series without a value that something is known of keep a place: a piece without values.
  for (const [no, statics] of series.statics.entries())
    if (statics && !observed.has(no) && Object.values(statics).some((value) => value !== null))
      await emit({ id: series.ids[no]!, channel: 0, firstStep: 0, values: new Float64Array(0), statics });
  return collected;
}

export function duplicateError(
  duplicate: { id: string; step: number },
  frequency: Frequency,
  lines: readonly (number | null)[],
): AlmanacError {
  const time = frequency.format(duplicate.step);
  const known = lines.filter((line) => line !== null);
  const where = known.length > 0 ? ` (lines ${known.join(', ')})` : '';
  return new AlmanacError('DUPLICATE_TIMESTAMP', `Series "${duplicate.id}" has more than one row at ${time}${where}.`, {
    hint: 'Name an aggregation (sum, mean, last, count …) to make one value of them, or remove the rows.',
    subject: { series: duplicate.id, time, lines: known },
  });
}
