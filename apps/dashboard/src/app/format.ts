/** Numbers and times for people. Times are shown in the zone of the dataset. */
import type { StepTime } from '@almanac/contracts';

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const plain = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });

export const count = (value: number): string => (value >= 1_000_000 ? compact.format(value) : value.toLocaleString('en'));
export const value = (number: number | null | undefined): string =>
  number === null || number === undefined ? '–' : Math.abs(number) >= 10_000_000 ? compact.format(number) : plain.format(number);
export const metric = (number: number | null | undefined): string => (number === null || number === undefined ? '–' : number.toFixed(3));

export const share = (number: number | null | undefined): string =>
  number === null || number === undefined ? '–' : `${(100 * number).toFixed(1)} %`;

/** 1.5 GB, in powers of 1000. */
export const bytes = (size: number): string =>
  new Intl.NumberFormat('en', { style: 'unit', unit: 'byte', unitDisplay: 'narrow', notation: 'compact', maximumFractionDigits: 1 })
    .format(size)
    .replace('BB', 'GB')
    .replace(/(?<=\d)(?=[A-Z])/, ' ');

export function duration(seconds: number): string {
  if (seconds < 1) return 'under 1 s';
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Whether steps of this frequency have a time of day: hours and less (`15min`, `h+30min`), or days from a time on (`D+7h`). */
export const isSubDaily = (frequency: string): boolean => /^\d*(h|min|s|ms)(?![a-z])|\+/.test(frequency);

/** @param instant a number is a step of a grid of plain integers, and no date */
export function time(instant: StepTime | null | undefined, zone = 'UTC', withTime = true): string {
  if (instant === null || instant === undefined) return '–';
  if (typeof instant === 'number') return String(instant);
  const key = `${zone} ${withTime}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      year: 'numeric',
      ...(withTime ? { hour: '2-digit', minute: '2-digit' } : {}),
    });
    formats.set(key, format);
  }
  return format.format(new Date(instant));
}

/** Without the year: for lists of neighbouring times. */
export function shortTime(instant: StepTime, zone: string, withTime: boolean): string {
  if (typeof instant === 'number') return String(instant);
  const options: Intl.DateTimeFormatOptions = { timeZone: zone, weekday: 'short', day: 'numeric', month: 'short' };
  return new Intl.DateTimeFormat(
    'en-GB',
    withTime ? { ...options, hour: '2-digit', minute: '2-digit' } : { ...options, year: 'numeric' },
  ).format(new Date(instant));
}

/** Where on an axis: an instant in seconds, a step of plain integers as it is. */
export const axisPlace = (time: StepTime): number => (typeof time === 'number' ? time : Date.parse(time) / 1000);

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
export function ago(instant: string): string {
  const seconds = (Date.parse(instant) - Date.now()) / 1000;
  for (const [unit, size] of [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ] as const) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return Math.abs(seconds) < 10 ? 'just now' : relative.format(Math.round(seconds), 'second');
}
