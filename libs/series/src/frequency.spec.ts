import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { Frequency } from './frequency.js';

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'America/Sao_Paulo',
  'America/St_Johns',
  'Africa/Casablanca',
  'Asia/Kathmandu',
  'Asia/Tehran',
  'America/Havana',
];
const CODES = ['1min', '15min', 'h', '6h', 'D', 'W-MON', 'W-SUN', 'MS', 'QS', 'YS', 'ME', 'QE', 'YE', '1'];
const instants = fc.integer({ min: Date.UTC(1940, 0, 1), max: Date.UTC(2040, 0, 1) });
const steps = fc.integer({ min: -30, max: 65 });

describe('a frequency', () => {
  it('holds every instant in exactly one step, and its start is on the grid', () => {
    fc.assert(
      fc.property(fc.constantFrom(...CODES), fc.constantFrom(...ZONES), instants, (code, zone, time) => {
        const frequency = Frequency.parse(code, zone);
        const step = frequency.floorStep(time);
        expect(frequency.timeOf(step)).toBeLessThanOrEqual(time);
        expect(frequency.timeOf(step + 1)).toBeGreaterThan(time);
        expect(frequency.stepOf(frequency.timeOf(step))).toBe(step);
        expect(frequency.isOnGrid(time)).toBe(frequency.timeOf(step) === time);
      }),
      { numRuns: 1500 * inject('fuzz') },
    );
  });

  it('starts every civil unit at the first instant that has its date, by an independent clock', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('D', 'W-WED', 'MS', 'QS', 'YS', 'ME', 'QE', 'YE'),
        fc.constantFrom(...ZONES),
        steps,
        fc.nat(300),
        (code, zone, base, shift) => {
          const frequency = Frequency.parse(code, zone);
          const step = code.startsWith('Y') ? base : base * 20 + shift;
          const start = frequency.timeOf(step);
          const date = (time: number): string => new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' }).format(time);
          expect(date(start)).toBe(frequency.format(step));
          expect(date(start - 1) < date(start)).toBe(true);
        },
      ),
      { numRuns: 1000 * inject('fuzz') },
    );
  });

  it('gives days of 23, 24 and 25 hours where the clock changes', () => {
    const daily = Frequency.parse('D', 'Europe/Berlin');
    const hours = (date: string): number => {
      const step = daily.floorStep(Date.parse(`${date}T12:00Z`));
      return (daily.timeOf(step + 1) - daily.timeOf(step)) / 3_600_000;
    };
    expect([hours('2024-03-31'), hours('2024-06-01'), hours('2024-10-27')]).toEqual([23, 24, 25]);
  });

  it('starts a day at the change where midnight is skipped', () => {
    const daily = Frequency.parse('D', 'America/Sao_Paulo');
    expect(new Date(daily.timeOf(daily.floorStep(Date.parse('2018-11-04T12:00Z')))).toISOString()).toBe('2018-11-04T03:00:00.000Z');
  });

  it('gives no time to a date that the zone never had', () => {
    const daily = Frequency.parse('D', 'Pacific/Apia');
    const before = daily.floorStep(Date.parse('2011-12-30T00:00Z'));
    expect(daily.format(before)).toBe('2011-12-29');
    expect(daily.timeOf(before + 1)).toBe(daily.timeOf(before + 2));
    expect(daily.format(daily.floorStep(daily.timeOf(before + 1)))).toBe('2011-12-31');
  });

  it('aligns weeks, months, quarters and years with the calendar', () => {
    const start = (code: string, day: string): string => {
      const frequency = Frequency.parse(code);
      return frequency.format(frequency.floorStep(Date.parse(`${day}T12:00Z`)));
    };
    expect(start('W-MON', '2024-05-08')).toBe('2024-05-06');
    expect(start('W-SUN', '2024-05-08')).toBe('2024-05-05');
    expect(start('W-WED', '1969-12-31')).toBe('1969-12-31');
    expect(start('MS', '2024-02-29')).toBe('2024-02-01');
    expect(start('QS', '1969-12-31')).toBe('1969-10-01');
    expect(start('YS', '2024-05-08')).toBe('2024-01-01');
    expect(start('ME', '2024-03-30')).toBe('2024-02-29');
    expect(start('ME', '2024-03-31')).toBe('2024-03-31');
    expect(start('QE', '1970-01-01')).toBe('1969-12-31');
    expect(start('YE', '2024-12-31')).toBe('2024-12-31');
  });

  it('names the step before when an instant is off the grid', () => {
    const hourly = Frequency.parse('h');
    expect(() => hourly.stepOf(Date.parse('2024-05-08T10:30Z'))).toThrow(
      expect.objectContaining({ code: 'OFF_GRID', hint: expect.stringContaining('2024-05-08T10:00:00Z') }),
    );
    expect(() => Frequency.parse('D', 'Europe/Berlin').stepOf(Date.parse('2024-05-08T00:00Z'))).toThrow(
      'not on the grid D (Europe/Berlin)',
    );
  });

  it('tells where a step lies in the calendar of the zone', () => {
    const hourly = Frequency.parse('15min', 'America/New_York');
    expect(hourly.calendar(hourly.stepOf(Date.parse('2024-03-01T04:45Z')))).toEqual({
      minuteOfHour: 45,
      hourOfDay: 23,
      dayOfWeek: 3,
      dayOfMonth: 29,
      dayOfYear: 60,
      month: 2,
    });
    const monthly = Frequency.parse('MS', 'Asia/Tehran');
    expect(monthly.calendar(-1)).toEqual({ minuteOfHour: 0, hourOfDay: 0, dayOfWeek: 0, dayOfMonth: 1, dayOfYear: 335, month: 12 });
  });

  it('writes steps as ISO', () => {
    expect(Frequency.parse('h').format(8766 * 24)).toBe('1994-01-01T00:00:00Z');
    expect(Frequency.parse('D', 'Asia/Kathmandu').format(0)).toBe('1970-01-01');
    expect(Frequency.parse('1').format(-3)).toBe('-3');
  });

  it.each([
    ['1h', 'h', [24, 168]],
    ['H', 'h', [24, 168]],
    ['60min', 'h', [24, 168]],
    ['15min', '15min', [96, 672]],
    ['min', '1min', [1440, 10080]],
    ['90min', '90min', [16, 112]],
    ['24h', '24h', [7]],
    ['5h', '5h', []],
    ['D', 'D', [7]],
    ['W', 'W-SUN', [52]],
    ['MS', 'MS', [12]],
    ['QS', 'QS', [4]],
    ['YS', 'YS', []],
    ['ME', 'ME', [12]],
    ['QE', 'QE', [4]],
    ['YE', 'YE', []],
    ['1', '1', []],
  ])('reads %s as %s with seasons %j', (given, code, seasons) => {
    const frequency = Frequency.parse(given, 'Europe/Berlin');
    expect(frequency.code).toBe(code);
    expect(frequency.seasonLengths()).toEqual(seasons);
    expect(frequency.timeZone).toBe('Europe/Berlin');
  });

  it.each(['', 'x', '0min', '-1h', 'W-ABC', 'M', '1.5h', '2'])('rejects "%s"', (code) => {
    expect(() => Frequency.parse(code)).toThrow(expect.objectContaining({ code: 'FREQUENCY_UNKNOWN' }));
  });

  it('rejects an unknown time zone', () => {
    expect(() => Frequency.parse('h', 'Mars/Olympus')).toThrow(expect.objectContaining({ code: 'TIME_ZONE_UNKNOWN' }));
  });
});
