import { describe, expect, it } from 'vitest';
import { toInstant, readTime } from './time.js';

const iso = (text: string, zone = 'UTC'): string | undefined => {
  const time = readTime(text);
  return time && new Date(toInstant(time, zone)).toISOString();
};

describe('a time of a request', () => {
  it.each([
    ['2024-01-31', '2024-01-31T00:00:00.000Z'],
    ['2024-01-31T23:00', '2024-01-31T23:00:00.000Z'],
    ['2024-01-31 23:00:00', '2024-01-31T23:00:00.000Z'],
    [' 2024-01-31T23:00:00.250Z ', '2024-01-31T23:00:00.250Z'],
    ['2024-01-31t23:00z', '2024-01-31T23:00:00.000Z'],
    ['2024-01-31T23:00:00+01:00', '2024-01-31T22:00:00.000Z'],
    ['2024-01-31T23:00:00+0100', '2024-01-31T22:00:00.000Z'],
    ['2024-01-31T23:00:00-05', '2024-02-01T04:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  ])('%s is %s', (text, instant) => expect(iso(text)).toBe(instant));

  it.each([
    '',
    'soon',
    '2024-02-30',
    '2023-02-29',
    '2024-13-01',
    '2024-01-31T24:00',
    '2024-01-31T23:60',
    '2024-01-31T23:00+15',
    '2024-01-31T23:00+01:60',
    '2024-01-31Z',
    '31.01.2024',
    '2024-1-31',
    '1706655600',
    '0024-01-31',
    '20240131T230000Z',
  ])('%j is none', (text) => expect(readTime(text)).toBeUndefined());

  it('without an offset is one of the zone: a day from its first instant, a repeated hour the first time, a skipped one after the jump', () => {
    expect(iso('2024-07-01', 'Europe/Berlin')).toBe('2024-06-30T22:00:00.000Z');
    expect(iso('2024-07-01T12:00', 'Europe/Berlin')).toBe('2024-07-01T10:00:00.000Z');
    expect(iso('2024-10-27T02:30', 'Europe/Berlin')).toBe('2024-10-27T00:30:00.000Z');
    expect(iso('2024-03-31T02:30', 'Europe/Berlin')).toBe('2024-03-31T01:00:00.000Z');
    expect(iso('2024-07-01T12:00Z', 'Europe/Berlin')).toBe('2024-07-01T12:00:00.000Z');
  });
});
