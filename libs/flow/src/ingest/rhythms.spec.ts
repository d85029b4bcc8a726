/** Rhythms that a grid does not have are recognised, and others are not taken for one. */
import { Frequency } from '@almanac/series';
import { describe, expect, it } from 'vitest';
import { Rhythms } from './rhythms.js';

const DAY = Frequency.parse('D', 'UTC');
const step = (date: string): number => DAY.stepOf(Date.parse(date));
/** @param series steps of the values of each */
function warningsOf(series: Record<string, number[]>, grid = DAY): string[] {
  const rhythms = new Rhythms();
  for (const [id, steps] of Object.entries(series)) {
    const values = new Float64Array(steps.at(-1)! - steps[0]! + 1).fill(Number.NaN);
    for (const one of steps) values[one - steps[0]!] = 1;
    rhythms.add(id, steps[0]!, values, steps.length < values.length);
  }
  return rhythms.warnings(grid);
}
const range = (count: number, of: (i: number) => number): number[] => Array.from({ length: count }, (_, i) => of(i));
const first = step('2021-01-01');
const daily = range(1000, (i) => first + i);

describe('Rhythms', () => {
  it('says nothing of days, with a few of them missing', () => {
    expect(warningsOf({ a: daily, b: daily.filter((one) => one % 37 !== 5) })).toEqual([]);
  });

  it('names the series that are weekly or monthly among daily ones', () => {
    const monthly = range(30, (i) => step(new Date(Date.UTC(2021, i, 1)).toISOString()));
    const [warning, ...none] = warningsOf({ daily, monthly, weekly: range(100, (i) => first + 7 * i) });
    expect(warning).toMatch(/"monthly" \(a value every 31 steps\), "weekly" \(a value every 7 steps\) have coarser rhythms than D/);
    expect(none).toEqual([]);
    // Of sparse sales nobody says that they are regular.
    expect(warningsOf({ daily, rare: daily.filter((one) => Math.abs(Math.sin(one * one)) < 0.2) })).toEqual([]);
  });

  it.each([
    ['days', 'D', [28, 28, 35]],
    ['days', 'D', [35, 28, 28]],
    ['weeks', 'W-SUN', [4, 5, 4]],
  ])('knows a retail calendar in %s', (_, frequency, pattern) => {
    let at = first;
    const periods = range(36, (i) => (at += pattern[i % 3]!));
    expect(warningsOf({ shop: periods }, Frequency.parse(frequency, 'UTC'))).toEqual([
      expect.stringMatching(/4-4-5.*frequency 1 and seasonLength 12/),
    ]);
  });

  it.each([
    ['half months', [1, 15], /2 days of a month \(the first day, day 15\).*seasonLength 24,/],
    ['half months by their ends', [15, 0], /2 days of a month \(day 15, the last day\).*seasonLength 24,/],
    [
      'thirds of months',
      [1, 11, 21],
      /3 days of a month \(the first day, day 11, day 21\).*seasonLength 36,.*frequency MS and an aggregation/,
    ],
  ])('knows %s, with some of them missing', (_, days, says) => {
    const dates = range(30 * days.length, (i) => {
      const [month, day] = [Math.floor(i / days.length), days[i % days.length]!];
      return step(new Date(Date.UTC(2020, day === 0 ? month + 1 : month, day)).toISOString());
    });
    expect(warningsOf({ a: dates, b: dates.filter((_, i) => i % 17 !== 5) })).toEqual([expect.stringMatching(says)]);
  });

  it('proposes quarters to reports on days of them that move', () => {
    const reports = range(24, (i) => step(new Date(Date.UTC(2018, 3 * i + 1, [14, 16, 15, 13, 20][i % 5]!)).toISOString()));
    expect(warningsOf({ report: reports })).toEqual([expect.stringMatching(/a quarter of its own.*frequency QS and aggregation last/)]);
  });

  it('names the series that are dated by the first day of a month and those that are by the last', () => {
    const month = (i: number, day: number): number => step(new Date(Date.UTC(2018, i, day)).toISOString());
    const starts = range(30, (i) => month(i, 1));
    expect(warningsOf({ a: starts, b: starts, end: range(30, (i) => month(i + 1, 0)), mid: range(30, (i) => month(i, 15)) })).toEqual([
      expect.stringMatching(/"a", "b" on the first day; "end" on the last day; "mid" on day 15\).*frequency MS and aggregation last/),
    ]);
  });

  it('knows days of a zone on a grid of hours, and proposes no months there', () => {
    const hours = Frequency.parse('h', 'UTC');
    const midnight = (day: string): number =>
      hours.stepOf(Date.parse(`${day}T00:00${day > '2021-03-28' && day < '2021-10-31' ? '+02:00' : '+01:00'}`));
    const days = range(300, (i) => midnight(DAY.format(first + i).slice(0, 10)));
    const months = range(12, (i) => midnight(new Date(Date.UTC(2021, i, 1)).toISOString().slice(0, 10)));
    for (const steps of [days, months])
      expect(warningsOf({ x: steps }, hours)).toEqual([expect.stringMatching(/at 22:00 or 23:00 of UTC.*timeZone Europe/)]);
  });

  it('calls a rhythm that all values have by its code', () => {
    const monthly = range(30, (i) => step(new Date(Date.UTC(2021, i, 15)).toISOString()));
    expect(warningsOf({ x: monthly })).toEqual([expect.stringMatching(/rhythm MS-15, which is coarser than D: .* Say frequency MS-15\.$/)]);
    const quarters = Frequency.parse('QS-MAR');
    expect(warningsOf({ x: range(20, (i) => 4 * i) }, quarters)).toEqual([
      expect.stringMatching(/rhythm YS-MAR, which is coarser than QS-MAR/),
    ]);
    // Midnights of the zone that the grid of hours is of.
    const hours = Frequency.parse('h', 'Europe/Berlin');
    const days = range(60, (i) => hours.floorStep(Frequency.parse('D', 'Europe/Berlin').timeOf(19_790 + i)));
    expect(warningsOf({ x: days }, hours)).toEqual([expect.stringMatching(/rhythm D of Europe\/Berlin, which is coarser than h:/)]);
  });

  it('knows days of every year on which nothing is observed', () => {
    const closed = (one: number): boolean => /-(12-(2[4-9]|3.)|01-0[12]|05-01)/.test(DAY.format(one));
    const open = daily.filter((one) => !closed(one));
    expect(warningsOf({ works: open, other: open })).toEqual([
      expect.stringMatching(/observed from 12-24 to 01-02, on 05-01 of any year.*closedDates/),
    ]);
    expect(warningsOf({ works: open, other: daily })).toEqual([]);
  });
});
