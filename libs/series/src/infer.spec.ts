import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Frequency } from './frequency.js';
import { inferFrequency } from './infer.js';

describe('frequency inference', () => {
  it('finds the grid that a contiguous run of steps was made on, wherever it starts and whatever its zone', () => {
    const codes = ['1min', '5min', '15min', '30min', 'h', '6h', 'D', 'W-MON', 'W-THU', 'MS', 'QS', 'YS', 'ME', 'QE', 'YE'];
    fc.assert(
      fc.property(
        fc.constantFrom(...codes),
        fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu'),
        fc.integer({ min: 0, max: 50 }),
        (code, zone, first) => {
          const frequency = Frequency.parse(code, zone);
          const times = Array.from({ length: 70 }, (_, i) => frequency.timeOf(first + i));
          expect(inferFrequency(times.reverse(), zone).code).toBe(code);
        },
      ),
    );
  });

  it('does not mind gaps and duplicates', () => {
    const day = (n: number): number => Date.UTC(2024, 0, n);
    expect(inferFrequency([day(1), day(2), day(2), day(9), day(30)]).code).toBe('D');
  });

  it('takes the coarsest grid that fits', () => {
    expect(inferFrequency([Date.UTC(2024, 0, 1), Date.UTC(2024, 0, 15), Date.UTC(2024, 1, 5)]).code).toBe('W-MON');
    expect(inferFrequency([Date.UTC(2024, 0, 1), Date.UTC(2025, 0, 1)]).code).toBe('YS');
    expect(inferFrequency([Date.UTC(2023, 11, 31), Date.UTC(2024, 1, 29), Date.UTC(2024, 2, 31)]).code).toBe('ME');
    expect(inferFrequency([Date.UTC(2024, 1, 28), Date.UTC(2024, 2, 31)]).code).toBe('D');
  });

  it.each([
    ['one timestamp', [0, 0], 'UTC', 'two distinct'],
    ['events', [0, 61_001], 'UTC', 'whole minutes'],
    ['days of another zone', [0, 86_400_000], 'Europe/Berlin', 'midnights of UTC'],
  ])('says why there is no answer for %s', (_, times, zone, why) => {
    expect(() => inferFrequency(times, zone)).toThrow(why);
  });
});
