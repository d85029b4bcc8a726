/**
 * A frequency is a grid: every observation of a dataset falls on an integer step, so a series is an array with a first
 * step. Codes: `15min` (any whole minutes), `h`, `6h` (any whole hours), `D`, `W-MON` … `W-SUN` (weeks that start on
 * that day), `MS`, `QS`, `YS` (months, quarters, years by their first day), `ME`, `QE`, `YE` (by their last day), and `1`
 * (plain integers).
 *
 * Invariants: sub-daily grids run in UTC and ignore the zone; daily and coarser grids follow the calendar of the zone,
 * so that days of 23 and 25 hours are one step. For every instant `timeOf(floorStep(t)) <= t < timeOf(floorStep(t) + 1)`.
 *
 * @example
 * const daily = Frequency.parse('D', 'Europe/Berlin');
 * daily.stepOf(Date.parse('2024-03-31T00:00+01:00')) + 1 === daily.stepOf(Date.parse('2024-04-01T00:00+02:00'));
 */
import { AlmanacError } from './errors.js';
import { calendarGrid, civilDayOf, fixedGrid, integerGrid, type Grid, HOUR_MS, MINUTE_MS } from './grid.js';
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

export class Frequency {
  private constructor(
    private readonly grid: Grid,
    /** IANA zone of the calendar. */
    readonly timeZone: string,
  ) {}

  /**
   * @param code see above; `H`, `1h`, `60min`, `min` and `W` are understood and rewritten to the code they mean
   * @throws AlmanacError FREQUENCY_UNKNOWN, TIME_ZONE_UNKNOWN
   */
  static parse(code: string, timeZone = 'UTC'): Frequency {
    zoneOf(timeZone);
    const grid = code === '1' ? integerGrid : (fixed(code) ?? calendarGrid(code === 'W' ? 'W-SUN' : code, timeZone));
    if (grid) return new Frequency(grid, timeZone);
    throw new AlmanacError('FREQUENCY_UNKNOWN', `The frequency "${code}" is not known.`, {
      hint: 'Use minutes (15min), hours (h, 6h), D, W-MON to W-SUN, MS, QS, YS (dated by the first day), ME, QE, YE (by the last day), or 1 for plain integers.',
      subject: { frequency: code },
    });
  }

  /** The canonical code. */
  get code(): string {
    return this.grid.code;
  }

  /** `fixed` widths in UTC, `calendar` units of the zone, or plain `integer` steps. */
  get kind(): 'fixed' | 'calendar' | 'integer' {
    return this.grid.kind;
  }

  /** Steps are dated by their last day, so that what lies between two of them belongs to the later one. */
  get isByLastDay(): boolean {
    return /^[MQY]E$/.test(this.grid.code);
  }

  /** The step that holds an instant: the last one that starts at or before it. */
  floorStep(epochMs: number): number {
    return this.grid.floorStep(epochMs);
  }

  /** True where a step starts exactly at the instant. */
  isOnGrid(epochMs: number): boolean {
    return this.grid.timeOf(this.grid.floorStep(epochMs)) === epochMs;
  }

  /** @throws AlmanacError OFF_GRID where no step starts exactly at the instant */
  stepOf(epochMs: number): number {
    const step = this.grid.floorStep(epochMs);
    if (this.grid.timeOf(step) === epochMs) return step;
    throw new AlmanacError('OFF_GRID', `${isoOf(epochMs)} is not on the grid ${this.code} (${this.timeZone}).`, {
      hint: `The step before starts at ${isoOf(this.grid.timeOf(step))}. Give a finer frequency, another time zone, or an aggregation.`,
      subject: { time: isoOf(epochMs), frequency: this.code, timeZone: this.timeZone },
    });
  }

  /** The instant at which a step starts, in epoch milliseconds; for plain integers the step itself. */
  timeOf(step: number): number {
    return this.grid.timeOf(step);
  }

  /** Steps per season, shortest first: h [24, 168], 15min [96, 672], D [7], W [52], MS and ME [12], QS and QE [4]; else []. */
  seasonLengths(): number[] {
    return [...this.grid.seasonLengths];
  }

  /** Calendar position of a step in the zone; of plain integers, all fields are those of the epoch. */
  calendar(step: number): CalendarFields {
    if (this.grid.kind === 'integer') return fieldsOf(0);
    return fieldsOf(this.civil(step));
  }

  /** `2001-06-30T23:00:00Z` for sub-daily steps, `2001-06-30` for daily and coarser ones, the number for plain integers. */
  format(step: number): string {
    if (this.grid.kind === 'integer') return String(step);
    const iso = isoOf(this.grid.kind === 'calendar' ? this.civil(step) : this.grid.timeOf(step));
    return this.grid.kind === 'calendar' ? iso.slice(0, iso.indexOf('T')) : iso;
  }

  /** The zone's clock at the start of a step, written as if it were UTC. */
  private civil(step: number): number {
    if (this.grid.kind === 'calendar') return civilDayOf(this.code, step) * DAY_MS;
    const time = this.grid.timeOf(step);
    return time + zoneOf(this.timeZone).offsetAt(time);
  }
}

function fixed(code: string): Grid | undefined {
  const match = /^([1-9]\d{0,5})?(min|h|H)$/.exec(code);
  if (!match) return undefined;
  const minutes = Number(match[1] ?? 1) * (match[2] === 'min' ? 1 : 60);
  const hours = minutes / 60;
  if (!Number.isInteger(hours)) return fixedGrid(`${minutes}min`, minutes * MINUTE_MS);
  return fixedGrid(hours === 1 ? 'h' : `${hours}h`, hours * HOUR_MS);
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
