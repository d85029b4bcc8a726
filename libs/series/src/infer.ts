/**
 * Which grid were timestamps made on? The rule, in one sentence: the coarsest grid on which nine rows in ten fall, shifted
 * to where most of them fall, less the weekdays on which there is next to none.
 *
 * Invariants: nothing is rounded. What falls off the grid is counted, and left to the caller to name; a few such rows never
 * make the grid finer. A rhythm that calendars do not have (every 5 hours, every 10 days) needs neighbours that show it.
 */
import { type DayRule, dayInMonth, monthOf } from './days.js';
import { AlmanacError } from './errors.js';
import { Frequency } from './frequency.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from './grid.js';
import { weekdayOf } from './openDays.js';
import type { OpenTimes } from './openHours.js';
import { readSpec, type Spec, weekShift } from './spec.js';
import { DAY_MS, type Zone, zoneOf } from './zone.js';

/** Share of the rows that make a rhythm. */
const MOST = 0.9;
/** Share of neighbours that have to show a rhythm that no calendar has. */
const REGULAR = 0.5;
/** A weekday is closed where it has less than this share of what open ones have. */
const NEXT_TO_NONE = 0.15;
/** Open weekdays are mostly there. */
const MOSTLY_OPEN = 0.6;
/** Days of opening hours that show them, and the share of the days on which each of their steps is. */
const FEWEST_DAYS = 14;
const MOSTLY_SEEN = 0.6;
/** Steps that are closed each day; one that is missing every night is a maintenance window. */
const LEAST_CLOSED = 3;
/** Days further apart say nothing about weekdays. */
const LOOSE_DAYS = 14;

const HOURS = [12, 8, 6, 4, 3, 2, 1].map((hours) => hours * HOUR_MS);
const MINUTES = [30, 20, 15, 12, 10, 6, 5, 4, 3, 2, 1].map((minutes) => minutes * MINUTE_MS);
const SECONDS = [30, 20, 15, 12, 10, 6, 5, 4, 3, 2, 1].map((seconds) => seconds * SECOND_MS);
const MILLISECONDS = [500, 250, 200, 100, 50, 40, 25, 20, 10, 5, 4, 2, 1];

/** A timestamp and how many rows have it. */
export type Counted = readonly [epochMs: number, rows: number];

export interface Rhythm {
  frequency: Frequency;
  rows: number;
  /** Rows that are not on it. */
  off: number;
}

/** @throws AlmanacError FREQUENCY_NOT_INFERRED for fewer than two distinct timestamps, or none of the known grids */
export function inferFrequency(epochMs: Iterable<number>, timeZone = 'UTC'): Frequency {
  return findRhythm(counted(epochMs), timeZone).frequency;
}

/** Timestamps in any order, duplicates with their number. */
export function counted(epochMs: Iterable<number>): Counted[] {
  const rows = new Map<number, number>();
  for (const time of epochMs) rows.set(time, (rows.get(time) ?? 0) + 1);
  return [...rows];
}

/**
 * @param times distinct, in any order
 * @param timeZone zone in which days start
 * @throws AlmanacError FREQUENCY_NOT_INFERRED
 */
export function findRhythm(times: readonly Counted[], timeZone = 'UTC'): Rhythm {
  if (times.length < 2) throw notInferred('at least two distinct timestamps are needed', timeZone);
  const sorted = [...times].sort((a, b) => a[0] - b[0]);
  const zone = zoneOf(timeZone);
  const clock = mode(sorted.map(([time, rows]) => [clockOf(time, zone), rows]));
  if (clock.share < MOST || clock.value !== 0) refuseOtherMidnights(sorted, timeZone);
  const spec = clock.share >= MOST ? daysOrLonger(sorted, clock.value, zone) : fixed(sorted, zone);
  if (!spec) throw notInferred('they are not regularly apart, and not on whole minutes', timeZone, hintFor(sorted));
  return fit(Frequency.of(spec, timeZone), sorted);
}

/**
 * The grid that a code means for these timestamps: what the code leaves open (`M`: first or last day; `4W-MON`: which weeks;
 * `6h`: from when) is decided by where nine in ten of them fall. Events, which are to be gathered, keep a code to its own
 * meaning otherwise: days and hours by the clock (in zones off the hour that of the zone), several days or weeks from the first event on.
 * @throws AlmanacError FREQUENCY_UNKNOWN, TIME_ZONE_UNKNOWN
 */
export function readFrequency(code: string, times: readonly Counted[], timeZone = 'UTC', rows: 'steps' | 'events' = 'steps'): Frequency {
  const zone = zoneOf(timeZone);
  const variants = variantsOf(code, times, zone);
  if (variants.length === 0) return Frequency.parse(code, timeZone);
  const fits = variants
    .filter((spec) => rows === 'steps' || keepsClock(spec, variants[0]!))
    .map((spec) => fit(Frequency.of(spec, timeZone), times));
  const best = fits.reduce((least, each) => (each.off < least.off ? each : least));
  if (times.length > 0 && best.off <= (1 - MOST) * best.rows) return best.frequency;
  const days = /^\d+[Dd]$/.exec(code);
  if (rows === 'events' && days && times.length > 0) {
    const first = dayOf(earliest(times), zone);
    return Frequency.parse(`${code}-${new Date(first * DAY_MS).toISOString().slice(0, 10)}`, timeZone);
  }
  return Frequency.of(rows === 'events' ? fromFirst(variants[0]!, times, zone) : variants[0]!, timeZone);
}

function keepsClock(spec: Spec, usual: Spec): boolean {
  if (spec.unit === 'fixed') return spec === usual;
  return spec.unit === 'integer' || spec.atMs === (usual as { atMs: number }).atMs;
}

const earliest = (times: readonly Counted[]): number => times.reduce((least, [time]) => Math.min(least, time), Infinity);

function fromFirst(spec: Spec, times: readonly Counted[], zone: Zone): Spec {
  const first = earliest(times);
  if (first === Infinity) return spec;
  if (spec.unit === 'fixed') {
    const offset = zone.offsetAt(first);
    return offset % HOUR_MS === 0 ? spec : { ...spec, originMs: mod(-offset, spec.widthMs) };
  }
  const day = dayOf(first, zone);
  if (spec.unit === 'day') return { ...spec, phase: mod(day, spec.count) };
  return spec.unit === 'week' ? { ...spec, phase: mod(Math.floor((day + weekShift(spec.weekday)) / 7), spec.count) } : spec;
}

/** Whether a code means a grid, or with timestamps would. @throws AlmanacError FREQUENCY_UNKNOWN, TIME_ZONE_UNKNOWN */
export function checkFrequency(code: string, timeZone = 'UTC'): void {
  if (variantsOf(code, [], zoneOf(timeZone)).length === 0) Frequency.parse(code, timeZone);
}

/** True where a grid is one of those that a code can mean. */
export function canMean(code: string, frequency: Frequency): boolean {
  if (code === frequency.code || code === frequency.label) return true;
  const zone = zoneOf(frequency.timeZone);
  const near: Counted[] = [0, 1, 2, 3, 4, 5].map((step) => [frequency.unclosed.timeOf(step), 1]);
  const base = frequency.unclosed.code;
  return variantsOf(code, near, zone).some((spec) => Frequency.of(spec, frequency.timeZone).code === base);
}

/** Grids that a code can mean, the one that it means by itself first; none where it leaves nothing open. */
function variantsOf(code: string, times: readonly Counted[], zone: Zone): Spec[] {
  const loose = /^(\d*)(B?)([MQYA])(?:-([A-Z]{3}))?$/.exec(code);
  if (loose) {
    const [, count = '', working = '', letter, month] = loose;
    const anchor = month === undefined ? '' : `-${month}`;
    const codes = ['S', 'E'].map((side) => `${count}${working}${letter === 'A' ? 'Y' : letter}${side}${anchor}`);
    return codes.flatMap((each) => shifted(readSpec(each), month === undefined, times, zone));
  }
  if (/\+| closed |-\d{4}/.test(code)) return [];
  const days = /^(\d+)[Dd]$/.exec(code);
  // Of whole weeks the weekday is open as well.
  if (days && times.length > 0 && Number(days[1]) > 1) return everyDaysOf(Number(days[1]), times, zone);
  const spec = readSpec(code);
  const anchored = spec?.unit === 'month' && /-[A-Z]{3}/.test(code);
  const variants = shifted(spec, !anchored, times, zone);
  return variants.length < 2 ? [] : variants;
}

/** Every so many days, from 1970-01-01 on or from where most timestamps fall. */
function everyDaysOf(count: number, times: readonly Counted[], zone: Zone): Spec[] {
  const { value } = mode(times.map(([time, rows]) => [mod(dayOf(time, zone), count), rows]));
  const from = readSpec(`${count}D-${new Date(value * DAY_MS).toISOString().slice(0, 10)}`)!;
  return [readSpec(`${count}D`)!, from, ...shifted(from, true, times, zone).slice(1)];
}

/** The spec, and the same from where most timestamps fall. */
function shifted(spec: Spec | undefined, free: boolean, times: readonly Counted[], zone: Zone): Spec[] {
  if (!spec || spec.unit === 'integer') return spec ? [spec] : [];
  if (times.length === 0 || !free) return [spec];
  const most = (of: (time: number) => number): number => mode(times.map(([time, rows]) => [of(time), rows])).value;
  if (spec.unit === 'fixed') return [spec, { ...spec, originMs: most((time) => mod(time, spec.widthMs)) }];
  // Midnights of UTC are most likely days that were written in the wrong zone.
  const atMs = areMidnights(times) ? 0 : most((time) => clockOf(time, zone));
  const day = (time: number): number => dayOf(time, zone);
  const at = { ...spec, atMs };
  if (at.unit === 'day') return both(spec, { phase: most((time) => mod(day(time), at.count)) }, atMs);
  if (at.unit === 'week') {
    const shift = weekShift(at.weekday);
    return both(spec, { phase: most((time) => mod(Math.floor((day(time) + shift) / 7), at.count)) }, atMs);
  }
  return [...both(spec, { phase: most((time) => mod(monthOf(day(time)), at.count)) }, atMs), at];
}

/** As it is, from where most fall, and at the time of day at which they fall. */
function both(spec: Spec, phase: { phase: number }, atMs: number): Spec[] {
  return [spec, { ...spec, ...phase }, { ...spec, ...phase, atMs }] as Spec[];
}

function fit(frequency: Frequency, times: readonly Counted[]): Rhythm {
  let [rows, off] = [0, 0];
  for (const [time, count] of times) {
    rows += count;
    if (!frequency.isOnGrid(time)) off += count;
  }
  return { frequency, rows, off };
}

// ------------------------------------------------------------------------------------------------ days and longer

interface Day {
  day: number;
  rows: number;
}

function daysOrLonger(times: readonly Counted[], atMs: number, zone: Zone): Spec {
  const days: Day[] = times.filter(([time]) => clockOf(time, zone) === atMs).map(([time, rows]) => ({ day: dayOf(time, zone), rows }));
  return (
    monthsOf(days, atMs) ??
    weeksOf(days, atMs) ??
    everyFewDays(days, atMs) ?? { unit: 'day', count: 1, phase: 0, atMs, weekdays: openWeekdays(days) }
  );
}

function monthsOf(days: readonly Day[], atMs: number): Spec | undefined {
  const rule = dayRule(days);
  if (rule === undefined) return undefined;
  const months = days
    .filter(({ day }) => dayInMonth(monthOf(day), rule) === day)
    .map(({ day, rows }): Day => ({ day: monthOf(day), rows }));
  const apart = differences(months);
  const rare = apart.value > 12 && apart.value % 12 === 0 && apart.share >= REGULAR ? [apart.value] : [];
  for (const count of [...rare, 12, 6, 4, 3, 2]) {
    // Two dates are enough for a year or a quarter; rarer grids need more evidence.
    if (count !== 12 && count !== 3 && (months.length < 3 || apart.value !== count || apart.share < REGULAR)) continue;
    const phase = mode(months.map(({ day, rows }) => [mod(day, count), rows]));
    if (phase.share >= MOST) return { unit: 'month', count, phase: phase.value, rule, atMs };
  }
  return { unit: 'month', count: 1, phase: 0, rule, atMs };
}

/** Which day of the month the dates have in common, if any: the first, the last, a number, a working day, a third Friday. */
function dayRule(days: readonly Day[]): DayRule | undefined {
  if (days.length < 2) return undefined;
  const date = mode(days.map(({ day, rows }) => [dayOfMonth(day), rows])).value;
  const rules: DayRule[] = [1, 'last'];
  // Where a month is too short for the 29th or 30th, its last day stands for it.
  if (date <= 30) rules.push(date, ...[29, 30].filter((late) => late !== date && days.some(({ day }) => dayOfMonth(day) === late)));
  if (days.length >= 3) rules.push('lastWorking', 'firstWorking');
  if (days.length >= 4) {
    const weekday = mode(days.map(({ day, rows }) => [weekdayOf(day), rows])).value;
    for (const nth of [1, 2, 3, 4, 'last'] as const) rules.push({ nth, weekday });
  }
  const total = days.reduce((sum, { rows }) => sum + rows, 0);
  let best: { rule: DayRule; share: number } | undefined;
  for (const rule of rules) {
    let rows = 0;
    for (const each of days) if (dayInMonth(monthOf(each.day), rule) === each.day) rows += each.rows;
    if (rows / total >= MOST && (!best || rows / total > best.share)) best = { rule, share: rows / total };
  }
  return best?.rule;
}

function weeksOf(days: readonly Day[], atMs: number): Spec | undefined {
  const weekday = mode(days.map(({ day, rows }) => [weekdayOf(day), rows]));
  if (weekday.share < MOST) return undefined;
  const shift = weekShift(weekday.value);
  const weeks = days.filter(({ day }) => weekdayOf(day) === weekday.value).map(({ day, rows }): Day => ({ day: (day + shift) / 7, rows }));
  const apart = differences(weeks);
  const phase = mode(weeks.map(({ day, rows }) => [mod(day, Math.max(1, apart.value)), rows]));
  const rare = apart.value > 1 && weeks.length >= 3 && apart.share >= REGULAR && phase.share >= MOST;
  return { unit: 'week', count: rare ? apart.value : 1, weekday: weekday.value, phase: rare ? phase.value : 0, atMs };
}

function everyFewDays(days: readonly Day[], atMs: number): Spec | undefined {
  const { value: count, share } = differences(days);
  if (count < 2 || count % 7 === 0 || days.length < 4 || share < REGULAR) return undefined;
  const phase = mode(days.map(({ day, rows }) => [mod(day, count), rows]));
  return phase.share < MOST ? undefined : { unit: 'day', count, phase: phase.value, atMs };
}

/**
 * Undefined where all are open, or too little is known.
 * @param usual times of a day that is there as a whole; a row that slipped over midnight opens no day
 */
function openWeekdays(days: readonly Day[], usual = 1): readonly boolean[] | undefined {
  const possible = new Array<number>(7).fill(0);
  const seen = new Array<number>(7).fill(0);
  for (let i = 1; i < days.length; i += 1) {
    const [before, day] = [days[i - 1]!.day, days[i]!.day];
    if (day - before > LOOSE_DAYS) continue;
    for (let each = before + 1; each <= day; each += 1) possible[weekdayOf(each)]! += 1;
    seen[weekdayOf(day)]! += Math.min(1, days[i]!.rows / usual);
  }
  const share = seen.map((count, weekday) => (possible[weekday] === 0 ? 0 : count / possible[weekday]!));
  const most = Math.max(...share);
  const open = share.map((each) => each > NEXT_TO_NONE * most);
  const [all, there] = [0, 1].map((which) => open.reduce((sum, is, day) => sum + (is ? [possible, seen][which]![day]! : 0), 0)) as [
    number,
    number,
  ];
  const known = open.every((is, day) => is || possible[day]! >= 2);
  return known && open.includes(false) && there / all >= MOSTLY_OPEN ? open : undefined;
}

// ------------------------------------------------------------------------------------------------ parts of a day

function fixed(times: readonly Counted[], zone: Zone): Spec | undefined {
  const apart = differences(times.map(([time, rows]) => ({ day: time, rows })));
  const shows = (widthMs: number): boolean => times.length >= 4 && apart.value === widthMs && apart.share >= REGULAR;
  const usual = [...HOURS, ...MINUTES];
  const widths = [
    ...usual,
    ...[...SECONDS, ...MILLISECONDS].filter(shows),
    ...(usual.includes(apart.value) || !shows(apart.value) ? [] : [apart.value]),
  ];
  for (const widthMs of [...new Set(widths)].sort((a, b) => b - a)) {
    if (!Number.isInteger(widthMs)) continue;
    const origin = mode(times.map(([time, rows]) => [mod(time, widthMs), rows]));
    // Any row shows whole minutes; offsets in seconds count only where the rows keep to them.
    if (origin.share < MOST || (origin.value % MINUTE_MS !== 0 && !shows(widthMs))) continue;
    const days = daysOf(times, zone);
    const weekdays = openWeekdays(days, mode(days.map(({ rows }) => [rows, 1])).value);
    const hours = openTimes(times, widthMs, origin.value, zone);
    return { unit: 'fixed', widthMs, originMs: origin.value, weekdays, ...(hours ? { hours } : {}) };
  }
  return undefined;
}

/**
 * Opening hours, where no row of the grid lies outside of them (rows off the grid are named as such), each of their steps is there on most
 * days, and there are two weeks to show it. Days of which the hours move, as those of the sun, have none.
 */
function openTimes(times: readonly Counted[], widthMs: number, originMs: number, zone: Zone): OpenTimes | undefined {
  if (DAY_MS % widthMs !== 0 || widthMs > 4 * HOUR_MS) return undefined;
  const seen = new Map<number, number>();
  const days = new Set<number>();
  for (const [time] of times) {
    if ((time - originMs) % widthMs !== 0) continue;
    const civil = time + zone.offsetAt(time);
    const day = Math.floor(civil / DAY_MS);
    days.add(day);
    const clock = civil - day * DAY_MS;
    seen.set(clock, (seen.get(clock) ?? 0) + 1);
  }
  const clocks = [...seen.keys()].sort((a, b) => a - b);
  const perDay = DAY_MS / widthMs;
  if (days.size < FEWEST_DAYS || clocks.length > perDay - LEAST_CLOSED || clocks.length < 2) return undefined;
  // One run of steps, over midnight if need be: the largest hole between two of them is what is closed.
  const starts = clocks.filter((clock, i) => clock - (clocks[i - 1] ?? clocks.at(-1)! - DAY_MS) !== widthMs);
  if (starts.length !== 1 || [...seen.values()].some((count) => count < MOSTLY_SEEN * days.size)) return undefined;
  const [fromMs] = starts as [number];
  const toMs = (fromMs + clocks.length * widthMs) % DAY_MS || DAY_MS;
  return fromMs % MINUTE_MS === 0 && toMs % MINUTE_MS === 0 ? { fromMs, toMs } : undefined;
}

/** Days of the zone on which there is something, with their distinct times. */
function daysOf(times: readonly Counted[], zone: Zone): Day[] {
  const days = new Map<number, number>();
  for (const [time] of times) days.set(dayOf(time, zone), (days.get(dayOf(time, zone)) ?? 0) + 1);
  return [...days].map(([day, rows]) => ({ day, rows }));
}

/** Midnights of UTC are most likely days that were written in the wrong zone. */
function refuseOtherMidnights(times: readonly Counted[], timeZone: string): void {
  if (areMidnights(times)) throw notInferred(`they are midnights of UTC but not of ${timeZone}`, timeZone);
}

function areMidnights(times: readonly Counted[]): boolean {
  const { value, share } = mode(times.map(([time, rows]) => [mod(time, DAY_MS), rows]));
  return value === 0 && share >= MOST;
}

// ------------------------------------------------------------------------------------------------ counting

/** The most frequent value, and its share of the rows. */
function mode(values: readonly (readonly [value: number, rows: number])[]): { value: number; share: number } {
  const rows = new Map<number, number>();
  let total = 0;
  for (const [value, count] of values) {
    rows.set(value, (rows.get(value) ?? 0) + count);
    total += count;
  }
  let [value, most] = [NaN, 0];
  for (const [each, count] of rows) if (count > most) [value, most] = [each, count];
  return { value, share: total === 0 ? 0 : most / total };
}

/** How far neighbours are apart, mostly. */
function differences(days: readonly Day[]): { value: number; share: number } {
  return mode(days.slice(1).map(({ day }, index) => [day - days[index]!.day, 1]));
}

/** Milliseconds since midnight by the zone's clock; the first instant of a day is its midnight, also where that was skipped. */
function clockOf(epochMs: number, zone: Zone): number {
  const civil = epochMs + zone.offsetAt(epochMs);
  const clock = mod(civil, DAY_MS);
  return clock > 0 && clock <= 2 * HOUR_MS && zone.startOfDay(Math.floor(civil / DAY_MS)) === epochMs ? 0 : clock;
}

const dayOf = (epochMs: number, zone: Zone): number => Math.floor((epochMs + zone.offsetAt(epochMs)) / DAY_MS);
const dayOfMonth = (day: number): number => day - dayInMonth(monthOf(day), 1) + 1;
const mod = (value: number, by: number): number => ((value % by) + by) % by;

/** Events need a grid coarser than they are; the usual distance tells which. */
function hintFor(times: readonly Counted[]): string {
  const apart = times.slice(1).map(([time], index) => time - times[index]![0]);
  const middle = apart.sort((a, b) => a - b)[apart.length >> 1]!;
  const width =
    [...MINUTES]
      .reverse()
      .concat([...HOURS].reverse(), DAY_MS)
      .find((each) => each >= middle / 1.5) ?? DAY_MS;
  const code = width === DAY_MS ? 'D' : Frequency.of({ unit: 'fixed', widthMs: width, originMs: 0 }).code;
  return `Name a frequency and an aggregation, for example ${code} with last or mean.`;
}

function notInferred(why: string, timeZone: string, hint?: string): AlmanacError {
  return new AlmanacError('FREQUENCY_NOT_INFERRED', `No frequency fits the timestamps: ${why}.`, {
    hint: hint ?? 'Name the frequency and the time zone; for events finer than the grid name an aggregation too.',
    subject: { timeZone },
  });
}
