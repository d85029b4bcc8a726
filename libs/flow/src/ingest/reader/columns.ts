/**
 * Which column is what. Names are matched exactly, else without regard to case and surrounding space where that leaves
 * one; a column that is missing is named, with the nearest one that is there.
 */
import { AlmanacError } from '@almanac/series';
import type { IngestOptions } from '@almanac/contracts';

export interface Column {
  /** Position in the file, from 0; its SQL name is `c<index>`. */
  index: number;
  name: string;
  type: string;
}

export interface Covariate {
  name: string;
  column: Column;
  /** It is 1 where the column has this text, 0 where it has another or none. */
  value?: string;
}

interface Common {
  time: Column;
  past: Covariate[];
  future: Covariate[];
  statics: Covariate[];
}

/** `id` undefined: one series, named like the dataset. `value` undefined: rows are only counted. */
export type Mapping =
  | ({ layout: 'long'; id: Column | undefined; value: Column | undefined } & Common)
  /** One column per series. */
  | { layout: 'wide'; time: Column; series: Column[] }
  /** One row per series, one column per time. */
  | { layout: 'wide-times'; id: Column; times: Column[] };

/** Months by name before or after a year, as pivot tables write them over their columns, in English and German. */
const MONTH_NAME =
  /^\s*((\d{4}|\d{2})[-/. ]?)?(jan|feb|mar|mär|mrz|apr|may|mai|jun|jul|aug|sep|sept|oct|okt|nov|dec|dez)[a-zä]{0,6}\.?[-/. ]?('?\d{2}|\d{4})?\s*$/i;
const YEAR_NAME = /^\s*(1[89]|20|21)\d\d\s*$/;
const isTimeName = (name: string): boolean => TIME_NAME.test(name) || YEAR_NAME.test(name) || (MONTH_NAME.test(name) && /\d/.test(name));
const TIME_NAME = /^\s*(\d{4}[-/.]?(\d{1,2}|Q[1-4])([-/.]?\d{1,2})?([T ]\d{1,2}(:\d{2}){0,2}.*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})\s*$/i;

/**
 * @param timeParts columns that are the time together
 * @throws AlmanacError COLUMN_MISSING, COLUMN_AMBIGUOUS, OPTIONS_CONFLICT
 */
export function mapColumns(columns: readonly Column[], options: IngestOptions, timeParts: readonly Column[] = []): Mapping {
  const has = (name: string): boolean => lookup(columns, name).length > 0;
  const covariates = options.pastCovariates.length + options.futureCovariates.length + options.staticCovariates.length;
  const transposed = columns.filter(({ name }) => isTimeName(name));
  const isLong =
    options.layout === 'long' ||
    (options.layout === 'auto' &&
      (has(options.idColumn) || has(options.valueColumn)) &&
      !(transposed.length >= 2 && !has(options.timeColumn)));
  if (isLong || (options.layout === 'auto' && !has(options.timeColumn) && transposed.length < 2)) return long(columns, options);
  if (covariates > 0) {
    throw new AlmanacError('OPTIONS_CONFLICT', 'A wide file has no room for covariates.', {
      hint: 'Use the long layout: one row per series and time.',
      subject: { layout: 'wide' },
    });
  }
  if (transposed.length >= 2 && has(options.idColumn))
    return { layout: 'wide-times', id: find(columns, options.idColumn, 'the series'), times: transposed };
  const time = find(columns, options.timeColumn, 'the time');
  const series = columns.filter(
    (column) => column !== time && !timeParts.includes(column) && column.name !== '' && !(column.name === options.idColumn),
  );
  // A file with a time and text columns only is no wide file: the series column was meant and is missing.
  if (series.length === 0 || (options.layout === 'auto' && options.aggregation === 'count')) find(columns, options.idColumn, 'the series');
  return { layout: 'wide', time, series };
}

/** The columns of DeepAR lines have fixed roles. */
export function mapDeepAr(columns: readonly Column[], categories: number): Mapping {
  const named = (from: number, to?: number): Covariate[] => columns.slice(from, to).map((column) => ({ name: column.name, column }));
  return {
    layout: 'long',
    id: columns[0],
    time: columns[1]!,
    value: columns[2],
    past: [],
    future: named(3 + categories),
    statics: named(3, 3 + categories),
  };
}

function long(columns: readonly Column[], options: IngestOptions): Mapping {
  const covariates = (names: readonly string[], role: string): Covariate[] =>
    names.map((name) => ({ name, column: find(columns, name, role) }));
  return {
    layout: 'long',
    id:
      options.idColumn === ''
        ? undefined
        : find(columns, options.idColumn, 'the series', ' Or set idColumn to "" if the file holds one series.'),
    time: find(columns, options.timeColumn, 'the time'),
    value: options.aggregation === 'count' ? undefined : find(columns, options.valueColumn, 'the target'),
    past: covariates(options.pastCovariates, 'a past covariate'),
    future: covariates(options.futureCovariates, 'a future covariate'),
    statics: covariates(options.staticCovariates, 'a static covariate'),
  };
}

export function lookup(columns: readonly Column[], name: string): Column[] {
  const exact = columns.filter((column) => column.name === name);
  return exact.length > 0 || name === '' ? exact : columns.filter((column) => fold(column.name) === fold(name));
}

const fold = (name: string): string => name.trim().toLowerCase();

function find(columns: readonly Column[], name: string, role: string, more = ''): Column {
  const found = lookup(columns, name);
  if (found.length === 1) return found[0]!;
  const present = columns.map((column) => column.name);
  if (found.length > 1) {
    throw new AlmanacError('COLUMN_AMBIGUOUS', `The file has ${found.length} columns called "${name}".`, {
      hint: 'Give each column a name of its own.',
      subject: { column: name, present },
    });
  }
  const nearest = nearestName(name, present);
  const listed = present.length > 20 ? `${present.slice(0, 20).join(', ')} and ${present.length - 20} more` : present.join(', ');
  throw new AlmanacError('COLUMN_MISSING', `The file has no column "${name}" for ${role}. Its columns: ${listed}.`, {
    hint: (nearest === undefined ? 'Name the column to use.' : `Did you mean "${nearest}"?`) + more,
    subject: { column: name, present, nearest: nearest ?? null },
  });
}

/** What people call these columns elsewhere. */
const SYNONYMS: readonly (readonly string[])[] = [
  ['unique_id', 'id', 'item_id', 'series_id', 'series', 'sku', 'store', 'item', 'name'],
  ['ds', 'date', 'timestamp', 'time', 'datetime', 'day', 'month', 'week', 'hour'],
  ['y', 'value', 'target', 'sales', 'demand', 'quantity', 'count', 'volume'],
];

/** The column most like a name: by spelling, else by what is usually called so. */
export function nearestName(name: string, present: readonly string[]): string | undefined {
  const close = present
    .map((candidate) => ({ candidate, distance: editDistance(fold(name), fold(candidate)) }))
    .filter(({ candidate, distance }) => distance <= Math.max(1, Math.floor(Math.min(name.length, candidate.length) / 3)))
    .sort((a, b) => a.distance - b.distance)[0]?.candidate;
  const kin = SYNONYMS.find((names) => names.includes(fold(name))) ?? [];
  return (
    close ??
    kin.flatMap((synonym) => present.filter((candidate) => fold(candidate) === synonym))[0] ??
    present.find((candidate) => kin.some((synonym) => synonym.length > 3 && fold(candidate).includes(synonym)))
  );
}

/** Levenshtein's: insertions, deletions and substitutions. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
