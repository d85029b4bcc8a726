/**
 * The three kinds of grid behind a frequency code: fixed widths in UTC, units of a zone's calendar, and plain integers.
 *
 * Invariants: a grid maps every integer step to an instant, never decreasing; step 0 of a fixed or calendar grid is the one
 * that 1970-01-01 is in (with its last day, where steps are dated by that), and an integer grid's instant is the integer itself, read as
 * milliseconds.
 */
import { DAY_MS, zoneOf } from './zone.js';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
/** Monday first, as in ISO 8601 and pandas. */
export const WEEKDAYS = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'] as const;
/** 1970-01-01 was a Thursday. */
const EPOCH_WEEKDAY = 3;

export interface Grid {
  readonly code: string;
  readonly kind: 'fixed' | 'calendar' | 'integer';
  /** Steps per season, shortest first. */
  readonly seasonLengths: readonly number[];
  /** Start of a step. */
  timeOf(step: number): number;
  /** Last step that starts at or before an instant. */
  floorStep(epochMs: number): number;
}

/** Steps of `count` units of `unitMs`, counted in UTC from 1970-01-01T00:00Z. */
export function fixedGrid(code: string, widthMs: number): Grid {
  return {
    code,
    kind: 'fixed',
    seasonLengths: [DAY_MS, 7 * DAY_MS].filter((period) => period % widthMs === 0 && period > widthMs).map((period) => period / widthMs),
    timeOf: (step) => step * widthMs,
    floorStep: (epochMs) => Math.floor(epochMs / widthMs),
  };
}

export const integerGrid: Grid = {
  code: '1',
  kind: 'integer',
  seasonLengths: [],
  timeOf: (step) => step,
  floorStep: (epochMs) => Math.floor(epochMs),
};

/** How a calendar unit counts in civil days since 1970-01-01. */
interface Unit {
  seasonLengths: readonly number[];
  firstDay(step: number): number;
  stepOfDay(day: number): number;
}

const daily: Unit = { seasonLengths: [7], firstDay: (step) => step, stepOfDay: (day) => day };

function weekly(weekday: number): Unit {
  const shift = (EPOCH_WEEKDAY - weekday + 7) % 7;
  return { seasonLengths: [52], firstDay: (step) => step * 7 - shift, stepOfDay: (day) => Math.floor((day + shift) / 7) };
}

function monthly(months: number, seasonLengths: readonly number[]): Unit {
  return {
    seasonLengths,
    firstDay: (step) => dayOf(1970, step * months),
    stepOfDay: (day) => {
      const date = new Date(day * DAY_MS);
      return Math.floor(((date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth()) / months);
    },
  };
}

/** The same months, quarters or years, each dated by its last day. A day within one belongs to the step before. */
function byLastDay(unit: Unit): Unit {
  return {
    seasonLengths: unit.seasonLengths,
    firstDay: (step) => unit.firstDay(step + 1) - 1,
    stepOfDay: (day) => unit.stepOfDay(day + 1) - 1,
  };
}

/** The unit of a calendar code, or undefined. */
function unitOf(code: string): Unit | undefined {
  if (code === 'D') return daily;
  if (code === 'ME') return byLastDay(monthly(1, [12]));
  if (code === 'QE') return byLastDay(monthly(3, [4]));
  if (code === 'YE') return byLastDay(monthly(12, []));
  if (code === 'MS') return monthly(1, [12]);
  if (code === 'QS') return monthly(3, [4]);
  if (code === 'YS') return monthly(12, []);
  const weekday = WEEKDAYS.findIndex((name) => code === `W-${name}`);
  return weekday < 0 ? undefined : weekly(weekday);
}

/** A grid of civil days, weeks, months, quarters or years of a zone; undefined for any other code. */
export function calendarGrid(code: string, timeZone: string): Grid | undefined {
  const unit = unitOf(code);
  if (!unit) return undefined;
  const zone = zoneOf(timeZone);
  const timeOf = (step: number): number => zone.startOfDay(unit.firstDay(step));
  const floorStep = (epochMs: number): number => {
    let step = unit.stepOfDay(Math.floor((epochMs + zone.offsetAt(epochMs)) / DAY_MS));
    // Where a clock goes back over midnight, the civil date falls back too; the grid does not.
    while (timeOf(step + 1) <= epochMs) step += 1;
    while (timeOf(step) > epochMs) step -= 1;
    return step;
  };
  return { code, kind: 'calendar', seasonLengths: unit.seasonLengths, timeOf, floorStep };
}

/** The first civil day of a calendar step, as days since 1970-01-01. */
export function civilDayOf(code: string, step: number): number {
  return unitOf(code)!.firstDay(step);
}

function dayOf(year: number, month: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month, 1);
  return date.getTime() / DAY_MS;
}
