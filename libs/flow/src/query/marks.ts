/** What a chart marks beside the values: changes of behaviour, and public holidays. */
import type { ChangepointList, HolidayList } from '@almanac/contracts';
import { AlmanacError, changepoints, type Frequency } from '@almanac/series';
import type { Store } from '@almanac/store';
import { gridOf, orNull } from './grid.js';

type Source = { store: Store };

const YEAR_MS = 366 * 86_400_000;
/** Working a year out takes milliseconds. */
const MAX_YEARS = 40;

/** @throws AlmanacError DATASET_NOT_FOUND, SERIES_NOT_FOUND */
export async function getChangepoints({ store }: Source, dataset: string, uniqueId: string): Promise<ChangepointList> {
  const record = await store.datasets.get(dataset);
  const { id } = await store.series.get(record.id, uniqueId);
  const { steps, values } = await store.series.readRange(id);
  const grid = gridOf(record);
  const items = changepoints(values, record.seasonLengths ?? grid.seasonLengths(), yearOf(grid)).map(({ index, before, after }) => ({
    ds: grid.wire(steps[index]!),
    before: orNull(before),
    after: orNull(after),
  }));
  return { uniqueId, items };
}

/** Steps in a year, on average; none on a grid of plain numbers. */
export const yearOf = (grid: Frequency): number => (grid.kind === 'integer' ? Infinity : grid.floorStep(YEAR_MS) - grid.floorStep(0));

/**
 * The list of countries is loaded when the first chart asks: nothing else needs it.
 * @throws AlmanacError DATASET_NOT_FOUND, COUNTRY_UNKNOWN
 */
export async function listHolidays({ store }: Source, name: string, wanted?: string): Promise<HolidayList> {
  const { default: Holidays } = await import('date-holidays');
  const { frequency, timeZone, firstStep, lastStep } = await store.datasets.get(name);
  const names = new Holidays().getCountries('en');
  if (wanted !== undefined && names[wanted] === undefined)
    throw new AlmanacError('COUNTRY_UNKNOWN', `No holidays are known of "${wanted}".`, {
      hint: 'Give two letters of ISO 3166; `countries` of this answer lists those that are known.',
      subject: { country: wanted },
      status: 404,
    });
  const country = wanted ?? (await countryOf(timeZone)) ?? null;
  const countries = Object.entries(names)
    .map(([code, title]) => ({ code, name: title }))
    .sort((a, b) => a.name.localeCompare(b.name, 'en'));
  const grid = gridOf({ frequency, timeZone });
  // Plain integers have no days.
  if (country === null || firstStep === null || lastStep === null || grid.kind === 'integer') return { country, countries, items: [] };
  const to = new Date(grid.timeOf(lastStep) + YEAR_MS);
  const from = new Date(Math.max(grid.timeOf(firstStep), to.getTime() - MAX_YEARS * YEAR_MS));
  const calendar = new Holidays(country, { timezone: timeZone, types: ['public'], languages: ['en'] });
  const years = Array.from({ length: to.getUTCFullYear() - from.getUTCFullYear() + 1 }, (_, k) => from.getUTCFullYear() + k);
  const items = years
    .flatMap((year) => calendar.getHolidays(year))
    .filter(({ start, end }) => end > from && start <= to)
    .map(({ start, end, name: title }) => ({ start: start.toISOString(), end: end.toISOString(), name: title }));
  return { country, countries, items };
}

/** The one country that uses a time zone; none for UTC and for zones that several share. */
export async function countryOf(timeZone: string): Promise<string | undefined> {
  const { default: Holidays } = await import('date-holidays');
  const codes = Object.keys(new Holidays().getCountries('en'));
  const { timeZone: canonical } = new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions();
  const found = codes.filter((code) => {
    const locale = new Intl.Locale(`und-${code}`) as Intl.Locale & { getTimeZones?: () => string[] | undefined };
    return locale.getTimeZones?.()?.includes(canonical) ?? false;
  });
  return found.length === 1 ? found[0] : undefined;
}
