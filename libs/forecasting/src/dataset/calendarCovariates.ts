/**
 * What the calendar of the data set's own zone says about each step, as future covariates: local time of day, day of week, month, and
 * public holidays of countries or their regions. Seasons that the grid's steps close (`calendar.ts`) need none of this; what a count of
 * steps cannot know does: summer time, months of unequal length, the year of a daily series, holidays.
 *
 * Invariants: values depend on the steps and the zone alone, so they are known for any horizon; the panel that is given stays as it is.
 *
 * Holidays come from the package date-holidays (data CC-BY 3.0), of type public, on civil days of the data set's zone.
 */
import { AlmanacError, Frequency, zoneOf } from '@almanac/series';
import { type Panel, type SeriesData } from '../forecaster.js';
import { type CovariateNames } from './covariates.js';

export const CALENDAR_FIELDS = ['timeOfDay', 'dayOfWeek', 'weekend', 'dayOfMonth', 'monthOfYear'] as const;
export type CalendarField = (typeof CALENDAR_FIELDS)[number];

export interface CalendarSettings {
  fields?: CalendarField[];
  /** Two letters of ISO 3166-1, with a region of ISO 3166-2 where holidays differ: `JP`, `DE-BY`, `US-CA`. */
  holidays?: string[];
}

const DAY_MS = 86_400_000;

type Civil = { day: number; ofStep: { minuteOfHour: number; hourOfDay: number; dayOfWeek: number; dayOfMonth: number; month: number } };

/** Each field as one or two numbers per step; what repeats goes round a circle, so that its end is next to its beginning. */
const FIELDS: Record<CalendarField, Record<string, (civil: Civil) => number>> = {
  timeOfDay: circle(({ ofStep }) => (ofStep.hourOfDay + ofStep.minuteOfHour / 60) / 24),
  dayOfWeek: circle(({ ofStep }) => ofStep.dayOfWeek / 7),
  weekend: { '': ({ ofStep }) => Number(ofStep.dayOfWeek >= 5) },
  dayOfMonth: circle(({ ofStep }) => (ofStep.dayOfMonth - 1) / 31),
  monthOfYear: circle(({ ofStep }) => (ofStep.month - 1 + (ofStep.dayOfMonth - 1) / 31) / 12),
};

/** A holiday's neighbours are days like no other too. */
const HOLIDAY_DAYS = { '': 0, '.eve': 1, '.after': -1 };

/** Names of the covariates that settings stand for. @throws INVALID_CONFIG */
export function calendarNames({ fields = [], holidays = [] }: CalendarSettings): string[] {
  const unknown = fields.find((field) => !CALENDAR_FIELDS.includes(field));
  if (unknown !== undefined)
    throw new AlmanacError('INVALID_CONFIG', `The calendar has no field ${JSON.stringify(unknown)}.`, {
      hint: `Fields are ${CALENDAR_FIELDS.join(', ')}.`,
      subject: { setting: 'calendar' },
    });
  return [
    ...fields.flatMap((field) => Object.keys(FIELDS[field]).map((part) => `calendar.${field}${part}`)),
    ...holidays.flatMap((place) => Object.keys(HOLIDAY_DAYS).map((part) => `holiday.${place}${part}`)),
  ];
}

/** A configuration whose calendar's covariates are among its future ones; the same object where it has no calendar. */
export function withCalendarNames<T extends { covariates: CovariateNames; calendar?: CalendarSettings }>(config: T): T {
  if (!config.calendar) return config;
  const future = [...new Set([...config.covariates.future, ...calendarNames(config.calendar)])];
  return { ...config, covariates: { ...config.covariates, future } };
}

/**
 * The panel with the calendar's covariates, through `horizon` steps after each series.
 *
 * @throws FREQUENCY_UNKNOWN, INVALID_CONFIG a grid of plain numbers has no calendar; COUNTRY_UNKNOWN
 */
export async function withCalendar(panel: Panel, settings: CalendarSettings | undefined, horizon: number): Promise<Panel> {
  if (!settings || panel.series.length === 0) return panel;
  const frequency = Frequency.parse(panel.frequency, panel.timeZone);
  const names = calendarNames(settings);
  if (frequency.kind === 'integer')
    throw new AlmanacError('INVALID_CONFIG', 'A series on plain numbers has no calendar.', {
      hint: 'Leave the setting calendar out, or give the data set its frequency.',
      subject: { setting: 'calendar' },
    });
  const first = panel.series.reduce((least, { firstStep }) => Math.min(least, firstStep), Infinity);
  const end = panel.series.reduce((most, { firstStep, values }) => Math.max(most, firstStep + values.length), -Infinity) + horizon;
  const columns = await columnsOf(frequency, settings, first, end - first);
  const series = panel.series.map((one): SeriesData => {
    const from = one.firstStep - first;
    const own = names.map((name, i) => {
      const column = columns[i]!.subarray(from, from + one.values.length + horizon);
      const ordinary = panel.holidaysIgnored === true && name.startsWith('holiday.');
      return [name, ordinary ? column.slice().fill(0, one.values.length) : column] as const;
    });
    return { ...one, futureCovariates: { ...one.futureCovariates, ...Object.fromEntries(own) } };
  });
  return { ...panel, series };
}

/** One array per name, over `count` steps from `first` on. */
async function columnsOf(
  frequency: Frequency,
  { fields = [], holidays = [] }: CalendarSettings,
  first: number,
  count: number,
): Promise<Float64Array[]> {
  const zone = zoneOf(frequency.timeZone);
  const dayOf = (step: number): number => {
    const time = frequency.timeOf(step);
    return Math.floor((time + zone.offsetAt(time)) / DAY_MS);
  };
  const civil = Array.from({ length: count }, (_, i): Civil => ({ day: dayOf(first + i), ofStep: frequency.calendar(first + i) }));
  const columns = fields.flatMap((field) => Object.values(FIELDS[field]).map((of) => Float64Array.from(civil, of)));
  // Of a step longer than a day, the number of holidays in it.
  const after = (i: number): number => (frequency.isWithinDay ? civil[i]!.day + 1 : (civil[i + 1]?.day ?? dayOf(first + i + 1)));
  for (const place of holidays) {
    const days = await holidaysOf(place, frequency.timeZone, frequency.timeOf(first), frequency.timeOf(first + count));
    for (const shift of Object.values(HOLIDAY_DAYS)) {
      columns.push(
        Float64Array.from(civil, ({ day }, i) => {
          let found = 0;
          for (let at = day; at < after(i); at++) found += Number(days.has(at + shift) && (shift === 0 || !days.has(at)));
          return found;
        }),
      );
    }
  }
  return columns;
}

/** Civil days, as days since 1970-01-01, that are public holidays. @throws COUNTRY_UNKNOWN */
async function holidaysOf(place: string, timeZone: string, from: number, to: number): Promise<Set<number>> {
  // Loaded where it is asked for: it carries the calendars of the world.
  const { default: Holidays } = await import('date-holidays');
  const [country, region] = place.split('-') as [string, string?];
  const known = new Holidays().getCountries('en')[country] !== undefined;
  if (!known || (region !== undefined && new Holidays().getStates(country, 'en')?.[region] === undefined))
    throw new AlmanacError('COUNTRY_UNKNOWN', `No holidays are known of "${place}".`, {
      hint: 'Give two letters of ISO 3166-1, such as DE, and a region of ISO 3166-2 where there are some, such as DE-BY.',
      subject: { country: place },
    });
  const calendar = new Holidays();
  calendar.init(country, region ?? '', { timezone: timeZone, types: ['public'] });
  const zone = zoneOf(timeZone);
  const days = new Set<number>();
  const civil = (time: number): number => Math.floor((time + zone.offsetAt(time)) / DAY_MS);
  // A year more on both sides, for the eve of a first day and the day after a last one.
  for (let year = new Date(from).getUTCFullYear() - 1; year <= new Date(to).getUTCFullYear() + 1; year++)
    for (const { start, end } of calendar.getHolidays(year))
      for (let day = civil(start.getTime()); day <= civil(end.getTime() - 1); day++) days.add(day);
  return days;
}

function circle(share: (civil: Civil) => number): Record<string, (civil: Civil) => number> {
  return { '.sin': (civil) => Math.sin(2 * Math.PI * share(civil)), '.cos': (civil) => Math.cos(2 * Math.PI * share(civil)) };
}
