/** What is said about data that was read, be it a file or the rows of a request. */
import type { Findings } from '@almanac/contracts';
import { Frequency } from '@almanac/series';
import type { HeadMessage } from './protocol.js';
import type { Tally } from './tally.js';

const LEAST_STEPS = 8;

/** Empty series that are named. */
const NAMED = 100;

export interface Circumstances {
  /** Every series that has a row. */
  named: readonly string[];
  duplicates: number;
  /** That reading took. */
  seconds: number;
  /** The data are all that there is of their series. */
  whole: boolean;
}

export function describe(head: HeadMessage, tally: Tally, { named, duplicates, seconds, whole }: Circumstances): Findings {
  const frequency = Frequency.parse(head.frequency, head.timeZone);
  const instantOf = (step: number | null): string | null => (step === null ? null : new Date(frequency.timeOf(step)).toISOString());
  const future =
    tally.lastStep !== null && frequency.kind !== 'integer' && frequency.timeOf(tally.lastStep - 1) > Date.now()
      ? [`Series "${tally.lastId}" has a value at ${frequency.format(tally.lastStep)}, which lies in the future. Is the time mistyped?`]
      : [];
  const empty = named.filter((id) => !tally.withTarget.has(id));
  const { format, layout, columns, timeZone, rowsRead, rowsRejected, rejections } = head;
  return {
    format,
    layout,
    columns,
    frequency: frequency.label,
    timeZone,
    rowsRead,
    rowsRejected,
    rowsPerSecond: Math.round(rowsRead / seconds),
    series: tally.series,
    observations: tally.observations,
    gaps: tally.gaps,
    filled: tally.filled,
    duplicates,
    negatives: tally.negatives,
    leadingZeros: tally.leadingZeros,
    shortest: tally.shortest,
    tooShort: whole ? { series: tally.tooShort, steps: tally.enough } : null,
    emptySeries: { count: empty.length, ids: empty.slice(0, NAMED) },
    start: instantOf(tally.firstStep),
    end: instantOf(tally.lastStep),
    rejections,
    warnings: [
      ...head.warnings,
      ...future,
      ...gapWarnings(head.frequency, { gaps: tally.gaps, values: tally.observations - tally.filled }),
    ],
  };
}

/** Two seasons, so that one can be held against the other. */
export function enoughSteps({ frequency, timeZone }: Pick<HeadMessage, 'frequency' | 'timeZone'>): number {
  return Math.max(LEAST_STEPS, 2 * (Frequency.parse(frequency, timeZone).seasonLengths()[0] ?? 0));
}

/** More empty steps than full ones: the grid is finer than the data, as it is for months that are dated by their last day. */
export function gapWarnings(frequency: string, { gaps, values }: { gaps: number; values: number }): string[] {
  if (gaps <= values) return [];
  const [empty, full] = [gaps.toLocaleString('en'), values.toLocaleString('en')];
  return [
    `On the grid ${frequency} there are ${empty} empty steps between ${full} values. Is that the frequency? A coarser one needs an aggregation, e.g. last.`,
  ];
}
