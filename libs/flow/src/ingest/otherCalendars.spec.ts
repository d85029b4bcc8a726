import { Frequency } from '@almanac/series';
import { expect, it } from 'vitest';
import { calendarWarnings } from './otherCalendars.js';

const DAY = Frequency.parse('D', 'UTC');
const of = (from: string, to: string): string[] => calendarWarnings(DAY, DAY.stepOf(Date.parse(from)), DAY.stepOf(Date.parse(to)));

it('names years of the Thai, the Hijri and the Persian calendar', () => {
  expect(of('2566-01-01', '2567-03-01')).toEqual([expect.stringMatching(/years 2566 to 2567.*543 years more.*Convert them/)]);
  expect(of('1445-01-01', '1446-03-01')).toEqual([expect.stringMatching(/Hijri/)]);
  expect(of('1402-01-01', '1403-03-01')).toEqual([expect.stringMatching(/Persian/)]);
});

it('says nothing of long histories, of the near past and future, and of plain integers', () => {
  expect(of('1400-01-01', '2024-01-01')).toEqual([]);
  expect(of('1901-01-01', '2024-01-01')).toEqual([]);
  expect(of('2024-01-01', '2300-01-01')).toEqual([]);
  expect(calendarWarnings(Frequency.parse('1', 'UTC'), 1445, 1500)).toEqual([]);
});
