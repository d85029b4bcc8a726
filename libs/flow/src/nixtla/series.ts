/**
 * The flat arrays of the SDK, taken apart into series, and windows of them as series of a prediction.
 * Invariant: a window shows a forecaster what lies before its first step, and nothing else; its name says which rows of the request its
 * forecasts belong to, so that an answer is put together from the answer alone.
 */
import { type InlineSeries } from '../predict/inline.js';
import { AlmanacError } from '@almanac/series';

interface Given {
  y: readonly (number | null)[];
  sizes: readonly number[];
  start_datetime?: readonly string[] | null | undefined;
  X?: readonly (readonly unknown[])[] | null | undefined;
  X_future?: readonly (readonly unknown[])[] | null | undefined;
}

/** A series of the request; ids stay with the client, which sorts by them. */
export interface SentSeries {
  /** From 1, as a person counts. */
  no: number;
  /** Row of its first value. */
  row: number;
  y: (number | null)[];
  start: string | undefined;
}

/** Steps of a series that are to be forecast from what lies before them. */
export interface Window {
  series: SentSeries;
  /** Place in the series of the first step; its length for the future. */
  from: number;
  take: number;
}

const shape = (message: string): AlmanacError =>
  new AlmanacError('SERIES_SHAPE', message, { hint: 'Send `y` as one array, and in `sizes` how many of its values each series has.' });

/** @throws AlmanacError SERIES_SHAPE, TIME_ZONE_MIXED */
export function seriesOf({ y, sizes, start_datetime: starts, X, X_future }: Given, h: number): SentSeries[] {
  const rows = sizes.reduce((sum, size) => sum + size, 0);
  if (rows !== y.length) throw shape(`\`sizes\` add up to ${rows} values, and \`y\` has ${y.length}.`);
  if (starts && starts.length !== sizes.length)
    throw shape(`There are ${sizes.length} series and ${starts.length} times in start_datetime.`);
  for (const [i, row] of (X ?? []).entries())
    if (row.length !== rows) throw shape(`Row ${i} of \`X\` has ${row.length} values, where \`y\` has ${rows}.`);
  for (const [i, row] of (X_future ?? []).entries())
    if (row.length !== h * sizes.length)
      throw shape(`Row ${i} of \`X_future\` has ${row.length} values; ${sizes.length} series need ${h} each.`);
  const offsets = new Set((starts ?? []).map((start) => OFFSET.exec(start)?.[0] ?? ''));
  if (offsets.size > 1)
    throw new AlmanacError('TIME_ZONE_MIXED', `Series begin at several offsets from UTC: ${[...offsets].slice(0, 3).join(', ')}.`, {
      hint: 'Bring the times to one zone.',
    });
  let row = 0;
  return sizes.map((size, i) => {
    const one = { no: i + 1, row, y: y.slice(row, row + size), start: starts ? localTime(starts[i]!) : undefined };
    row += size;
    return one;
  });
}

const OFFSET = /(?<=T.*)(Z|[+-]\d\d:?\d\d)$/;
/** As a clock of the zone shows it: the SDK sends offsets of zones only that never change theirs. Hours have no minutes in numpy. */
const localTime = (text: string): string => text.replace(OFFSET, '').replace(/T(\d\d)$/, 'T$1:00');

/** Steps at the end of what a window shows that have no value: a forecast begins after the last one that has. */
export function missingBefore({ series, from }: Window): number {
  let missing = 0;
  while (missing < from && series.y[from - 1 - missing] === null) missing += 1;
  return missing;
}

/** @throws AlmanacError SERIES_EMPTY */
export function asInline(window: Window): InlineSeries {
  const { series, from } = window;
  const missing = missingBefore(window);
  if (missing === from)
    throw new AlmanacError('SERIES_EMPTY', `${nameOf(series)} has no value before the first step that is to be forecast.`, {
      hint: 'Leave the series out, or ask for fewer windows. Series are counted by the order of their ids.',
      subject: { series: series.no },
    });
  return { uniqueId: idOf(window), y: series.y.slice(0, from - missing), start: series.start ?? 0 };
}

export const nameOf = ({ no }: SentSeries): string => `Series no. ${no}`;

const idOf = (window: Window): string =>
  `no. ${window.series.no}, ${window.take} steps from row ${window.series.row + window.from}, ${missingBefore(window)} missing before`;

/** What `idOf` wrote. */
export function placeOf(id: string): { no: number; row: number; take: number; missing: number } | undefined {
  const [, no, take, row, missing] = /^no\. (\d+), (\d+) steps from row (\d+), (\d+) missing before$/.exec(id) ?? [];
  return no === undefined ? undefined : { no: Number(no), take: Number(take), row: Number(row), missing: Number(missing) };
}

/** The last `n` windows of `h` steps. @throws AlmanacError SERIES_TOO_SHORT */
export function lastWindows(all: readonly SentSeries[], h: number, n: number, stepSize: number): Window[][] {
  const tail = h + stepSize * (n - 1);
  for (const one of all)
    if (one.y.length <= tail)
      throw new AlmanacError(
        'SERIES_TOO_SHORT',
        `${nameOf(one)} has ${one.y.length} values; ${n} windows of ${h} steps, ${stepSize} apart, need more than ${tail}.`,
        {
          hint: 'Ask for fewer windows or steps, or leave it out. Series are counted by the order of their ids.',
          subject: { series: one.no },
        },
      );
  return Array.from({ length: n }, (_, w) => all.map((series) => ({ series, from: series.y.length - tail + w * stepSize, take: h })));
}

/** A window may show no less. */
const LEAST = 3;

/** All of a history that can be forecast, `season` steps at a time, once two seasons were seen. @throws AlmanacError SERIES_TOO_SHORT */
export function historyWindows(all: readonly SentSeries[], season: number): Window[] {
  return all.flatMap((series) => {
    const { length } = series.y;
    if (length <= LEAST)
      throw new AlmanacError(
        'SERIES_TOO_SHORT',
        `${nameOf(series)} has ${length} values; the history of more than ${LEAST} can be forecast.`,
        {
          hint: 'Leave it out. Series are counted by the order of their ids.',
          subject: { series: series.no },
        },
      );
    const known = series.y.findIndex((value) => value !== null);
    const first = Math.min(Math.max(LEAST, 2 * season, known + LEAST), length - 1);
    const windows: Window[] = [];
    for (let from = first; from < length; from += season) windows.push({ series, from, take: Math.min(season, length - from) });
    return windows;
  });
}
