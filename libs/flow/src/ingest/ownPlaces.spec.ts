/** Days and hours at which a series is never observed are named, by series where they differ; holes by chance are not. */
import { Frequency } from '@almanac/series';
import { describe, expect, it } from 'vitest';
import { OwnPlaces } from './ownPlaces.js';

const HOUR = 3_600_000;
function warningsOf(
  grid: Frequency,
  days: number,
  isOpen: Record<string, (weekday: number, hour: number, t: number) => boolean>,
): string[] {
  const places = new OwnPlaces(grid.seasonLengths());
  const first = grid.floorStep(Date.parse('2024-01-01T12:00Z'));
  for (const [id, open] of Object.entries(isOpen)) {
    const steps = Array.from({ length: days }, (_, t) => first + t).filter((step) => {
      const { dayOfWeek, hourOfDay } = grid.calendar(step);
      return open(dayOfWeek, hourOfDay, step - first);
    });
    const values = new Float64Array(steps.at(-1)! - steps[0]! + 1).fill(Number.NaN);
    for (const step of steps) values[step - steps[0]!] = 1;
    places.add(id, steps[0]!, values, steps.length < values.length);
  }
  return places.warnings(grid);
}

describe('series with places of their own', () => {
  it('are not those that are hardly observed at all', () => {
    const days = Frequency.parse('D', 'UTC');
    expect(warningsOf(days, 2000, { slip: (_, __, t) => t < 30 || t === 1999 })).toEqual([]);
  });

  it('are named by the hours at which they are never observed', () => {
    const shop = Frequency.parse('h@9-20', 'UTC');
    const hours = { early: (_: number, hour: number) => hour < 17, late: (_: number, hour: number) => hour >= 12 };
    expect(shop.width.widthMs).toBe(HOUR);
    expect(warningsOf(shop, 400, hours)).toEqual([
      expect.stringMatching(
        /^The series have places of their own on h@9-20: "early" is never observed at 17:00, 18:00, 19:00; "late" .* 09:00, 10:00, 11:00\. .*Split the upload.*h@9-18/,
      ),
    ]);
    // The hours of weekends differ from those of other days, in all series alike.
    const short = (weekday: number, hour: number): boolean => weekday < 5 || hour < 18;
    expect(warningsOf(shop, 400, { a: short, b: short })).toEqual([
      expect.stringMatching(/^On h@9-20 every series is never observed on SAT 18:00, SAT 19:00, SUN 18:00, SUN 19:00\. .*gaps/),
    ]);
  });

  it('are named by the weekdays', () => {
    const day = Frequency.parse('D', 'UTC');
    const warning = warningsOf(day, 200, {
      shop: () => true,
      office: (weekday) => weekday < 5,
      gulf: (weekday) => weekday < 4 || weekday > 5,
    });
    expect(warning).toEqual([
      expect.stringMatching(/^Some series .* D: "office" is never observed on SAT, SUN; "gulf" .* on FRI, SAT\..*frequency B/),
    ]);
    expect(warningsOf(day, 200, { one: (weekday) => weekday === 0, other: (weekday) => weekday === 6 })).toEqual([
      expect.stringMatching(/^The series .*"one" is observed on MON only; "other" is observed on SUN only/),
    ]);
  });

  it('are named by the weekdays of a grid that has few of them', () => {
    const two = Frequency.parse('D-MON,SUN', 'UTC');
    expect(warningsOf(two, 60, { mondays: (weekday) => weekday === 0, sundays: (weekday) => weekday === 6 })).toEqual([
      expect.stringMatching(/"mondays" is never observed on SUN; "sundays" is never observed on MON\./),
    ]);
  });

  it('are not seen in holes by chance', () => {
    const day = Frequency.parse('D', 'UTC');
    const hole = (by: number) => (_weekday: number, _hour: number, t: number) => (t * by) % 11 > 2;
    expect(warningsOf(day, 200, { a: hole(3), b: hole(5), c: () => true })).toEqual([]);
    expect(warningsOf(day, 15, { a: (weekday) => weekday < 5, b: () => true })).toEqual([]);
  });
});
