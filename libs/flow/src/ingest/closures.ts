/**
 * The closure calendar that an upload declares, as days: public holidays are worked out once, when a dataset is made, and
 * become part of its frequency. A later release of the holiday library changes no step of a dataset that is there.
 *
 * Holidays come from the package date-holidays (data CC-BY 3.0), of type public, on the days that they have in their country.
 */
import { AlmanacError, type Frequency, type Weekday } from '@almanac/series';
import type { IngestOptions } from '@almanac/contracts';

export interface Closures {
  weekdays: Weekday[];
  /** How the days are called in the frequency: `DE-BY`, `own`, `DE-BY-own`. */
  label: string;
  /** Civil days since 1970-01-01. */
  days: number[];
}

/** Years whose holidays are known to a dataset; before and after them only weekdays and single days are closed. */
const [FIRST_YEAR, LAST_YEAR] = [1990, 2060];
const DAY_MS = 86_400_000;

export type Closing = Pick<IngestOptions, 'closedWeekdays' | 'closedHolidays' | 'closedDates'>;

export const declaresClosures = ({ closedWeekdays, closedHolidays, closedDates }: Closing): boolean =>
  closedWeekdays.length > 0 || closedHolidays !== undefined || closedDates.length > 0;

/** Whether a grid leaves out what is declared, by the name that it has. */
export function hasClosures(grid: Frequency, options: Closing): boolean {
  const open = grid.unclosed;
  return (
    open.isWithinDay &&
    (grid.closures?.label ?? '') === labelOf(options) &&
    open.closedOn('', [], options.closedWeekdays).code === open.code
  );
}

/** @throws AlmanacError COUNTRY_UNKNOWN */
export async function closuresOf(options: Closing): Promise<Closures | undefined> {
  if (!declaresClosures(options)) return undefined;
  const { closedWeekdays, closedHolidays, closedDates } = options;
  const own = closedDates.map((date) => Date.parse(`${date}T00:00Z`) / DAY_MS);
  const holidays = closedHolidays === undefined ? [] : await holidaysOf(closedHolidays);
  return { weekdays: closedWeekdays, label: labelOf(options), days: [...new Set([...own, ...holidays])].sort((a, b) => a - b) };
}

const labelOf = ({ closedHolidays, closedDates }: Closing): string =>
  [closedHolidays, closedDates.length > 0 ? 'own' : undefined].filter((part) => part !== undefined).join('-');

/** Civil days of the public holidays of a country or a region, `DE` or `DE-BY`. @throws AlmanacError COUNTRY_UNKNOWN */
export async function holidaysOf(place: string, [first, last]: readonly [number, number] = [FIRST_YEAR, LAST_YEAR]): Promise<number[]> {
  // Loaded where it is asked for: it carries the calendars of the world.
  const { default: Holidays } = await import('date-holidays');
  const [country, region] = place.split('-') as [string, string?];
  const known = new Holidays().getCountries('en')[country] !== undefined;
  if (!known || (region !== undefined && new Holidays().getStates(country, 'en')?.[region] === undefined))
    throw new AlmanacError('COUNTRY_UNKNOWN', `No holidays are known of "${place}".`, {
      hint: 'Give two letters of ISO 3166-1, such as DE, and a region of ISO 3166-2 where there are some, such as DE-BY; or closedDates.',
      subject: { country: place },
    });
  const calendar = new Holidays();
  calendar.init(country, region ?? '', { types: ['public'] });
  const days: number[] = [];
  for (let year = first; year <= last; year++) {
    // `date` is the wall clock of the country; its day is all that is asked for. Half holidays are open.
    for (const { date, start, end } of calendar.getHolidays(year)) {
      const from = Date.parse(`${date.slice(0, 10)}T00:00Z`) / DAY_MS;
      const length = Math.floor((end.getTime() - start.getTime()) / DAY_MS + 0.1);
      for (let day = 0; day < length; day++) days.push(from + day);
    }
  }
  return days;
}
