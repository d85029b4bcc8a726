/**
 * Steps of a fixed width that lie on open days of a zone: those on closed days are not counted, so that the last step of
 * a Friday is followed by the first of Monday.
 *
 * Invariants: a width starts on the day on which its first instant is; steps are counted like the widths themselves from
 * 2000-01-01 of the zone on. Closed days are looked up as far as they are asked for.
 */
import type { OpenDays } from './openDays.js';
import { DAY_MS, type Zone } from './zone.js';

/** 2000-01-01. */
const ORIGIN_DAY = 10_957;
/** Years 1 to 4000: nobody asks for more. */
const [FIRST_DAY, LAST_DAY] = [-719_162, 741_082];

/** A run of closed days as widths: from `from` on, up to `to`, which is open again. `removed` ones are closed before it. */
interface Closed {
  from: number;
  to: number;
  removed: number;
}

export class OpenHours {
  /** Away from the origin, in each direction. */
  private readonly later: Closed[] = [];
  private readonly earlier: Closed[] = [];
  private laterDay = ORIGIN_DAY;
  private earlierDay = ORIGIN_DAY;

  constructor(
    private readonly open: OpenDays,
    private readonly zone: Zone,
    private readonly widthMs: number,
    private readonly originMs: number,
  ) {}

  /** The step of a width, or of the last open one before it. */
  stepOf(width: number): number {
    const run = this.lastUntil((closed) => closed.from, width);
    if (!run) return width - this.removedBefore();
    return width < run.to ? run.from - 1 - run.removed : width - run.removed - (run.to - run.from);
  }

  /** The width that is a step. */
  widthOf(step: number): number {
    const run = this.lastUntil((closed) => closed.from - closed.removed, step);
    return run ? step + run.removed + (run.to - run.from) : step + this.removedBefore();
  }

  /** Widths that are counted as closed before the earliest run that is known; none unless days before the origin are closed. */
  private removedBefore(): number {
    return this.earlier.at(-1)?.removed ?? this.later[0]?.removed ?? 0;
  }

  /** The last run of closed days whose key is at most `value`. */
  private lastUntil(key: (closed: Closed) => number, value: number): Closed | undefined {
    while (this.laterDay < LAST_DAY && (this.later.length === 0 || key(this.later.at(-1)!) <= value)) if (!this.extendLater()) break;
    const first = this.later[0];
    if (first && key(first) <= value) {
      let [low, high] = [0, this.later.length];
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (key(this.later[middle]!) <= value) low = middle;
        else high = middle;
      }
      return this.later[low];
    }
    while (this.earlierDay > FIRST_DAY && (this.earlier.length === 0 || key(this.earlier.at(-1)!) > value))
      if (!this.extendEarlier()) break;
    let [low, high] = [-1, this.earlier.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (key(this.earlier[middle]!) <= value) high = middle;
      else low = middle;
    }
    return this.earlier[high];
  }

  /** False where no further day is closed. */
  private extendLater(): boolean {
    let day = this.laterDay;
    while (day < LAST_DAY && this.open.isOpen(day)) day += 1;
    if (day >= LAST_DAY) {
      this.laterDay = LAST_DAY;
      return false;
    }
    let end = day + 1;
    while (end < LAST_DAY && !this.open.isOpen(end)) end += 1;
    const last = this.later.at(-1);
    this.later.push({ from: this.startOf(day), to: this.startOf(end), removed: last ? last.removed + last.to - last.from : 0 });
    this.laterDay = end;
    return true;
  }

  private extendEarlier(): boolean {
    let end = this.earlierDay;
    while (end > FIRST_DAY && this.open.isOpen(end - 1)) end -= 1;
    if (end <= FIRST_DAY) {
      this.earlierDay = FIRST_DAY;
      return false;
    }
    let day = end - 1;
    while (day > FIRST_DAY && !this.open.isOpen(day - 1)) day -= 1;
    const [from, to] = [this.startOf(day), this.startOf(end)];
    this.earlier.push({ from, to, removed: (this.earlier.at(-1)?.removed ?? 0) - (to - from) });
    this.earlierDay = day;
    return true;
  }

  /** The first width that starts on a civil day or after it. */
  private startOf(day: number): number {
    return Math.ceil((this.zone.startOfDay(day) - this.originMs) / this.widthMs);
  }

  /** Whether an instant is on a closed day. */
  isClosed(epochMs: number): boolean {
    return !this.open.isOpen(Math.floor((epochMs + this.zone.offsetAt(epochMs)) / DAY_MS));
  }
}
