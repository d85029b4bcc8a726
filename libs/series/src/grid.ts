/**
 * The kinds of grid behind a frequency code: fixed widths in UTC, units of a zone's calendar, and plain integers.
 *
 * Invariants: a grid maps every integer step to an instant, never decreasing; step 0 of a fixed or calendar grid is near
 * 1970-01-01, and an integer grid's instant is the integer itself, read as milliseconds. What a mask closes has no step.
 */
import { type DayUnit } from './days.js';
import { type OpenDays } from './openDays.js';
import { OpenHours, type OpenTimes } from './openHours.js';
import { DAY_MS, zoneOf } from './zone.js';

export const SECOND_MS = 1000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;

export interface Grid {
  readonly kind: 'fixed' | 'calendar' | 'integer';
  /** Start of a step. */
  timeOf(step: number): number;
  /** Last step that starts at or before an instant. */
  floorStep(epochMs: number): number;
  /** Whether an instant is on a day that has no steps. */
  isClosed(epochMs: number): boolean;
  /** The civil day of a step; of calendar grids only. */
  dayOf?(step: number): number;
}

const never = (): boolean => false;

/** Steps of a width, counted in UTC from `originMs` on. */
export function fixedGrid(widthMs: number, originMs: number): Grid {
  return {
    kind: 'fixed',
    timeOf: (step) => step * widthMs + originMs,
    floorStep: (epochMs) => Math.floor((epochMs - originMs) / widthMs),
    isClosed: never,
  };
}

/** The same on the open days of a zone, and in its open hours where there are such. */
export function openFixedGrid(widthMs: number, originMs: number, open: OpenDays, timeZone: string, times?: OpenTimes): Grid {
  const hours = new OpenHours(open, zoneOf(timeZone), widthMs, originMs, times);
  return {
    kind: 'fixed',
    timeOf: (step) => hours.widthOf(step) * widthMs + originMs,
    floorStep: (epochMs) => hours.stepOf(Math.floor((epochMs - originMs) / widthMs)),
    isClosed: (epochMs) => hours.isClosed(epochMs),
  };
}

export const integerGrid: Grid = {
  kind: 'integer',
  timeOf: (step) => step,
  floorStep: (epochMs) => Math.floor(epochMs),
  isClosed: never,
};

/** Steps that start at a time of day of a zone's clock. */
export function calendarGrid(unit: DayUnit, atMs: number, open: OpenDays | undefined, timeZone: string): Grid {
  const zone = zoneOf(timeZone);
  const timeOf = (step: number): number => zone.instantOf(unit.firstDay(step) * DAY_MS + atMs);
  const dayOf = (epochMs: number): number => Math.floor((epochMs + zone.offsetAt(epochMs)) / DAY_MS);
  return {
    kind: 'calendar',
    timeOf,
    floorStep: (epochMs) => {
      let step = unit.stepOfDay(Math.floor((epochMs + zone.offsetAt(epochMs) - atMs) / DAY_MS));
      // Where a clock goes back over the time, the civil date falls back too; the grid does not.
      while (timeOf(step + 1) <= epochMs) step += 1;
      while (timeOf(step) > epochMs) step -= 1;
      return step;
    },
    isClosed: open ? (epochMs) => !open.isOpen(dayOf(epochMs)) : never,
    dayOf: unit.firstDay,
  };
}
