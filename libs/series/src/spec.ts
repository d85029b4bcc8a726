/**
 * What a frequency code says, taken apart: unit, count, anchor, mask, and the code that says it again. Two codes that
 * mean the same grid have one spec and one canonical code.
 */
import { AlmanacError } from './errors.js';
import type { DayRule } from './days.js';
import { packDays, unpackDays } from './closures.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from './grid.js';
import { WEEKDAYS } from './openDays.js';
import type { OpenTimes } from './openHours.js';
import { DAY_MS } from './zone.js';

export interface Closures {
  /** What they are called, e.g. `DE-BY`. */
  label: string;
  /** Civil days since 1970-01-01, ascending. */
  days: readonly number[];
}

interface Masked {
  /** Open weekdays, Monday first; undefined where all are. */
  weekdays?: readonly boolean[] | undefined;
  closures?: Closures | undefined;
}

export type Spec =
  | { unit: 'integer' }
  /** `originMs` from 0 up to the width, in UTC. */
  | ({ unit: 'fixed'; widthMs: number; originMs: number; hours?: OpenTimes | undefined } & Masked)
  /** `phase`: the civil day of step 0, from 0 up to the count. */
  | ({ unit: 'day'; count: number; phase: number; atMs: number } & Masked)
  /** `phase`: weeks from the one that 1970-01-01 is in to step 0, from 0 up to the count. */
  | { unit: 'week'; count: number; weekday: number; phase: number; atMs: number }
  /** `phase`: months from January 1970 to step 0, from 0 up to the count. */
  | { unit: 'month'; count: number; phase: number; rule: DayRule; atMs: number };

export const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'] as const;
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: SECOND_MS, min: MINUTE_MS, h: HOUR_MS };
/** What people type, in the words of pandas old and new. */
const ALIASES: Readonly<Record<string, string>> = { H: 'h', T: 'min', S: 's', L: 'ms', d: 'D', A: 'Y', w: 'W' };
const MONTHS_OF: Readonly<Record<string, number>> = { M: 1, Q: 3, Y: 12 };
const DAY_NAMES = WEEKDAYS.join('|');
const MONTH_NAMES = MONTHS.join('|');
const CODE = {
  fixed: new RegExp(
    `^(\\d{1,6})?(ms|s|min|h|H|T|S|L)(?:-((?:${DAY_NAMES})(?:[-,](?:${DAY_NAMES}))*))?(?:@(\\d\\d?(?::\\d\\d)?)-(\\d\\d?(?::\\d\\d)?))?$`,
  ),
  day: new RegExp(`^(\\d{1,4})?[Dd](?:-(\\d{4}-\\d\\d-\\d\\d)|-((?:${DAY_NAMES})(?:[-,](?:${DAY_NAMES}))*))?$`),
  week: new RegExp(`^(\\d{1,3})?[Ww](?:-(${DAY_NAMES}))?(?:-(\\d{4}-\\d\\d-\\d\\d))?$`),
  month: new RegExp(
    `^(\\d{1,3})?(B)?([MQYA])([SE])(?:-(${MONTH_NAMES}))?(?:-(\\d{4}))?(?:-([1-9]|[12]\\d|3[01]|[1-5L](?:${DAY_NAMES})))?$`,
  ),
  weekOfMonth: new RegExp(`^(?:WOM-([1-4])|LWOM-)(${DAY_NAMES})$`),
  offset: /^(?:(\d{1,6})h)?(?:(\d{1,6})min)?(?:(\d{1,2})s)?(?:(\d{1,3})ms)?$/,
};

/** @returns undefined for a code that means no grid, or one of several (`M`) */
export function readSpec(text: string): Spec | undefined {
  const [, code = '', offset, label, packed] = /^([^\s+]+)(?:\+(\S+))?(?: closed ([\w-]+):([0-9a-z.-]+))?$/.exec(text.trim()) ?? [];
  const offsetMs = offset === undefined ? 0 : offsetOf(offset);
  const spec = offsetMs === undefined ? undefined : bare(code, offsetMs);
  if (!spec || packed === undefined) return spec;
  if (spec.unit !== 'fixed' && !(spec.unit === 'day' && spec.count === 1)) return undefined;
  const days = unpackDays(packed);
  return days && { ...spec, closures: { label: label!, days } };
}

function bare(code: string, offsetMs: number): Spec | undefined {
  if (code === '1') return offsetMs === 0 ? { unit: 'integer' } : undefined;
  if (code === 'B') return offsetMs < DAY_MS ? { unit: 'day', count: 1, phase: 0, atMs: offsetMs, weekdays: WORKDAYS } : undefined;
  const fixed = CODE.fixed.exec(code);
  if (fixed) {
    const widthMs = countOf(fixed[1]) * UNITS[ALIASES[fixed[2]!] ?? fixed[2]!]!;
    if (widthMs === 0) return undefined;
    const hours = fixed[4] === undefined ? undefined : hoursOf(fixed[4], fixed[5]!);
    if (hours === null || (hours && widthMs > DAY_MS / 2)) return undefined;
    const weekdays = fixed[3] === undefined ? undefined : weekdaysOf(fixed[3]);
    return { unit: 'fixed', widthMs, originMs: offsetMs % widthMs, weekdays, ...(hours ? { hours } : {}) };
  }
  if (offsetMs >= DAY_MS) return undefined;
  return days(code, offsetMs) ?? weeks(code, offsetMs) ?? months(code, offsetMs);
}

function days(code: string, atMs: number): Spec | undefined {
  const match = CODE.day.exec(code);
  if (!match) return undefined;
  const [, number, origin, list] = match;
  const count = countOf(number);
  if (count === 0 || (count > 1 && list !== undefined)) return undefined;
  const day = origin === undefined ? 0 : civilDay(origin);
  if (day === undefined) return undefined;
  if (count % 7 === 0) return weekFrom(count / 7, day, atMs);
  const weekdays = list === undefined ? undefined : weekdaysOf(list);
  if (weekdays?.filter(Boolean).length === 1) return { unit: 'week', count: 1, weekday: weekdays.indexOf(true), phase: 0, atMs };
  return { unit: 'day', count, phase: mod(day, count), atMs, weekdays };
}

function weeks(code: string, atMs: number): Spec | undefined {
  const match = CODE.week.exec(code);
  if (!match) return undefined;
  const [, number, name, origin] = match;
  const count = countOf(number);
  if (count === 0) return undefined;
  const weekday = name === undefined ? 6 : WEEKDAYS.indexOf(name as 'MON');
  if (origin === undefined) return { unit: 'week', count, weekday, phase: 0, atMs };
  const day = civilDay(origin);
  if (day === undefined || (name !== undefined && mod(day + 3, 7) !== weekday)) return undefined;
  return weekFrom(count, day, atMs);
}

function weekFrom(count: number, day: number, atMs: number): Spec {
  const weekday = mod(day + 3, 7);
  return { unit: 'week', count, weekday, phase: mod((day + weekShift(weekday)) / 7, count), atMs };
}

/** Days from the first day of the week that 1970-01-01 is in to it. */
export const weekShift = (weekday: number): number => mod(3 - weekday, 7);

function months(code: string, atMs: number): Spec | undefined {
  const third = CODE.weekOfMonth.exec(code);
  if (third) {
    const nth = third[1] === undefined ? 'last' : Number(third[1]);
    return { unit: 'month', count: 1, phase: 0, rule: { nth, weekday: WEEKDAYS.indexOf(third[2] as 'MON') }, atMs };
  }
  const match = CODE.month.exec(code);
  if (!match) return undefined;
  const [, number, business, letter, side, name, year, day] = match;
  const count = countOf(number) * MONTHS_OF[ALIASES[letter!] ?? letter!]!;
  const rule = ruleOf(side === 'S', business !== undefined, day);
  if (rule === undefined || count === 0 || !(12 % count === 0 || count % 12 === 0)) return undefined;
  if (count === 1 && name !== undefined) return undefined;
  if (year !== undefined && (count <= 12 || name === undefined)) return undefined;
  const month = name === undefined ? (side === 'S' ? 0 : 11) : MONTHS.indexOf(name as 'JAN');
  const years = year === undefined ? 0 : Number(year) - 1970;
  return { unit: 'month', count, phase: mod(years * 12 + month, count), rule, atMs };
}

function ruleOf(start: boolean, working: boolean, day: string | undefined): DayRule | undefined {
  if (day === undefined) return start ? (working ? 'firstWorking' : 1) : working ? 'lastWorking' : 'last';
  if (working || !start) return undefined;
  if (/^\d+$/.test(day)) return Number(day) === 31 ? 'last' : Number(day);
  const nth = day[0] === 'L' ? 'last' : Number(day[0]);
  return nth === 5 ? undefined : { nth, weekday: WEEKDAYS.indexOf(day.slice(1) as 'MON') };
}

/** The canonical code of a spec. @param short without the days of closures, for people to read */
export function codeOf(spec: Spec, short = false): string {
  if (spec.unit === 'integer') return '1';
  const closures = 'closures' in spec ? spec.closures : undefined;
  const closed = closures ? ` closed ${closures.label}${short ? '' : `:${packDays(closures.days)}`}` : '';
  return `${bareCode(spec)}${offsetCode(spec.unit === 'fixed' ? spec.originMs : spec.atMs)}${closed}`;
}

function bareCode(spec: Exclude<Spec, { unit: 'integer' }>): string {
  if (spec.unit === 'fixed') return `${widthCode(spec.widthMs)}${maskCode(spec.weekdays)}${hoursCode(spec.hours)}`;
  if (spec.unit === 'day') {
    if (spec.weekdays && WORKDAYS.every((open, index) => open === spec.weekdays![index])) return 'B';
    return spec.count === 1 ? `D${maskCode(spec.weekdays)}` : `${spec.count}D-${isoDay(spec.phase)}`;
  }
  if (spec.unit === 'week') {
    const { count, weekday, phase } = spec;
    if (count === 1) return `W-${WEEKDAYS[weekday]}`;
    return `${count}W-${WEEKDAYS[weekday]}${phase === 0 ? '' : `-${isoDay(phase * 7 - weekShift(weekday))}`}`;
  }
  const { count, phase, rule } = spec;
  if (count === 1 && typeof rule === 'object') return `${rule.nth === 'last' ? 'LWOM-' : `WOM-${rule.nth}`}${WEEKDAYS[rule.weekday]}`;
  const byEnd = rule === 'last' || rule === 'lastWorking';
  const [times, letter] = count % 12 === 0 ? [count / 12, 'Y'] : count % 3 === 0 ? [count / 3, 'Q'] : [count, 'M'];
  const usual = phase === (byEnd ? 11 % count : 0);
  const anchor = count > 12 ? `-${MONTHS[phase % 12]}-${1970 + Math.floor(phase / 12)}` : usual ? '' : `-${MONTHS[phase]}`;
  const working = rule === 'firstWorking' || rule === 'lastWorking' ? 'B' : '';
  const day =
    typeof rule === 'number'
      ? rule === 1
        ? ''
        : `-${rule}`
      : typeof rule === 'object'
        ? `-${rule.nth === 'last' ? 'L' : rule.nth}${WEEKDAYS[rule.weekday]}`
        : '';
  return `${times === 1 ? '' : times}${working}${letter}${byEnd ? 'E' : 'S'}${anchor}${day}`;
}

function widthCode(widthMs: number): string {
  if (widthMs % HOUR_MS === 0) return widthMs === HOUR_MS ? 'h' : `${widthMs / HOUR_MS}h`;
  if (widthMs % MINUTE_MS === 0) return `${widthMs / MINUTE_MS}min`;
  return widthMs % SECOND_MS === 0 ? `${widthMs / SECOND_MS}s` : `${widthMs}ms`;
}

function hoursCode(hours: OpenTimes | undefined): string {
  const clock = (ms: number): string => {
    const [hour, minute] = [Math.floor(ms / HOUR_MS), (ms % HOUR_MS) / MINUTE_MS];
    return minute === 0 ? String(hour) : `${hour}:${String(minute).padStart(2, '0')}`;
  };
  return hours ? `@${clock(hours.fromMs)}-${clock(hours.toMs)}` : '';
}

/** Undefined where all hours are open, null where they are no hours of a day. */
function hoursOf(from: string, to: string): OpenTimes | undefined | null {
  const [fromMs, toMs] = [from, to].map((clock) => {
    const [hour = 0, minute = 0] = clock.split(':').map(Number);
    return minute < 60 && hour * HOUR_MS + minute * MINUTE_MS <= DAY_MS ? hour * HOUR_MS + minute * MINUTE_MS : Number.NaN;
  }) as [number, number];
  if (Number.isNaN(fromMs) || Number.isNaN(toMs) || fromMs === toMs || fromMs === DAY_MS || toMs === 0) return null;
  return fromMs === 0 && toMs === DAY_MS ? undefined : { fromMs, toMs };
}

function offsetCode(ms: number): string {
  if (ms === 0) return '';
  const parts = [
    [Math.floor(ms / HOUR_MS), 'h'],
    [Math.floor(ms / MINUTE_MS) % 60, 'min'],
    [Math.floor(ms / SECOND_MS) % 60, 's'],
    [ms % SECOND_MS, 'ms'],
  ] as const;
  return `+${parts.map(([count, unit]) => (count === 0 ? '' : `${count}${unit}`)).join('')}`;
}

const WORKDAYS: readonly boolean[] = [true, true, true, true, true, false, false];

/** A run of weekdays, round the week if need be, or a list. */
function maskCode(weekdays: readonly boolean[] | undefined): string {
  if (!weekdays) return '';
  const open = weekdays.flatMap((is, day) => (is ? [day] : []));
  const starts = open.filter((day) => !weekdays[(day + 6) % 7]);
  if (open.length > 2 && starts.length === 1) return `-${WEEKDAYS[starts[0]!]}-${WEEKDAYS[(starts[0]! + open.length - 1) % 7]}`;
  return `-${open.map((day) => WEEKDAYS[day]).join(',')}`;
}

/** Undefined where all seven are open. */
function weekdaysOf(list: string): readonly boolean[] | undefined {
  const open = new Array<boolean>(7).fill(false);
  for (const part of list.split(',')) {
    const [first, ...rest] = part.split('-').map((name) => WEEKDAYS.indexOf(name as 'MON'));
    open[first!] = true;
    let at = first!;
    for (const last of rest)
      while (at !== last) {
        at = (at + 1) % 7;
        open[at] = true;
      }
  }
  return open.every(Boolean) ? undefined : open;
}

function offsetOf(text: string): number | undefined {
  const match = CODE.offset.exec(text);
  if (!match || text === '') return undefined;
  const [, h = '0', min = '0', s = '0', ms = '0'] = match;
  return Number(h) * HOUR_MS + Number(min) * MINUTE_MS + Number(s) * SECOND_MS + Number(ms);
}

const countOf = (text: string | undefined): number => (text === undefined ? 1 : text.startsWith('0') ? 0 : Number(text));
const mod = (value: number, by: number): number => ((value % by) + by) % by;
const isoDay = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

function civilDay(iso: string): number | undefined {
  const ms = Date.parse(`${iso}T00:00Z`);
  return Number.isNaN(ms) || isoDay(ms / DAY_MS) !== iso ? undefined : ms / DAY_MS;
}

/** @throws AlmanacError FREQUENCY_UNKNOWN */
export function specOf(code: string): Spec {
  const spec = readSpec(code);
  if (spec) return spec;
  const open = /^\d*(B?[MQYA])(-[A-Z]{3})?$/.exec(code);
  throw new AlmanacError('FREQUENCY_UNKNOWN', `The frequency "${code.slice(0, 100)}" is not known.`, {
    hint: open
      ? `Say which day dates a step: ${open[1]!.replace('A', 'Y')}S for the first, ${open[1]!.replace('A', 'Y')}E for the last.`
      : 'Use seconds to hours (s, 15min, h, 6h+3h), D, B, D-MON-SAT, W-MON to W-SUN, 4W-MON, MS, QS, YS (dated by the first day; QS-MAR, MS-15), ME, QE, YE (by the last day), or 1 for plain integers.',
    subject: { frequency: code.slice(0, 100) },
  });
}
