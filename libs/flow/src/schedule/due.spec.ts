import { describe, expect, it } from 'vitest';
import { countDues, missedDues, nextDue, nextDues } from './due.js';

const at = (text: string): Date => new Date(text);
const iso = (dates: readonly Date[]): string[] => dates.map((date) => date.toISOString().slice(0, 16));

describe('due times', () => {
  it('follow the clock of the zone, not that of the machine', () => {
    expect(nextDue('0 6 * * *', 'America/New_York', at('2024-01-10T00:00Z'))?.toISOString()).toBe('2024-01-10T11:00:00.000Z');
    expect(nextDue('0 6 * * *', 'Asia/Kolkata', at('2024-01-10T00:00Z'))?.toISOString()).toBe('2024-01-10T00:30:00.000Z');
  });

  it('come after the instant asked about, never at it', () => {
    expect(nextDue('0 6 * * *', 'UTC', at('2024-01-10T06:00Z'))?.toISOString()).toBe('2024-01-11T06:00:00.000Z');
  });

  it('happen on the day whose clock skips the hour, right after the gap', () => {
    // In Berlin, 2024-03-31 has no 02:30: the clock goes from 02:00 (+01:00) to 03:00 (+02:00).
    expect(iso(nextDues('30 2 * * *', 'Europe/Berlin', at('2024-03-30T12:00Z'), 3))).toEqual([
      '2024-03-31T01:00',
      '2024-04-01T00:30',
      '2024-04-02T00:30',
    ]);
  });

  it('happen once on the day whose clock repeats the hour', () => {
    // In Berlin, 2024-10-27 has 02:30 twice: at 00:30Z and at 01:30Z.
    expect(iso(nextDues('30 2 * * *', 'Europe/Berlin', at('2024-10-26T12:00Z'), 2))).toEqual(['2024-10-27T00:30', '2024-10-28T01:30']);
  });

  it('count real hours where the hour is a wildcard', () => {
    expect(iso(nextDues('0 * * * *', 'Europe/Berlin', at('2024-03-31T00:30Z'), 2))).toEqual(['2024-03-31T01:00', '2024-03-31T02:00']);
    expect(iso(nextDues('0 * * * *', 'Europe/Berlin', at('2024-10-26T23:30Z'), 3))).toEqual([
      '2024-10-27T00:00',
      '2024-10-27T01:00',
      '2024-10-27T02:00',
    ]);
  });

  it('that were missed are listed with the one that is due now', () => {
    expect(iso(missedDues('0 6 * * *', 'UTC', at('2024-01-10T06:00Z'), at('2024-01-12T06:00Z')))).toEqual([
      '2024-01-10T06:00',
      '2024-01-11T06:00',
      '2024-01-12T06:00',
    ]);
    expect(missedDues('* * * * *', 'UTC', at('2024-01-01T00:00Z'), at('2024-03-01T00:00Z'), 10)).toHaveLength(10);
  });

  it('are counted by days as they are one by one, also where a clock changes', () => {
    for (const [cron, zone, first, until] of [
      ['*/20 * * * *', 'Europe/Berlin', '2024-03-27T10:40Z', '2024-04-03T07:00Z'],
      ['30 2 * * *', 'Europe/Berlin', '2024-10-20T00:30Z', '2024-11-02T12:00Z'],
      ['0 9-17 * * MON-FRI', 'America/New_York', '2024-03-06T15:00Z', '2024-03-20T13:00Z'],
      ['15 0,12 * * *', 'UTC', '2024-01-01T00:15Z', '2024-01-01T00:16Z'],
    ] as const) {
      const listed = missedDues(cron, zone, at(first), new Date(at(until).getTime() - 1), 10_000);
      expect(listed[0]).toEqual(at(first));
      expect(countDues(cron, zone, at(first), at(until))).toEqual({ dueTimes: listed.length, last: listed.at(-1) });
    }
  });

  it.each(['', 'hourly', '61 * * * *', '* * * *', '0 0 6 * * *'])('refuse %o', (cron) => {
    expect(() => nextDue(cron, 'UTC', at('2024-01-01T00:00Z'))).toThrow(expect.objectContaining({ code: 'CRON_INVALID' }));
  });

  it('refuse a zone that nobody knows', () => {
    expect(() => nextDue('0 6 * * *', 'Europe/Atlantis', at('2024-01-01T00:00Z'))).toThrow(
      expect.objectContaining({ code: 'TIME_ZONE_UNKNOWN' }),
    );
  });
});
