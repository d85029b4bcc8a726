/** What is said about data that was read, be it a file or the rows of a request. */
import type { Findings } from '@almanac/contracts';
import { Frequency } from '@almanac/series';
import type { HeadMessage } from './protocol.js';
import type { Tally } from './tally.js';

const LEAST_STEPS = 8;

export interface Circumstances {
  duplicates: number;
  /** That reading took. */
  seconds: number;
  /** The data are all that there is of their series. */
  whole: boolean;
}

export function describe(head: HeadMessage, tally: Tally, { duplicates, seconds, whole }: Circumstances): Findings {
  const frequency = Frequency.parse(head.frequency, head.timeZone);
  const instantOf = (step: number | null): string | null => (step === null ? null : new Date(frequency.timeOf(step)).toISOString());
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
    start: instantOf(tally.firstStep),
    end: instantOf(tally.lastStep),
    rejections,
    warnings: [...head.warnings, ...gapWarnings(head.frequency, { gaps: tally.gaps, values: tally.observations - tally.filled })],
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
