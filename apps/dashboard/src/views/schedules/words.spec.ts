import { Cron } from 'croner';
import { describe, expect, it } from 'vitest';
import { sentence } from './words';

/** What really fires, within two days. */
const fires = (cron: string, of: (due: Date) => number): number[] => [
  ...new Set(
    new Cron(cron, { timezone: 'UTC', mode: '5-part', paused: true })
      .nextRuns(400, new Date('2026-03-01T00:00Z'))
      .filter((due) => due < new Date('2026-03-03T00:00Z'))
      .map(of),
  ),
];
const numbers = (text: string): number[] => (text.match(/\d+/g) ?? []).map(Number);

describe('the sentence of a cron line', () => {
  it.each([
    ['0 0 13 * 5', 'On either kind of day: at 00:00, on day 13 of the month; and at 00:00, every Friday'],
    ['0 0 13 * 1-5', 'On either kind of day: at 00:00, on day 13 of the month; and at 00:00, Monday through Friday'],
    ['*/40 * * * *', 'At 0 and 40 minutes past the hour'],
    ['*/15 * * * *', 'Every 15 minutes'],
    ['5-50/20 * * * *', 'At 5, 25, and 45 minutes past the hour'],
    ['0 0 1 */5 *', 'At 00:00, on day 1 of the month, only in January, June, and November'],
    ['0 6 * * 7', 'At 06:00, only on Sunday'],
    ['0 12 29 2 *', 'At 12:00, on day 29 of the month, only in February'],
    ['30 2 * * *', 'At 02:30'],
    ['0 0 ? * 5', 'At 00:00, only on Friday'],
  ])('%s: %s', (cron, said) => expect(sentence(cron)).toBe(said));

  it.each(Array.from({ length: 58 }, (_, i) => i + 2))(
    'names the minutes at which a step of %i fires, or divides the hour by it',
    (step) => {
      const cron = `*/${step} * * * *`;
      if (60 % step === 0) expect(sentence(cron)).toBe(`Every ${step} minutes`);
      else expect(numbers(sentence(cron)!)).toEqual(fires(cron, (due) => due.getUTCMinutes()).sort((a, b) => a - b));
    },
  );

  it.each(['', '* * * *', '0 0 6 * * *', '61 * * * *', 'hourly'])('says nothing of %o, which is none', (cron) => {
    expect(sentence(cron)).toBeUndefined();
  });
});
