/**
 * Rhythms that the grid of a file does not have, recognised by the distances between the values of each series: a weekly series among daily
 * ones, the 4-4-5 weeks of retailers, reports on a day of the quarter that moves, a works holiday at the end of every year. On the grid
 * they are gaps, which would be forecast; the findings say what they are.
 * Invariant: what is remembered does not grow with the file.
 */
import { counted, findRhythm, type Frequency, isAlmanacError } from '@almanac/series';

/** Distances, and values, of a series that are looked at. */
const MOST_LOOKED_AT = 400;
/** Fewer distances show no rhythm. */
const LEAST = 4;
/** Share that makes a rhythm. */
const MOST = 0.8;
/** Series that are named. */
const NAMED = 3;
/** Series with more gaps than values whose dates are looked at. */
const MOST_SPARSE = 20;
/** A longer gap is no holiday. */
const LONGEST_HOLIDAY = 31;
const MOST_DAYS = 5000;
/** Weeks of a month, about; more days are no rhythm of months. */
const MOST_DAYS_OF_MONTH = 4;
const DAY_MS = 86_400_000;

interface Coarse {
  id: string;
  apart: number;
}

export class Rhythms {
  private series = 0;
  /** Whose values lie at a regular distance of more than one step. */
  private readonly coarse: Coarse[] = [];
  private coarseCount = 0;
  private retailCount = 0;
  /** The values of the first series that have more gaps than values. */
  private readonly sparse: { id: string; steps: number[] }[] = [];
  private sparseCount = 0;
  /** Steps that are missing in short gaps, and in how many series. */
  private readonly missing = new Map<number, number>();
  private steps: number[] = [];
  private id: string | undefined;
  private last = Number.NaN;
  private from = Infinity;
  private to = -Infinity;

  /** @param torn whether any value is missing in between */
  add(id: string, firstStep: number, values: Float64Array, torn: boolean): void {
    if (values.length === 0 || Number.isNaN(values[0]!)) return;
    if (id !== this.id) {
      this.end();
      this.id = id;
    }
    this.note(firstStep);
    // Without gaps, how many there are is all there is to know.
    const looked = torn ? values.length : Math.min(values.length, MOST_LOOKED_AT);
    for (let i = 1; i < looked; i++) if (!Number.isNaN(values[i]!)) this.note(firstStep + i);
    if (!torn) this.last = firstStep + values.length - 1;
    this.to = Math.max(this.to, this.last);
  }

  private note(step: number): void {
    this.from = Math.min(this.from, step);
    if (this.steps.length < MOST_LOOKED_AT) this.steps.push(step);
    const missing = step - this.last - 1;
    if (missing > 0 && missing <= LONGEST_HOLIDAY)
      for (let t = this.last + 1; t < step; t++)
        if (this.missing.has(t) || this.missing.size < MOST_DAYS) this.missing.set(t, (this.missing.get(t) ?? 0) + 1);
    this.last = step;
  }

  private end(): void {
    const { id, steps } = this;
    this.steps = [];
    this.last = Number.NaN;
    if (id === undefined) return;
    this.series++;
    const apart = steps.slice(1).map((step, i) => step - steps[i]!);
    const wide = apart.filter((distance) => distance > 1);
    if (wide.length < LEAST) return;
    if (steps.at(-1)! - steps[0]! + 1 > 2 * steps.length) {
      this.sparseCount++;
      if (this.sparse.length < MOST_SPARSE) this.sparse.push({ id, steps });
    }
    if (isRetail(apart)) this.retailCount++;
    else if (wide.length >= MOST * apart.length && isRegular(wide)) {
      this.coarseCount++;
      if (this.coarse.length < NAMED) this.coarse.push({ id, apart: middle(wide) });
    }
  }

  /** What is worth telling, most telling first; nothing where the grid has the rhythm of all series. */
  warnings(grid: Frequency): string[] {
    this.end();
    this.id = undefined;
    const { series } = this;
    if (grid.kind === 'integer' || series === 0) return [];
    if (this.retailCount > series / 2)
      return [
        `The values come 4, 4 and 5 weeks apart, as the periods of a retail calendar (4-4-5) do. No grid has them: on ${grid.label} the weeks between ` +
          'are gaps, and would be forecast. Number the periods 1, 2, 3 … in the time column, with frequency 1 and seasonLength 12.',
      ];
    if (this.coarseCount > 0 && this.coarseCount < series) return [this.ofTheirOwn(grid)];
    if (this.sparseCount === series) return grid.kind === 'calendar' ? this.coarser(grid) : this.midnights(grid);
    return this.holidays(grid);
  }

  /** Steps on which next to no series has a value, though it has some before and after. */
  absent(): number[] {
    this.end();
    this.id = undefined;
    return [...this.missing].filter(([, times]) => this.series > 0 && times >= MOST * this.series).map(([step]) => step);
  }

  private ofTheirOwn(grid: Frequency): string {
    const shown = this.coarse.map(({ id, apart }) => `"${id}" (a value every ${apart} steps)`).join(', ');
    const others = this.coarseCount > this.coarse.length ? ` and ${(this.coarseCount - this.coarse.length).toLocaleString('en')} more` : '';
    return (
      `Series ${shown}${others} ${this.coarseCount === 1 ? 'has a coarser rhythm' : 'have coarser rhythms'} than ${grid.label}, the rhythm of the ` +
      'others: the steps between their values are gaps, and would be forecast. Keep series of one rhythm in one dataset.'
    );
  }

  private get sparseSteps(): number[][] {
    return this.sparse.map(({ steps }) => steps);
  }

  /** The rhythm that all values have, or the finest of months, quarters and years that each hold one value of every series. */
  private coarser(grid: Frequency): string[] {
    const own = rhythmOf(this.sparseSteps, grid);
    if (own)
      return [
        `The values have the rhythm ${own.label}, which is coarser than ${grid.label}: there the steps between are gaps, and would be forecast. ` +
          `Say frequency ${own.label}.`,
      ];
    const fields = this.sparse.map(({ steps }) =>
      steps.map((step) => grid.format(step).slice(0, 7).split('-').map(Number) as [number, number]),
    );
    for (const [months, frequency, name] of [
      [1, 'MS', 'month'],
      [3, 'QS', 'quarter'],
      [12, 'YS', 'year'],
    ] as const) {
      const isOneEach = (dates: readonly [number, number][]): boolean => {
        const places = dates.map(([year, month]) => Math.floor((12 * year + month - 1) / months));
        const next = places.slice(1).filter((place, i) => place === places[i]! + 1).length;
        return new Set(places).size === places.length && next >= MOST * (places.length - 1);
      };
      if (fields.every(isOneEach))
        return [
          `Every value lies in a ${name} of its own, ${this.daysIn(months, grid)}: on ${grid.label} the days between are gaps, and would be forecast. ` +
            `Say frequency ${frequency} and aggregation last to read them as ${name}s.`,
        ];
    }
    return this.sameDays(grid);
  }

  /** The same few days of every month: half months, thirds. */
  private sameDays(grid: Frequency): string[] {
    const dates = this.sparse.map(({ steps }) => steps.map((step) => grid.format(step)));
    const days = [...new Set(dates.flat().map((date) => dayIn(1, date)))];
    const isEach = (own: readonly string[]): boolean =>
      own.length >= MOST * days.length * new Set(own.map((date) => date.slice(0, 7))).size;
    if (days.length < 2 || days.length > MOST_DAYS_OF_MONTH || !dates.every(isEach)) return [];
    return [
      `Every value lies on one of ${days.length} days of a month (${days.sort(byNumber).join(', ')}). No grid has them: on ${grid.label} the days between are ` +
        `gaps, and would be forecast. Number the periods 1, 2, 3 … in the time column, with frequency 1 and seasonLength ${12 * days.length}, or say ` +
        'frequency MS and an aggregation (sum, mean …) to read months.',
    ];
  }

  /** Where in its periods each series is dated: that of some by the first day and of others by the last is worth their names. */
  private daysIn(months: number, grid: Frequency): string {
    const byDay = new Map<string, string[]>();
    for (const { id, steps } of this.sparse) {
      const days = new Set(steps.map((step) => dayIn(months, grid.format(step))));
      const day =
        days.size === 1
          ? [...days][0]!
          : days.size === 2 && [...days].every((one) => /^the/.test(one))
            ? [...days].sort().join(' or ')
            : '';
      byDay.set(day, [...(byDay.get(day) ?? []), id]);
    }
    if (byDay.size === 1 && byDay.has('')) return 'on days that move';
    const shown = [...byDay].map(([day, ids]) => {
      const named = ids.slice(0, NAMED).map((id) => `"${id.slice(0, 100)}"`);
      const more = ids.length > NAMED ? ` and ${(ids.length - NAMED).toLocaleString('en')} more` : '';
      return `${named.join(', ')}${more} on ${day === '' ? 'days that move' : day}`;
    });
    const others =
      this.sparseCount > this.sparse.length
        ? `; ${(this.sparseCount - this.sparse.length).toLocaleString('en')} more series were not looked at`
        : '';
    return `on days that are not the same (series ${shown.join('; ')}${others})`;
  }

  /** One clock time in summer and the one beside it in winter: days by the clock of a zone, which the grid does not know. */
  private midnights(grid: Frequency): string[] {
    const steps = this.sparse[0]?.steps ?? [];
    const own = rhythmOf(this.sparseSteps, grid);
    if (own?.kind === 'calendar')
      return [
        `The values have the rhythm ${own.label} of ${grid.timeZone}, which is coarser than ${grid.label}: there the steps between are gaps, and would be ` +
          `forecast. Say frequency ${own.label}.`,
      ];
    const clocks = steps.map((step) => grid.format(step).slice(11, 16));
    const [one, other, ...more] = [...new Set(clocks)].sort();
    const changes = clocks.slice(1).filter((clock, i) => clock !== clocks[i]).length;
    if (one === undefined || other === undefined || more.length > 0 || changes > clocks.length / 4) return [];
    return [
      `Every value lies at ${one} or ${other} of UTC, for months the one and for months the other: these are days, weeks or months by the ` +
        'clock of another zone. Name it, e.g. timeZone Europe/Berlin; on ' +
        `${grid.label} the steps between are gaps, and would be forecast.`,
    ];
  }

  /** Days of the year on which no series has a value in any year. */
  private holidays(grid: Frequency): string[] {
    if (grid.kind !== 'calendar' || grid.timeOf(1) - grid.timeOf(0) > 4 * DAY_MS || this.missing.size === 0) return [];
    const years = new Map<string, number>();
    let days = 0;
    for (const [step, times] of this.missing) {
      if (times < MOST * this.series) continue;
      const day = grid.format(step).slice(5, 10);
      years.set(day, (years.get(day) ?? 0) + 1);
      days++;
    }
    const covered = (grid.timeOf(this.to) - grid.timeOf(this.from)) / (365.25 * DAY_MS);
    const closed = [...years].filter(([, count]) => count >= 2 && count >= MOST * Math.floor(covered)).map(([day]) => day);
    const all = closed.reduce((sum, day) => sum + years.get(day)!, 0);
    if (closed.length === 0 || all < days / 2) return [];
    return [
      `Nothing is observed ${rangesOf(closed).join(', ')} of any year (${all} days). These are gaps, and will be forecast; days that are closed ` +
        'can be declared: closedDates, closedHolidays.',
    ];
  }
}

/** The coarser rhythm on which every value of these series lies; undefined where they have none in common. */
function rhythmOf(series: readonly (readonly number[])[], grid: Frequency): Frequency | undefined {
  const times = series.flat().map((step) => grid.timeOf(step));
  try {
    const { frequency } = findRhythm(counted(times), grid.timeZone);
    if (!times.every((time) => frequency.isOnGrid(time))) return undefined;
    const [from, to] = [Math.min(...times), Math.max(...times)];
    const wide = frequency.floorStep(to) - frequency.floorStep(from) < 0.75 * (grid.floorStep(to) - grid.floorStep(from));
    return wide ? frequency : undefined;
  } catch (error) {
    if (isAlmanacError(error)) return undefined;
    throw error;
  }
}

/** Two periods of four weeks to one of five, in any order, again and again; in weeks or in days. */
function isRetail(apart: readonly number[]): boolean {
  const unit = Math.min(...apart) === 28 ? 7 : 1;
  let matching = 0;
  for (let i = 2; i < apart.length; i++) {
    const three = [apart[i - 2]!, apart[i - 1]!, apart[i]!].map((distance) => distance / unit).sort((a, b) => a - b);
    if (three.join() === '4,4,5') matching++;
  }
  return matching >= LEAST && matching >= MOST * (apart.length - 2);
}

function isRegular(distances: readonly number[]): boolean {
  const sorted = [...distances].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))]!;
  return at(0.9) - at(0.1) <= 0.2 * at(0.5);
}

/** The first or the last day of a period, or the day of the month. */
function dayIn(months: number, time: string): string {
  const at = Date.parse(`${time.slice(0, 10)}T00:00Z`);
  const [date, next] = [new Date(at), new Date(at + DAY_MS)];
  if (date.getUTCDate() === 1 && date.getUTCMonth() % months === 0) return 'the first day';
  if (next.getUTCDate() === 1 && next.getUTCMonth() % months === 0) return 'the last day';
  return months === 1 ? `day ${date.getUTCDate()}` : 'other days';
}

/** The first day, day 11, day 21, the last day. */
const byNumber = (one: string, other: string): number => {
  const of = (day: string): number => (day === 'the first day' ? 1 : day === 'the last day' ? 31 : Number(day.slice(4)));
  return of(one) - of(other);
};

const middle = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** `from 12-24 to 01-02`, `on 05-01`: days of the year that follow each other, over the end of the year too. */
function rangesOf(days: readonly string[]): string[] {
  const number = (day: string): number => (Date.parse(`2024-${day}`) - Date.parse('2024-01-01')) / DAY_MS;
  const sorted = [...days].sort();
  const runs: string[][] = [];
  for (const day of sorted) {
    const run = runs.at(-1);
    if (run && number(day) - number(run.at(-1)!) <= 1) run.push(day);
    else runs.push([day]);
  }
  if (runs.length > 1 && runs[0]![0] === '01-01' && runs.at(-1)!.at(-1) === '12-31') runs.unshift([...runs.pop()!, ...runs.shift()!]);
  return runs.map((run) => (run.length === 1 ? `on ${run[0]}` : `from ${run[0]} to ${run.at(-1)}`));
}
