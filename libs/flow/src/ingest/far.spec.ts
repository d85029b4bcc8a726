import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Frequency } from '@almanac/series';
import { farEnds, maybeFar, oddSteps, yearsOf } from './far.js';
import { stepsIn } from './range.js';

const grid = fc
  .tuple(
    fc.constantFrom('15min', 'h', '6h+3h', 'D', 'B', 'D-MON-SAT', 'W-MON', '4W-MON', 'MS', 'ME', 'QS-MAR', 'YS'),
    fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia'),
  )
  .map(([code, zone]) => Frequency.parse(code, zone));
/** Steps of a series from a start on, some of them missing. */
const honest = fc
  .tuple(fc.integer({ min: -20_000, max: 20_000 }), fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 40, maxLength: 120 }))
  .map(([start, gaps]) => gaps.reduce((steps, gap) => [...steps, steps.at(-1)! + gap], [start]));

const extentsOf = (series: readonly (readonly number[])[]): Parameters<typeof maybeFar>[0] => ({
  firstSteps: series.map((steps) => steps[0]!),
  lastSteps: series.map((steps) => steps.at(-1)!),
  rows: series.map((steps) => steps.length),
});
/** As the reader does it: steps are looked at only where first and last steps allow for a far one. */
function farOf(series: readonly (readonly number[])[], years: number): { whole: number; single: number } {
  const suspects = maybeFar(extentsOf(series), years, false);
  const all = [...new Set(series.flat())].sort((a, b) => a - b);
  const count = ({ before, after }: { before: number; after: number }): number => before + after;
  return {
    whole: suspects.whole ? count(farEnds(all, years, true)) : 0,
    single: suspects.series.reduce((sum, no) => sum + count(farEnds(series[no]!, years, false)), 0),
  };
}

describe('a row that is', () => {
  it('ten years or more from all others, before or after, is far on every grid; the others are not', () => {
    fc.assert(
      fc.property(grid, honest, fc.integer({ min: 10, max: 600 }), fc.boolean(), (frequency, steps, years, after) => {
        const distance = frequency.floorStep(Date.UTC(1970 + years, 0, 2)) + 1;
        // Ten times the largest gap is more than ten years of months: then a distance of that many is not far.
        fc.pre(distance > 100);
        const far = after ? [...steps, steps.at(-1)! + distance] : [steps[0]! - distance, ...steps];
        expect(farEnds(far, yearsOf(frequency), false)).toEqual({ before: after ? 0 : 1, after: after ? 1 : 0 });
        expect(farOf([far], yearsOf(frequency))).toEqual({ whole: 1, single: 1 });
      }),
    );
  });

  it('honest is not called far: sparse histories, series that begin years after others, gaps of years among gaps of months', () => {
    fc.assert(
      fc.property(
        grid,
        fc.array(honest, { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(30), { minLength: 4, maxLength: 4 }),
        (frequency, series, late) => {
          const years = yearsOf(frequency);
          // Each begins some decades later or earlier than the others, as it likes.
          const moved = series.map((steps, no) => steps.map((step) => step + Math.round((late[no]! * years) / 3)));
          expect(farOf(moved, years)).toEqual({ whole: 0, single: 0 });
        },
      ),
    );
    fc.assert(
      fc.property(grid, fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { minLength: 2, maxLength: 30 }), (frequency, at) => {
        const years = yearsOf(frequency);
        const sparse = at.sort((a, b) => a - b).map((one) => one * Math.ceil(years / 3));
        expect(farOf([sparse], years)).toEqual({ whole: 0, single: 0 });
      }),
    );
  });

  it('of a slip within what another series has is far in its own', () => {
    const panel = Array.from({ length: 8000 }, (_, step) => step);
    const slipped = [100, ...Array.from({ length: 400 }, (_, step) => 7000 + step)];
    expect(farOf([panel, slipped], yearsOf(Frequency.parse('D', 'UTC')))).toEqual({ whole: 0, single: 1 });
  });

  it('ten times as far as the data lasts is far, of plain integers too', () => {
    const cycles = Array.from({ length: 100 }, (_, step) => step);
    expect(farOf([[...cycles, 100_000]], Infinity)).toEqual({ whole: 1, single: 0 });
    expect(farOf([[...cycles, 500]], Infinity)).toEqual({ whole: 0, single: 0 });
    expect(farOf([[0, 900_000_000]], Infinity)).toEqual({ whole: 0, single: 0 });
  });

  it('behind a shorter gap is far, and what lies between the two is not', () => {
    const days = Array.from({ length: 500 }, (_, step) => 20_000 + step);
    expect(farOf([[3, 19_940, ...days]], 1095)).toEqual({ whole: 1, single: 1 });
    expect(farOf([[3, 9_000, ...days, 90_000]], 1095)).toEqual({ whole: 3, single: 3 });
  });

  it('of a clock that began in 1970 is far, a hundredth of all rows at most', () => {
    const minutes = Array.from({ length: 10_000 }, (_, step) => 28_000_000 + step);
    const years = yearsOf(Frequency.parse('min', 'UTC'));
    expect(farOf([[...minutes.slice(0, 90).map((_, step) => step), ...minutes]], years)).toEqual({ whole: 90, single: 90 });
    expect(farOf([[...minutes.slice(0, 900).map((_, step) => step), ...minutes]], years)).toEqual({ whole: 0, single: 0 });
  });
});

describe('rows that are added to what is stored', () => {
  const farOf = (frequency: Frequency, added: readonly number[], stored: { firstStep: number; lastStep: number }): number[] =>
    oddSteps([{ id: 'a', steps: added }], frequency, new Date(), {}, stored).far.rows.map(({ step }) => step);

  it('go on from it: on a grid of years three more are no slip, and ten years between others are', () => {
    const years = Frequency.parse('YE-JUN', 'UTC');
    const stored = { firstStep: 20, lastStep: 40 };
    expect(farOf(years, [41, 42, 43], stored)).toEqual([]);
    expect(farOf(years, [17, 18, 19], stored)).toEqual([]);
    expect(farOf(years, [41, 54], stored)).toEqual([54]);
    expect(farOf(years, [4, 41], stored)).toEqual([4]);
    const days = Frequency.parse('D', 'UTC');
    const two = { firstStep: 18_000, lastStep: 18_700 };
    expect(farOf(days, [18_701, 18_701 + 1200], two)).toEqual([18_701 + 1200]);
    expect(farOf(days, [18_701 + 900, 18_701 + 1800], two)).toEqual([]);
  });

  it('without a gap are not far on any grid, however many there are', () => {
    fc.assert(
      fc.property(grid, honest, fc.integer({ min: 1, max: 30 }), fc.boolean(), (frequency, steps, count, after) => {
        const added = Array.from({ length: count }, (_, i) => (after ? steps.at(-1)! + 1 + i : steps[0]! - count + i));
        expect(farOf(frequency, added, { firstStep: steps[0]!, lastStep: steps.at(-1)! })).toEqual([]);
      }),
    );
  });
});

describe('a stated range', () => {
  it('holds exactly the steps that start in it, on every grid and in any zone', () => {
    fc.assert(
      fc.property(grid, fc.integer({ min: -8000, max: 20_000 }), fc.integer({ min: 0, max: 800 }), (frequency, day, days) => {
        const dateOf = (at: number): string => new Date(at * 86_400_000).toISOString().slice(0, 10);
        const [from, to] = [dateOf(day), dateOf(day + days)];
        const civil = Frequency.parse('D', frequency.timeZone);
        const [start, end] = [civil.timeOf(day), civil.timeOf(day + days + 1)];
        const inside = (step: number): boolean => frequency.timeOf(step) >= start && frequency.timeOf(step) < end;
        let range: { first: number; last: number };
        try {
          range = stepsIn({ from, to }, frequency);
        } catch (error) {
          // No step starts in it.
          expect(error).toMatchObject({ code: 'RANGE_EMPTY' });
          expect(inside(frequency.floorStep(end - 1))).toBe(false);
          return;
        }
        const { first, last } = range;
        expect([first - 1, first, last, last + 1].map(inside)).toEqual([false, true, true, false]);
      }),
    );
  });

  it('takes numbers on plain integers, and a date there is refused', () => {
    const plain = Frequency.parse('1', 'UTC');
    expect(stepsIn({ from: 5, to: '9' }, plain)).toEqual({ first: 5, last: 9 });
    expect(() => stepsIn({ from: '2024-01-01' }, plain)).toThrow(expect.objectContaining({ code: 'TIME_INVALID' }));
    expect(() => stepsIn({ from: 9, to: 5 }, plain)).toThrow(expect.objectContaining({ code: 'RANGE_EMPTY' }));
  });
});
