/**
 * A frequency is a grid: every observation of a dataset falls on an integer step, so a series is an array with a first
 * step. A grid is unit × count × anchor × mask, in a zone, in the words of pandas where it has one:
 *
 * - `ms`, `s`, `min`, `h` and whole multiples (`15min`, `6h`), counted in UTC; `+` shifts them: `6h+3h`, `h+30min`, `15min+7min`
 * - `D`, every so many days (`10D-1970-01-03`), and open weekdays: `B` (Monday to Friday), `D-MON-SAT`, `D-MON,WED,FRI`;
 *   hours have them too: `h-MON-FRI`; and open hours by the zone's clock, until before the second: `h@9-18`, `30min-MON-SAT@8:30-20`
 * - weeks that start on a day: `W-MON` … `W-SUN`, `2W-MON`, `4W-MON-1970-01-12`
 * - months, quarters, years by their first day (`MS`, `QS`, `YS`), last (`ME`, `QE`, `YE`), first or last working day (`BMS`, `BME`, …),
 *   with their months (`QS-MAR`, `QE-FEB`, `YS-APR`, `YE-JUN`, half-years `2QS`) and any day (`MS-15`, `WOM-3FRI`)
 * - `1`, plain integers
 *
 * `+7h` behind a code of days and longer: at that time of the zone's clock. ` closed LABEL:…` behind days and hours: closed on single days.
 *
 * Invariants: fixed widths elapse in UTC, over clock changes too; days and longer follow the calendar of the zone, so
 * that days of 23 and 25 hours are one step. Closed days have no steps. For every instant
 * `timeOf(floorStep(t)) <= t < timeOf(floorStep(t) + 1)`. A code that was stored means what it meant.
 *
 * @example
 * const daily = Frequency.parse('D', 'Europe/Berlin');
 * daily.stepOf(Date.parse('2024-03-31T00:00+01:00')) + 1 === daily.stepOf(Date.parse('2024-04-01T00:00+02:00'));
 */
import { everyDays, everyMonths, openDays } from './days.js';
import { AlmanacError } from './errors.js';
import { calendarGrid, fixedGrid, type Grid, integerGrid, openFixedGrid } from './grid.js';
import { OpenDays, type Weekday, WEEKDAYS } from './openDays.js';
import { seasonsOf } from './seasons.js';
import { codeOf, type Spec, specOf, weekShift } from './spec.js';
import { DAY_MS, zoneOf } from './zone.js';

/** Where a step lies in the calendar of the zone. */
export interface CalendarFields {
  /** 0 – 59 */
  minuteOfHour: number;
  /** 0 – 23 */
  hourOfDay: number;
  /** 0 (Monday) – 6 (Sunday) */
  dayOfWeek: number;
  /** 1 – 31 */
  dayOfMonth: number;
  /** 1 – 366 */
  dayOfYear: number;
  /** 1 – 12 */
  month: number;
}

const EVERY_DAY: readonly boolean[] = new Array<boolean>(7).fill(true);
const made = new Map<string, Frequency>();
const MOST_MADE = 1000;

export class Frequency {
  private constructor(
    private readonly spec: Spec,
    private readonly grid: Grid,
    /** IANA zone of the calendar. */
    readonly timeZone: string,
    /** The canonical code. */
    readonly code: string,
  ) {}

  /**
   * @param code see above; `H`, `1h`, `60min`, `min`, `W`, `QS-DEC` and the like are understood and rewritten to the code they mean
   * @throws AlmanacError FREQUENCY_UNKNOWN, TIME_ZONE_UNKNOWN
   */
  static parse(code: string, timeZone = 'UTC'): Frequency {
    const key = `${timeZone} ${code}`;
    const known = made.get(key);
    if (known) return known;
    zoneOf(timeZone);
    const frequency = Frequency.of(specOf(code), timeZone);
    if (made.size >= MOST_MADE) made.clear();
    made.set(key, frequency);
    return frequency;
  }

  /** @param spec taken as it is: see `Spec` */
  static of(spec: Spec, timeZone = 'UTC'): Frequency {
    // One open weekday makes weeks.
    const weekly = spec.unit === 'day' && !spec.closures && spec.weekdays?.filter(Boolean).length === 1;
    const of: Spec = weekly ? { unit: 'week', count: 1, weekday: spec.weekdays!.indexOf(true), phase: 0, atMs: spec.atMs } : spec;
    return new Frequency(of, gridOf(of, timeZone), timeZone, codeOf(of));
  }

  /** The code as people read it: of a closure calendar the name, not the days. */
  get label(): string {
    return codeOf(this.spec, true);
  }

  /** `fixed` widths in UTC, `calendar` units of the zone, or plain `integer` steps. */
  get kind(): 'fixed' | 'calendar' | 'integer' {
    return this.grid.kind;
  }

  /** Steps are dated by their last day, so that what lies between two of them belongs to the later one. */
  get isByLastDay(): boolean {
    return this.spec.unit === 'month' && (this.spec.rule === 'last' || this.spec.rule === 'lastWorking');
  }

  /** The same months dated by their first day; itself where they are not dated by their last. */
  get byFirstDay(): Frequency {
    if (this.spec.unit !== 'month' || !this.isByLastDay) return this;
    const rule = this.spec.rule === 'last' ? 1 : 'firstWorking';
    return Frequency.of({ ...this.spec, rule, phase: (this.spec.phase + 1) % this.spec.count }, this.timeZone);
  }

  /** Steps start with a day, so that a date says all about them. */
  get isDated(): boolean {
    return this.grid.kind === 'calendar' && this.atMs === 0;
  }

  /** Each step lies within one day, also where the days between two of them are closed. */
  get isWithinDay(): boolean {
    return this.spec.unit === 'fixed' || (this.spec.unit === 'day' && this.spec.count === 1);
  }

  /** Of days and longer: milliseconds from midnight to the time of day at which steps start. */
  get atMs(): number {
    return 'atMs' in this.spec ? this.spec.atMs : 0;
  }

  /** Where steps are as wide as each other: their width and the first instant of step 0, in milliseconds. Else null. */
  get linear(): { widthMs: number; originMs: number } | null {
    if (this.spec.unit === 'integer') return { widthMs: 1, originMs: 0 };
    if (this.spec.unit !== 'fixed' || this.spec.weekdays || this.spec.closures || this.spec.hours) return null;
    return { widthMs: this.spec.widthMs, originMs: this.spec.originMs };
  }

  /** What a fixed width is and where it starts, also where some days are closed. @throws for other kinds */
  get width(): { widthMs: number; originMs: number } {
    if (this.spec.unit !== 'fixed') throw new Error(`${this.code} has no width.`);
    return this.spec;
  }

  /** Times of day between which steps start, in milliseconds from midnight; null where all do. */
  get hours(): { fromMs: number; toMs: number } | null {
    return (this.spec.unit === 'fixed' ? this.spec.hours : undefined) ?? null;
  }

  /** The closure calendar, if there is one: its name and its days, as civil days since 1970-01-01. */
  get closures(): { label: string; days: readonly number[] } | null {
    return ('closures' in this.spec ? this.spec.closures : undefined) ?? null;
  }

  /**
   * The same grid less some weekdays and a closure calendar.
   * @throws AlmanacError CLOSURES_WITHOUT_DAYS for steps longer than a day, ALWAYS_CLOSED where no weekday is left
   */
  closedOn(label: string, days: Iterable<number>, weekdays: readonly Weekday[] = []): Frequency {
    const { spec } = this;
    if (spec.unit !== 'fixed' && !(spec.unit === 'day' && spec.count === 1))
      throw new AlmanacError(
        'CLOSURES_WITHOUT_DAYS',
        `Steps of ${this.code} are no days and no parts of one, so none of them can be closed.`,
        {
          hint: 'Leave the closure calendar out, or name a frequency of a day or less.',
          subject: { frequency: this.code },
        },
      );
    const open = (spec.weekdays ?? EVERY_DAY).map((is, day) => is && !weekdays.includes(WEEKDAYS[day]!));
    if (!open.includes(true))
      throw new AlmanacError('ALWAYS_CLOSED', `With ${weekdays.join(', ')} closed, ${this.code} has no day left.`, {
        hint: 'Leave a day of the week open.',
        subject: { frequency: this.code },
      });
    const { closed } = new OpenDays(open, days);
    const masked = { ...spec, weekdays: open.every(Boolean) ? undefined : open };
    return Frequency.of(closed.length === 0 ? masked : { ...masked, closures: { label, days: closed } }, this.timeZone);
  }

  /** The same grid without its closure calendar. */
  get unclosed(): Frequency {
    return this.closures ? Frequency.of({ ...this.spec, closures: undefined } as Spec, this.timeZone) : this;
  }

  /** The step that holds an instant: the last one that starts at or before it. */
  floorStep(epochMs: number): number {
    return this.grid.floorStep(epochMs);
  }

  /** True where a step starts exactly at the instant. */
  isOnGrid(epochMs: number): boolean {
    return this.grid.timeOf(this.grid.floorStep(epochMs)) === epochMs;
  }

  /** True on a day of the zone that the mask or the closure calendar leaves out, and in closed hours. */
  isClosed(epochMs: number): boolean {
    return this.grid.isClosed(epochMs);
  }

  /** @throws AlmanacError OFF_GRID where no step starts exactly at the instant, CLOSED_DAY where its day has no steps */
  stepOf(epochMs: number): number {
    const step = this.grid.floorStep(epochMs);
    if (this.grid.timeOf(step) === epochMs) return step;
    const subject = { time: isoOf(epochMs), frequency: this.label, timeZone: this.timeZone };
    if (this.grid.isClosed(epochMs))
      throw new AlmanacError(
        'CLOSED_DAY',
        `${isoOf(epochMs)} is on a day${this.hours ? ' or in an hour' : ''} that the grid ${this.label} (${this.timeZone}) is closed on.`,
        {
          hint: `Leave the value out, or give a frequency in which it is open, e.g. ${this.spec.unit === 'fixed' ? 'h' : 'D'}.`,
          subject,
        },
      );
    throw new AlmanacError('OFF_GRID', `${isoOf(epochMs)} is not on the grid ${this.label} (${this.timeZone}).`, {
      hint: `The step before starts at ${isoOf(this.grid.timeOf(step))}. Give a finer frequency, another time zone, or an aggregation.`,
      subject,
    });
  }

  /** The instant at which a step starts, in epoch milliseconds; for plain integers the step itself. */
  timeOf(step: number): number {
    return this.grid.timeOf(step);
  }

  /**
   * Steps per season, shortest first: h [24, 168], 15min [96, 672], D [7], B [5], W [52], 4W [13], MS and ME [12], QS and QE [4]; else [].
   * @param span steps that there are: two years of days and more have a year too, [7, 365]
   */
  seasonLengths(span?: number): number[] {
    return seasonsOf(this.spec, span);
  }

  /** The start of a step as answers give it: an instant of ISO 8601, of plain integers the step itself, which is no date. */
  wire(step: number): string | number {
    return this.grid.kind === 'integer' ? step : new Date(this.grid.timeOf(step)).toISOString();
  }

  /** Calendar position of a step in the zone; of plain integers, all fields are those of the epoch. */
  calendar(step: number): CalendarFields {
    if (this.grid.kind === 'integer') return fieldsOf(0);
    return fieldsOf(this.civil(step));
  }

  /** `2001-06-30T23:00:00Z` for steps within days or at a time of day, `2001-06-30` for days and longer, the number for plain integers. */
  format(step: number): string {
    if (this.grid.kind === 'integer') return String(step);
    if (!this.isDated) return isoOf(this.grid.timeOf(step));
    const iso = isoOf(this.civil(step));
    return iso.slice(0, iso.indexOf('T'));
  }

  /** The zone's clock at the start of a step, written as if it were UTC. */
  private civil(step: number): number {
    if (this.grid.dayOf) return this.grid.dayOf(step) * DAY_MS + this.atMs;
    const time = this.grid.timeOf(step);
    return time + zoneOf(this.timeZone).offsetAt(time);
  }
}

function gridOf(spec: Spec, timeZone: string): Grid {
  if (spec.unit === 'integer') return integerGrid;
  if (spec.unit === 'week') {
    const unit = everyDays(7 * spec.count, 7 * spec.phase - weekShift(spec.weekday));
    return calendarGrid(unit, spec.atMs, undefined, timeZone);
  }
  if (spec.unit === 'month') return calendarGrid(everyMonths(spec.count, spec.phase, spec.rule), spec.atMs, undefined, timeZone);
  const masked = spec.weekdays ?? spec.closures ?? ('hours' in spec ? spec.hours : undefined);
  const open = masked ? new OpenDays(spec.weekdays ?? EVERY_DAY, spec.closures?.days) : undefined;
  if (spec.unit === 'day') return calendarGrid(open ? openDays(open) : everyDays(spec.count, spec.phase), spec.atMs, open, timeZone);
  return open ? openFixedGrid(spec.widthMs, spec.originMs, open, timeZone, spec.hours) : fixedGrid(spec.widthMs, spec.originMs);
}

function fieldsOf(civilMs: number): CalendarFields {
  const date = new Date(civilMs);
  const newYear = new Date(0).setUTCFullYear(date.getUTCFullYear(), 0, 1);
  return {
    minuteOfHour: date.getUTCMinutes(),
    hourOfDay: date.getUTCHours(),
    dayOfWeek: (date.getUTCDay() + 6) % 7,
    dayOfMonth: date.getUTCDate(),
    dayOfYear: Math.floor((civilMs - newYear) / DAY_MS) + 1,
    month: date.getUTCMonth() + 1,
  };
}

function isoOf(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('.000Z', 'Z');
}
