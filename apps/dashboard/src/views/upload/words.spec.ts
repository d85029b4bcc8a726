/** What was understood is said as a person would say it. */
import { findings } from '@almanac/contracts';
import { describe, expect, it } from 'vitest';
import { closedWeekdays, stepWord, understood } from './words';

const found = (change: object) =>
  findings.parse({
    format: 'csv',
    layout: 'long',
    columns: [{ name: 'shop', type: 'VARCHAR', role: 'id' }],
    frequency: 'D-MON-SAT',
    timeZone: 'Europe/Berlin',
    rowsRead: 1000,
    rowsRejected: 0,
    rowsPerSecond: 1,
    series: 120,
    observations: 1000,
    gaps: 0,
    filled: 0,
    duplicates: 0,
    negatives: 0,
    leadingZeros: 0,
    shortest: null,
    start: '2022-12-31T23:00:00Z',
    end: '2023-12-29T23:00:00Z',
    rejections: [],
    warnings: [],
    ...change,
  });

describe('what was understood', () => {
  it('names series, rhythm, days in the zone of the data, and the days that are closed', () => {
    expect(understood(found({}), 'sold').join(' ')).toBe(
      '120 series, one for each shop: one value a day from 1 Jan 2023 to 30 Dec 2023, Europe/Berlin. What is forecast is sold. ' +
        'No row lies on a Sunday: closed then, and not forecast. No step is missing in between.',
    );
  });

  it('says what is missing, filled or cannot be read', () => {
    const said = understood(found({ frequency: '15min', gaps: 7, filled: 0, rowsRejected: 2, series: 1 }), undefined).join(' ');
    expect(said).toContain('One series: one value every 15 minutes from 1 Jan 2023, 00:00');
    expect(said).toContain('7 steps have no value in between. 2 of 1,000 rows cannot be read.');
    expect(understood(found({ gaps: 7, filled: 7 }), undefined)).toContain('7 missing steps count as zero.');
    expect(understood(found({ frequency: '1', start: 1, end: 40 }), undefined)[0]).toContain('numbered steps from step 1 to step 40.');
  });

  it('knows which weekdays a frequency leaves out, and what a horizon counts', () => {
    expect([closedWeekdays('B'), closedWeekdays('D-MON,WED,FRI'), closedWeekdays('D'), closedWeekdays('D-SUN-THU')]).toEqual([
      ['SAT', 'SUN'],
      ['TUE', 'THU', 'SAT', 'SUN'],
      [],
      ['FRI', 'SAT'],
    ]);
    expect(['h', 'D-MON-SAT', 'MS', 'W-MON', '4W-MON', '15min', '1'].map(stepWord)).toEqual([
      'hours',
      'days',
      'months',
      'weeks',
      'steps',
      'steps',
      'steps',
    ]);
  });
});
