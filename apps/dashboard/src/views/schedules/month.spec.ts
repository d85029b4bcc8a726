import { describe, expect, it } from 'vitest';
import { monthAfter, monthOf, weeksOf } from './month';

const schedule = (name: string, cron: string, timeZone = 'UTC', paused = false) => ({ name, cron, timeZone, paused });
const due = (days: ReturnType<typeof monthOf>, date: string) => days.find((day) => day.date === date)?.due;

describe('the month of a calendar', () => {
  it('has whole weeks from Monday on', () => {
    const days = weeksOf('2026-03');
    expect([days[0], days.at(-1), days.length]).toEqual(['2026-02-23', '2026-04-05', 42]);
    expect(weeksOf('2027-02')).toHaveLength(28);
  });

  it('puts each time on the day of its own zone, from now on', () => {
    const days = monthOf(
      '2026-03',
      [schedule('berlin', '30 0 * * *', 'Europe/Berlin'), schedule('often', '0 */6 10 * *'), schedule('off', '0 0 * * *', 'UTC', true)],
      new Date('2026-03-08T12:00:00Z'),
    );
    expect(due(days, '2026-03-08')).toEqual([]);
    expect(due(days, '2026-03-09')).toEqual([{ name: 'berlin', times: ['00:30'] }]);
    expect(due(days, '2026-03-10')).toEqual([
      { name: 'often', times: ['00:00', '06:00', '12:00', '18:00'] },
      { name: 'berlin', times: ['00:30'] },
    ]);
  });

  it('follows the clock of the zone over a change of its offset', () => {
    const days = monthOf('2026-03', [schedule('night', '30 2 * * *', 'Europe/Berlin')], new Date('2026-03-27T00:00:00Z'));
    // 02:30 does not exist on the 29th: it is made up for right after.
    expect(['2026-03-28', '2026-03-29', '2026-03-30'].map((date) => due(days, date)?.[0]?.times)).toEqual([
      ['02:30'],
      ['03:00'],
      ['02:30'],
    ]);
  });

  it('is followed by the next', () => {
    expect([monthAfter('2026-12', 1), monthAfter('2026-01', -1)]).toEqual(['2027-01', '2025-12']);
  });
});
