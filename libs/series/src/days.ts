/**
 * How steps of a day and longer count in civil days since 1970-01-01: days, weeks, and months with the day of the month
 * that dates them.
 *
 * Invariants: `firstDay` increases with the step, and `stepOfDay(d)` is the last step whose first day is not after d.
 */
import { type OpenDays, weekdayOf } from './openDays.js';
import { DAY_MS } from './zone.js';

export interface DayUnit {
  firstDay(step: number): number;
  stepOfDay(day: number): number;
}

/** Which day of its month dates a step; a number beyond the end of a month is its last day. */
export type DayRule = number | 'last' | 'firstWorking' | 'lastWorking' | { nth: number | 'last'; weekday: number };

/** Every so many days; `phase` is the civil day of step 0. */
export function everyDays(count: number, phase: number): DayUnit {
  return { firstDay: (step) => step * count + phase, stepOfDay: (day) => Math.floor((day - phase) / count) };
}

export function openDays(open: OpenDays): DayUnit {
  return { firstDay: (step) => open.day(step), stepOfDay: (day) => open.index(day) };
}

/** Every so many months; `phase` is the month of step 0, counted from January 1970. */
export function everyMonths(count: number, phase: number, rule: DayRule): DayUnit {
  return {
    firstDay: (step) => dayInMonth(step * count + phase, rule),
    stepOfDay: (day) => {
      const month = monthOf(day);
      return Math.floor(((day < dayInMonth(month, rule) ? month - 1 : month) - phase) / count);
    },
  };
}

/** Months from January 1970 to the one that a civil day is in. */
export function monthOf(day: number): number {
  const date = new Date(day * DAY_MS);
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
}

/** The civil day that a rule names in a month. */
export function dayInMonth(month: number, rule: DayRule): number {
  const first = firstOfMonth(month);
  if (typeof rule === 'number') return rule <= 28 ? first + rule - 1 : Math.min(first + rule, firstOfMonth(month + 1)) - 1;
  if (rule === 'firstWorking') return first + [0, 0, 0, 0, 0, 2, 1][weekdayOf(first)]!;
  const last = firstOfMonth(month + 1) - 1;
  if (rule === 'last') return last;
  if (rule === 'lastWorking') return last - [0, 0, 0, 0, 0, 1, 2][weekdayOf(last)]!;
  if (rule.nth === 'last') return last - ((weekdayOf(last) - rule.weekday + 7) % 7);
  return first + ((rule.weekday - weekdayOf(first) + 7) % 7) + 7 * (rule.nth - 1);
}

function firstOfMonth(month: number): number {
  const date = new Date(0);
  date.setUTCFullYear(1970, month, 1);
  return date.getTime() / DAY_MS;
}
