/**
 * Single bad times: rows that lie far from all others (the year 2608, a slip of ten years, a clock that began in 1970), and rows in
 * the future. They are named, and no zeros are filled in between; what the data says honestly (a sparse history, a series that begins
 * years after the others) is left alone.
 *
 * A few rows at either end are far where what separates them from the rest is more than ten times any gap in it, and three years; of a
 * whole file also where it is ten times as long as the rest lasts. A stated range (`from`, `to`) says that its side is meant.
 */
import { type Frequency } from '@almanac/series';
import type { NamedRow, OddTimes } from './protocol.js';
import type { Range } from './range.js';

const YEARS_MS = 3 * 365.25 * 86_400_000;
/** Times of the largest gap within the rest, and of the length of the rest. */
const FAR = 10;
/** So few steps at an end may be far: a hundredth of them, two at least. */
const FEW = 2;
const FEW_SHARE = 0.01;
/** Steps that show what is usual; and how many show how long the data lasts. */
const LEAST = 8;
const LEAST_WHOLE = 30;

/** Steps that stand for three years; plain integers have none. */
export function yearsOf(grid: Frequency): number {
  if (grid.kind === 'integer') return Infinity;
  return grid.floorStep(YEARS_MS) - grid.floorStep(0);
}

/** How many of some ascending steps, from the first and from the last on, lie far from the others. */
export function farEnds(steps: ArrayLike<number>, years: number, whole: boolean): { before: number; after: number } {
  const n = steps.length;
  const few = Math.max(FEW, Math.floor(FEW_SHARE * n));
  if (n - 2 * few < 2) return { before: 0, after: 0 };
  const gap = (at: number): number => steps[at]! - steps[at - 1]!;
  let within = 1;
  for (let at = few + 1; at < n - few; at += 1) within = Math.max(within, gap(at));
  // From the middle on outwards: what is no wider than usual, or no wait of years, belongs to it.
  let [first, last, usual] = [few, n - few, within];
  const isFar = (at: number): boolean => {
    const long = whole && last - first >= LEAST_WHOLE ? FAR * Math.max(1, steps[last - 1]! - steps[first]!) : Infinity;
    return gap(at) > FAR * usual && gap(at) >= Math.min(years, long);
  };
  for (; first > 0 && !isFar(first); first -= 1) usual = Math.max(usual, gap(first));
  for (usual = within; last < n && !isFar(last); last += 1) usual = Math.max(usual, gap(last));
  return last - first < LEAST ? { before: 0, after: 0 } : { before: first, after: n - last };
}

/** No smaller gap can be far: one of ten times the rest takes up ten elevenths of all. */
const leastGap = (span: number, years: number, whole: boolean): number =>
  Math.max(2, Math.min(years, whole ? (FAR / (FAR + 1)) * span : Infinity));

export interface Extents {
  firstSteps: readonly number[];
  lastSteps: readonly number[];
  /** Rows of each; at least one for each step that has any. */
  rows: readonly number[];
}

/**
 * Where a far row can be at all, by first and last steps: of most files nowhere, and nobody has to look at their steps.
 * @param gathered several rows may have one step, so that their number says nothing about gaps
 */
export function maybeFar({ firstSteps, lastSteps, rows }: Extents, years: number, gathered: boolean): { series: number[]; whole: boolean } {
  let [first, last, longest] = [Infinity, -Infinity, 0];
  for (let no = 0; no < firstSteps.length; no += 1) {
    first = Math.min(first, firstSteps[no]!);
    last = Math.max(last, lastSteps[no]!);
    longest = Math.max(longest, lastSteps[no]! - firstSteps[no]!);
  }
  const least = leastGap(last - first, years, true);
  const series: number[] = [];
  let torn = last - first - longest >= least;
  for (let no = 0; no < firstSteps.length; no += 1) {
    const missing = lastSteps[no]! - firstSteps[no]! + 1 - (gathered ? 0 : rows[no]!);
    if (missing >= least - 1) torn = true;
    if (missing >= years - 1) series.push(no);
  }
  return { series, whole: torn };
}

/** The last step that may be known: that of now, and one more for clocks that are ahead. */
export const latestStep = (grid: Frequency, now: number): number => (grid.kind === 'integer' ? Infinity : grid.floorStep(now) + 1);

/**
 * The odd rows of a request, by series and step.
 * @param series its observed steps, ascending
 * @param now by the database's clock
 * @param stored first and last step of the dataset
 */
export function oddSteps(
  series: readonly { id: string; steps: ArrayLike<number> }[],
  grid: Frequency,
  now: Date,
  { from, to }: Range = {},
  stored?: { firstStep: number; lastStep: number },
): OddTimes {
  const years = yearsOf(grid);
  const all = Float64Array.from(new Set(series.flatMap(({ steps }) => Array.from(steps)))).sort();
  const [first, last] = bounds(all, farEnds(all, years, true));
  const few = stored ? Math.max(FEW, Math.floor(FEW_SHARE * (stored.lastStep - stored.firstStep + 1))) : 0;
  const reach = stored && reachOf(all, stored, years);
  const away = (isAway: (step: number) => boolean): boolean => all.filter(isAway).length <= few;
  const before = (step: number): boolean => reach !== undefined && step < reach.first;
  const after = (step: number): boolean => reach !== undefined && step > reach.last;
  const [few1, few2] = [away(before), away(after)];
  const latest = latestStep(grid, now.getTime());
  const [far, future]: [NamedRow[], NamedRow[]] = [[], []];
  for (const { id, steps } of series) {
    const [own, ownLast] = bounds(steps, farEnds(steps, years, false));
    for (const step of Array.from(steps)) {
      const early = step < first || step < own || (few1 && before(step));
      const late = step > last || step > ownLast || (few2 && after(step));
      if ((early && from === undefined) || (late && to === undefined)) far.push({ line: null, id, step });
      if (step > latest && to === undefined) future.push({ line: null, id, step });
    }
  }
  return { far: { count: far.length, rows: far }, future: { count: future.length, rows: future }, ends: [] };
}

/** What is stored, and the new steps that go on from there without a gap that makes one far: on a grid of years three steps make none. */
function reachOf(
  steps: Float64Array,
  { firstStep, lastStep }: { firstStep: number; lastStep: number },
  years: number,
): { first: number; last: number } {
  const goesOn = (gap: number): boolean => gap <= FAR || gap < years;
  let [first, last] = [firstStep, lastStep];
  for (const step of steps) if (step > last && goesOn(step - last)) last = step;
  for (const step of steps.toReversed()) if (step < first && goesOn(first - step)) first = step;
  return { first, last };
}

/** First and last of the steps that are not far. */
const bounds = (steps: ArrayLike<number>, ends: { before: number; after: number }): [number, number] => [
  steps[ends.before] ?? -Infinity,
  steps[steps.length - 1 - ends.after] ?? Infinity,
];
