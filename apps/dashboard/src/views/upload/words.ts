/** What was understood of a file, as a person would say it. Pure, so that every form of it is tested. */
import { type Findings } from '@almanac/contracts';
import { count, isSubDaily } from '../../app/format';

const WEEKDAYS: Record<string, string> = {
  MON: 'Monday',
  TUE: 'Tuesday',
  WED: 'Wednesday',
  THU: 'Thursday',
  FRI: 'Friday',
  SAT: 'Saturday',
  SUN: 'Sunday',
};
const ALL = Object.keys(WEEKDAYS);

const UNITS: readonly [pattern: RegExp, one: string, many: string][] = [
  [/^(\d*)min/, 'minute', 'minutes'],
  [/^(\d*)s\b/, 'second', 'seconds'],
  [/^(\d*)h/, 'hour', 'hours'],
  [/^(\d*)[DB]\b/, 'day', 'days'],
  [/^(\d*)W\b/, 'week', 'weeks'],
  [/^(\d*)(MS|ME|M|BMS|BME)\b/, 'month', 'months'],
  [/^(\d*)(QS|QE)\b/, 'quarter', 'quarters'],
  [/^(\d*)(YS|YE)\b/, 'year', 'years'],
];

/** What a horizon counts: `days`, `hours`; `steps` where a step is several of them, or none. */
export function stepWord(frequency: string): string {
  const found = UNITS.find(([pattern]) => pattern.test(frequency));
  return found && (found[0].exec(frequency)?.[1] ?? '') === '' ? found[2] : 'steps';
}

/** Weekdays that a frequency of days leaves out: `B`, `D-MON-SAT`, `D-MON,WED,FRI`. */
export function closedWeekdays(frequency: string): string[] {
  if (/^B\b/.test(frequency)) return ['SAT', 'SUN'];
  const range = /^D-([A-Z]{3})-([A-Z]{3})\b/.exec(frequency);
  if (range) {
    const [from, to] = [ALL.indexOf(range[1] ?? ''), ALL.indexOf(range[2] ?? '')];
    return from < 0 || to < 0 ? [] : ALL.filter((_, i) => (from <= to ? i < from || i > to : i > to && i < from));
  }
  const list = /^D-((?:[A-Z]{3},)+[A-Z]{3})\b/.exec(frequency)?.[1]?.split(',');
  return list ? ALL.filter((day) => !list.includes(day)) : [];
}

const inWords = (items: readonly string[]): string =>
  items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;

function rhythm(frequency: string): string {
  for (const [pattern, one, many] of UNITS) {
    const times = pattern.exec(frequency)?.[1];
    if (times !== undefined)
      return times === '' || times === '1' ? `one value ${one === 'hour' ? 'an' : 'a'} ${one}` : `one value every ${times} ${many}`;
  }
  return frequency === '1' ? 'numbered steps' : `the frequency ${frequency}`;
}

function day(instant: string | number, zone: string, withTime: boolean): string {
  if (typeof instant === 'number') return `step ${count(instant)}`;
  return new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    ...(withTime ? { hour: '2-digit', minute: '2-digit' } : {}),
  }).format(new Date(instant));
}

/** `2024-12-24` as it is said; it belongs to no zone. */
export const civilDay = (date: string): string => day(`${date}T00:00Z`, 'UTC', false);

/** @param target column whose values are forecast */
export function understood(f: Findings, target: string | undefined): string[] {
  const roles = (role: string): string[] => f.columns.filter((column) => column.role === role).map(({ name }) => name);
  const id = roles('id')[0];
  const withTime = isSubDaily(f.frequency);
  const series = f.series === 1 ? 'One series' : `${count(f.series)} series${id && f.layout === 'long' ? `, one for each ${id}` : ''}`;
  const zone = typeof f.start === 'number' ? '' : `, ${f.timeZone}`;
  const span =
    f.start === null || f.end === null ? '' : ` from ${day(f.start, f.timeZone, withTime)} to ${day(f.end, f.timeZone, withTime)}`;
  const closed = closedWeekdays(f.frequency).map((one) => WEEKDAYS[one] ?? one);
  const missing = f.gaps - f.filled;
  return [
    `${series}: ${rhythm(f.frequency)}${span}${zone}.`,
    ...(target ? [`What is forecast is ${target}.`] : []),
    ...(closed.length > 0 ? [`No row lies on a ${inWords(closed)}: closed then, and not forecast.`] : []),
    ...(missing > 0
      ? [`${count(missing)} ${missing === 1 ? 'step has' : 'steps have'} no value in between.`]
      : f.filled > 0
        ? [`${count(f.filled)} missing ${f.filled === 1 ? 'step counts' : 'steps count'} as zero.`]
        : ['No step is missing in between.']),
    ...(f.rowsRejected > 0 ? [`${count(f.rowsRejected)} of ${count(f.rowsRead)} rows cannot be read.`] : []),
  ];
}

/** The country by its name in English. */
export const countryName = (code: string): string => {
  try {
    return new Intl.DisplayNames('en', { type: 'region' }).of(code.slice(0, 2)) ?? code;
  } catch {
    return code;
  }
};
