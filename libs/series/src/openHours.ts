/**
 * Steps of a fixed width that lie on open days of a zone, and in its open hours where there are such: the others are not counted, so that
 * the last step of a Friday is followed by the first of Monday, and the last before closing time by the first of the next day.
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

/** Steps that start from one time of day on until before another, by the zone's clock; over midnight where the first is the later one. */
export interface OpenTimes {
  fromMs: number;
  toMs: number;
}

/** Closed widths: from `from` on, up to `to`, which may be the start of the next run. `removed` ones are closed before it. */
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
    private readonly hours?: OpenTimes,
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

  /** The last run whose key is at most `value`. */
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

  /** False where no further step is closed. */
  private extendLater(): boolean {
    while (this.laterDay < LAST_DAY) {
      const runs = this.closedOn(this.laterDay++);
      for (const { from, to } of runs) {
        const last = this.later.at(-1);
        this.later.push({ from, to, removed: last ? last.removed + last.to - last.from : 0 });
      }
      if (runs.length > 0) return true;
    }
    return false;
  }

  private extendEarlier(): boolean {
    while (this.earlierDay > FIRST_DAY) {
      const runs = this.closedOn(--this.earlierDay);
      for (const { from, to } of runs.reverse())
        this.earlier.push({ from, to, removed: (this.earlier.at(-1)?.removed ?? 0) - (to - from) });
      if (runs.length > 0) return true;
    }
    return false;
  }

  /** What of a civil day is closed, in its order. */
  private closedOn(day: number): Pick<Closed, 'from' | 'to'>[] {
    const { hours } = this;
    const isOpen = this.open.isOpen(day);
    // Centuries of open days may be asked for one that is closed.
    if (isOpen && !hours) return [];
    const [start, end] = [this.widthAt(this.zone.startOfDay(day)), this.widthAt(this.zone.startOfDay(day + 1))];
    if (!isOpen || !hours) return [{ from: start, to: end }];
    const at = (clockMs: number): number => Math.min(end, Math.max(start, this.widthAt(this.zone.instantOf(day * DAY_MS + clockMs))));
    const [from, to] = [at(hours.fromMs), at(hours.toMs)];
    const runs =
      hours.fromMs < hours.toMs
        ? [
            { from: start, to: from },
            { from: to, to: end },
          ]
        : [{ from: to, to: from }];
    return runs.filter((run) => run.from < run.to);
  }

  /** The first width that starts at an instant or after it. */
  private widthAt(epochMs: number): number {
    return Math.ceil((epochMs - this.originMs) / this.widthMs);
  }

  /** Whether an instant is on a closed day, or in a step that starts in closed hours. */
  isClosed(epochMs: number): boolean {
    const { hours } = this;
    const civil = (instant: number): number => instant + this.zone.offsetAt(instant);
    if (!hours) return !this.open.isOpen(Math.floor(civil(epochMs) / DAY_MS));
    const start = civil(Math.floor((epochMs - this.originMs) / this.widthMs) * this.widthMs + this.originMs);
    const day = Math.floor(start / DAY_MS);
    const clock = start - day * DAY_MS;
    const { fromMs, toMs } = hours;
    const isOpen = fromMs < toMs ? clock >= fromMs && clock < toMs : clock >= fromMs || clock < toMs;
    return !isOpen || !this.open.isOpen(day);
  }
}
