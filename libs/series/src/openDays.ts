/**
 * The days that a grid counts: weekdays that are open, less single days that are closed. Days are civil days since
 * 1970-01-01; the n-th open day is counted from it, whatever zone they are days of.
 *
 * Invariants: `day(index(d)) === d` for every open day d, and `index` never decreases; a closed day has the index of the
 * open day before it.
 */

/** Monday first, as in ISO 8601 and pandas. */
export const WEEKDAYS = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'] as const;
export type Weekday = (typeof WEEKDAYS)[number];
/** 1970-01-01 was a Thursday. */
const EPOCH_WEEKDAY = 3;

/** 0 (Monday) – 6 (Sunday) of a civil day. */
export const weekdayOf = (day: number): number => (((day + EPOCH_WEEKDAY) % 7) + 7) % 7;

export class OpenDays {
  /** Closed days that are no closed weekdays, ascending. */
  readonly closed: readonly number[];
  /** Of the weekdays that are open, how many lie before each weekday, in the order in which they follow the epoch's. */
  private readonly before: readonly number[];
  /** Days after the epoch's weekday of the open ones. */
  private readonly offsets: readonly number[];
  private readonly closedBeforeEpoch: number;

  /**
   * @param weekdays open, Monday first; at least one
   * @param closed civil days in any order
   */
  constructor(
    readonly weekdays: readonly boolean[],
    closed: Iterable<number> = [],
  ) {
    this.offsets = [0, 1, 2, 3, 4, 5, 6].filter((offset) => weekdays[weekdayOf(offset)]);
    this.before = [0, 1, 2, 3, 4, 5, 6].map((offset) => this.offsets.filter((open) => open < offset).length);
    this.closed = [...new Set(closed)].filter((day) => weekdays[weekdayOf(day)]).sort((a, b) => a - b);
    this.closedBeforeEpoch = lowerBound(this.closed, 0);
  }

  /** Open days of a week without closures. */
  get perWeek(): number {
    return this.offsets.length;
  }

  isOpen(day: number): boolean {
    return this.weekdays[weekdayOf(day)]! && this.closed[lowerBound(this.closed, day)] !== day;
  }

  /** Of the open days, counted from 1970-01-01, the last one that is not after `day`. */
  index(day: number): number {
    return this.weekdaysBefore(day + 1) - this.closedBefore(day + 1) - 1;
  }

  /** The n-th open day. */
  day(index: number): number {
    // From below, each round adds the closed days that were found on the way; it ends at the first day that needs no more.
    let nth = index - this.closedBeforeEpoch;
    for (;;) {
      const day = this.nthWeekday(nth);
      const more = index + this.closedBefore(day + 1);
      if (more === nth) return day;
      nth = more;
    }
  }

  private nthWeekday(nth: number): number {
    const week = Math.floor(nth / this.offsets.length);
    return week * 7 + this.offsets[nth - week * this.offsets.length]!;
  }

  private weekdaysBefore(day: number): number {
    const week = Math.floor(day / 7);
    return week * this.offsets.length + this.before[day - week * 7]!;
  }

  private closedBefore(day: number): number {
    return this.closed.length === 0 ? 0 : lowerBound(this.closed, day) - this.closedBeforeEpoch;
  }
}

/** Items of an ascending list that are less than `value`. */
export function lowerBound(items: readonly number[], value: number): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
