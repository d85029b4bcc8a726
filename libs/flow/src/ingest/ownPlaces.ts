/**
 * Places of the day or week at which a series is never observed, though its grid has them: Saturdays on which a shop closes earlier, a
 * break at noon, hours or weekdays that only other series of the file have, a report of Mondays beside one of Sundays. They are gaps, and
 * would be forecast.
 * Invariant: what is remembered does not grow with the file.
 */
import type { Frequency } from '@almanac/series';

/** Missing steps of a series that are looked at, first to last. */
const MOST_LOOKED_AT = 4000;
/** Seasons that must be there, so that a place is not empty by chance. */
const FEWEST_SEASONS = 3;
/** A place at which there is less than this share is never observed; at the others, most is. */
const NEXT_TO_NONE = 0.1;
const MOSTLY_SEEN = 0.6;
/** Share of the gaps that lie at such places. */
const MOST = 0.8;
/** Longer seasons than a week of quarters of an hour have too many places. */
const LONGEST_SEASON = 672;
const NAMED = 3;
const SERIES = 1000;
const PLACES = 4;
const WEEKDAYS = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'];

interface Own {
  id: string;
  season: number;
  /** Steps, one for each place, in their order. */
  open: number[];
  closed: number[];
}

export class OwnPlaces {
  private readonly seasons: readonly number[];
  /** The first series that have places of their own. */
  private readonly found: Own[] = [];
  private foundCount = 0;
  private readonly kinds = new Set<string>();
  private series = 0;
  private id: string | undefined;
  private first = 0;
  /** Step of the last value that was looked at. */
  private last = 0;
  private missing: number[] = [];

  /** @param seasons of the grid in steps, shortest first */
  constructor(seasons: readonly number[]) {
    this.seasons = seasons.filter((season) => season > 1 && season <= LONGEST_SEASON);
  }

  /** Pieces of a series follow each other. @param torn whether any value is missing in between */
  add(id: string, firstStep: number, values: Float64Array, torn: boolean): void {
    // Pieces begin and end with a value, or are all gaps.
    if (values.length === 0 || Number.isNaN(values[0]!)) return;
    if (id !== this.id) {
      this.end();
      [this.id, this.first, this.last] = [id, firstStep, firstStep];
    }
    this.see(firstStep);
    if (torn) for (let i = 1; i < values.length; i++) if (!Number.isNaN(values[i]!)) this.see(firstStep + i);
    if (!torn && this.last === firstStep) this.last += values.length - 1;
  }

  private see(step: number): void {
    if (this.missing.length + step - this.last > MOST_LOOKED_AT) return;
    for (let t = this.last + 1; t < step; t++) this.missing.push(t);
    this.last = step;
  }

  private end(): void {
    const { id, missing, first, last } = this;
    this.missing = [];
    this.id = undefined;
    if (id === undefined) return;
    this.series++;
    const own = this.ownOf(id, first, last, missing);
    if (!own) {
      this.kinds.add('');
      return;
    }
    this.foundCount++;
    this.kinds.add(
      `${own.season} ${own.closed
        .map((step) => place(step, own.season))
        .sort((a, b) => a - b)
        .join()}`,
    );
    if (this.found.length < SERIES) this.found.push(own);
  }

  private ownOf(id: string, first: number, last: number, missing: readonly number[]): Own | undefined {
    if (missing.length === 0) return undefined;
    for (const season of this.seasons) {
      if (last - first + 1 < FEWEST_SEASONS * season) continue;
      const absent = new Array<number>(season).fill(0);
      for (const step of missing) absent[place(step, season)]!++;
      const places = absent.map((count, at) => {
        const of = Math.floor((last - at) / season) - Math.floor((first - 1 - at) / season);
        return { at, of, count: of - count };
      });
      const closed = places.filter(({ count, of }) => of >= FEWEST_SEASONS && count <= NEXT_TO_NONE * of);
      const open = places.filter((one) => !closed.includes(one));
      const sum = (all: typeof places, key: 'count' | 'of'): number => all.reduce((total, one) => total + one[key], 0);
      if (closed.length === 0 || open.length === 0 || sum(open, 'count') < MOSTLY_SEEN * sum(open, 'of')) continue;
      if (sum(closed, 'of') - sum(closed, 'count') < MOST * missing.length) continue;
      const stepAt = ({ at }: { at: number }): number => first + place(at - first, season);
      return { id, season, open: open.map(stepAt), closed: closed.map(stepAt) };
    }
    return undefined;
  }

  /** Whether not every series has the same, once all were added. */
  get differ(): boolean {
    return this.foundCount > 0 && this.kinds.size > 1;
  }

  /** What is said of such series, and where they differ what to do about it. */
  warnings(grid: Frequency): string[] {
    this.end();
    const [first] = this.found;
    if (grid.kind === 'integer' || !first) return [];
    if (this.kinds.size === 1)
      return [
        `On ${grid.label} ${this.series === 1 ? `series "${first.id.slice(0, 100)}"` : 'every series'} ${said(grid, first)}. The other steps are gaps, and would be ` +
          'forecast: no grid has hours or days that differ like this. Leave those steps out of what you read, or keep what has hours of its own in a dataset of its own.',
      ];
    const named = this.found.slice(0, NAMED).map((own) => `"${own.id.slice(0, 100)}" ${said(grid, own)}`);
    const more = this.foundCount > named.length ? `; so are ${(this.foundCount - named.length).toLocaleString('en')} more series` : '';
    return [
      `${this.foundCount === this.series ? 'The' : 'Some'} series have places of their own on ${grid.label}: ${named.join('; ')}${more}. Their other steps are gaps, ` +
        'and would be forecast. Split the upload, so that the series of a dataset have the same ' +
        (grid.kind === 'fixed'
          ? 'hours and days, and say them: frequency h@9-18, h-MON-SAT.'
          : 'days, and say them: frequency B, D-MON-SAT, W-SUN.'),
    ];
  }
}

const place = (step: number, season: number): number => ((step % season) + season) % season;

/** The shorter of what is there and what is not. */
function said(grid: Frequency, { season, open, closed }: Own): string {
  const few = open.length < closed.length;
  const steps = [...(few ? open : closed)].sort((a, b) => place(a, season) - place(b, season));
  const days = season === grid.seasonLengths()[0] && grid.kind === 'fixed';
  const names = [...new Set(steps.map((step) => nameOf(grid, step, { season, days })))].sort(byWeekday);
  const shown = names.slice(0, PLACES).join(', ') + (names.length > PLACES ? ` … ${names.at(-1)}` : '');
  const on = days ? 'at' : 'on';
  return few ? `is observed ${on} ${shown} only` : `is never observed ${on} ${shown}`;
}

/** @param days a season is a day, of which the clock tells the place */
function nameOf(grid: Frequency, step: number, { season, days }: { season: number; days: boolean }): string {
  const fields = grid.calendar(step);
  const clock = `${String(fields.hourOfDay).padStart(2, '0')}:${String(fields.minuteOfHour).padStart(2, '0')}`;
  if (days) return clock;
  const weekday = WEEKDAYS[fields.dayOfWeek]!;
  if (grid.kind === 'fixed') return `${weekday} ${clock}`;
  // Over a clock change a week is an hour longer.
  return grid.timeOf(step + season) - grid.timeOf(step) < 7.5 * 86_400_000 ? weekday : grid.format(step);
}

const byWeekday = (one: string, other: string): number => {
  const at = (name: string): number => WEEKDAYS.indexOf(name.slice(0, 3));
  return at(one) - at(other) || (one < other ? -1 : 1);
};
