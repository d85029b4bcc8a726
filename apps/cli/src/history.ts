/**
 * A CSV of histories as the body of a stateless forecast. Rows without a value after the last observation of a series are
 * its future: they carry the future covariates, and there are as many of them as steps are forecast.
 */
import { explainError, flagAsNumber, type PredictionRequestInput } from '@almanac/contracts';
import { csvOf, parseCsv, readText } from '@almanac/contracts/csv';
import { UsageError } from './connection.js';

export interface HistoryColumns {
  id: string;
  time: string;
  value: string;
  futureCovariates: string[];
}

type Series = Extract<PredictionRequestInput['series'], unknown[]>[number];

function rowsOf(text: string): string[][] {
  try {
    return parseCsv(text);
  } catch (error) {
    throw new UsageError(explainError(error));
  }
}

/** @returns the series, and the steps ahead for which there are covariates */
export function historiesOf(text: string, columns: HistoryColumns): { series: Series[]; ahead: number | undefined } {
  const [head, ...rows] = rowsOf(text);
  const place = (name: string): number => {
    const index = head?.indexOf(name) ?? -1;
    if (index < 0) throw new UsageError(`The file has no column "${name}"; it has ${head?.join(', ') ?? 'none'}.`);
    return index;
  };
  const number = (cell: string, line: number): number | null => {
    if (cell.trim() === '') return null;
    const value = Number(cell);
    if (Number.isNaN(value)) throw new UsageError(`Line ${line} of the file: "${cell}" is no number.`);
    return value;
  };
  const [id, time, value] = [place(columns.id), place(columns.time), place(columns.value)];
  const covariates = columns.futureCovariates.map((name) => ({ name, at: place(name) }));
  const covariate = (cell: string, line: number): number | null => {
    const flag = flagAsNumber(cell);
    return typeof flag === 'number' ? flag : number(cell, line);
  };
  const byId = new Map<string, { ds: string; y: number | null; x: (number | null)[] }[]>();
  rows.forEach((row, i) => {
    const uniqueId = readText(row[id] ?? '');
    const line = i + 2;
    const known = byId.get(uniqueId) ?? [];
    known.push({ ds: row[time] ?? '', y: number(row[value] ?? '', line), x: covariates.map(({ at }) => covariate(row[at] ?? '', line)) });
    byId.set(uniqueId, known);
  });
  let ahead: number | undefined;
  // In the order of names and times, as a dataset has them, however the file is sorted.
  const byName = [...byId].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const series = byName.map(([uniqueId, rows]): Series => {
    const all = inOrderOfTime(rows);
    const until = all.findLastIndex(({ y }) => y !== null) + 1;
    if (covariates.length > 0) ahead = Math.max(ahead ?? 0, all.length - until);
    const past = all.slice(0, until);
    return {
      uniqueId,
      ds: past.map(({ ds }) => (/^-?\d+$/.test(ds) ? Number(ds) : ds)),
      y: past.map(({ y }) => y),
      ...(covariates.length > 0
        ? { futureCovariates: Object.fromEntries(covariates.map(({ name }, k) => [name, all.map(({ x }) => x[k]!)])) }
        : {}),
    };
  });
  // Covariates reach as far as is forecast, whichever series knows less: what it does not know is a hole, and reported.
  for (const one of series)
    for (const values of Object.values(one.futureCovariates ?? {})) while (values.length < one.y.length + (ahead ?? 0)) values.push(null);
  return { series, ahead };
}

/** Times of ISO 8601 and numbers sort as they are; of others it is known only that rows without a value are the future. */
function inOrderOfTime<T extends { ds: string; y: number | null }>(rows: readonly T[]): T[] {
  if (rows.every(({ ds }) => /^-?\d+(\.\d+)?$/.test(ds))) return [...rows].sort((a, b) => Number(a.ds) - Number(b.ds));
  if (rows.every(({ ds }) => /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?)?$/.test(ds)))
    return hasRepeats(rows) ? newestLast(rows) : [...rows].sort((a, b) => (a.ds < b.ds ? -1 : a.ds > b.ds ? 1 : 0));
  return newestLast(rows);
}

/** The hour that a clock shows twice is resolved by the order of its rows. */
const hasRepeats = (rows: readonly { ds: string }[]): boolean => new Set(rows.map(({ ds }) => ds)).size < rows.length;

const newestLast = <T extends { y: number | null }>(rows: readonly T[]): T[] =>
  rows[0]?.y === null && rows.at(-1)?.y !== null ? [...rows].reverse() : [...rows];

/** Columns as CSV, in their order, without a line feed at the end. */
export function toCsv(columns: Record<string, (string | number | null)[]>): string {
  const names = Object.keys(columns);
  const [first = []] = Object.values(columns);
  return csvOf([names, ...first.map((_, i) => names.map((name) => columns[name]?.[i]))]).slice(0, -1);
}
