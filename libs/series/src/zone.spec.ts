import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { zoneOf } from './zone.js';

/** What the clock of a zone shows, by all its fields, written as if it were UTC. */
function clockAt(timeZone: string, epochMs: number): number {
  const fields = ['year', 'month', 'day', 'hour', 'minute', 'second'] as const;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    ...Object.fromEntries(fields.map((one) => [one, 'numeric'])),
  });
  const part = Object.fromEntries(format.formatToParts(epochMs).map(({ type, value }) => [type, Number(value)]));
  const [year, month, day, hour, minute, second] = fields.map((one) => part[one]!) as [number, number, number, number, number, number];
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

const DAY = 86_400_000;

describe('the offset of a zone', () => {
  it('is what its clock shows, in any year', () => {
    const zones = fc.constantFrom(...Intl.supportedValuesOf('timeZone'));
    const seconds = fc.integer({ min: Date.UTC(1890, 0, 1) / 1000, max: Date.UTC(2100, 0, 1) / 1000 });
    fc.assert(
      fc.property(zones, seconds, (zone, second) => {
        expect(zoneOf(zone).offsetAt(second * 1000)).toBe(clockAt(zone, second * 1000) - second * 1000);
      }),
      { numRuns: 400 * inject('fuzz') },
    );
  });

  // The shortest there are, between two changes: a week less an hour; twelve days; a Ramadan; half an hour more, for one summer.
  it.each([
    ['America/Boa_Vista', '2000-10-01'],
    ['America/Recife', '2000-10-01'],
    ['America/Argentina/Tucuman', '2004-05-25'],
    ['Asia/Gaza', '2040-10-10'],
    ['Africa/Casablanca', '2024-03-01'],
    ['Australia/Lord_Howe', '2024-04-01'],
    ['Pacific/Apia', '2011-12-24'],
    ['Asia/Pyongyang', '2015-08-10'],
  ])('is what its clock shows around changes that are close to each other: %s from %s on', (zone, from) => {
    const start = Date.parse(from);
    for (let t = start; t < start + 50 * DAY; t += 900_000)
      expect(zoneOf(zone).offsetAt(t), new Date(t).toISOString()).toBe(clockAt(zone, t) - t);
  });
});
