/** Days on which nobody has a row are named, with the country whose holidays they are; a few accidents are nobody's. */
import { Frequency } from '@almanac/series';
import { describe, expect, it } from 'vitest';
import { closedDays } from './closedDays.js';
import { holidaysOf } from './closures.js';

const day = (zone: string, frequency = 'D-MON-SAT') => Frequency.parse(frequency, zone);

describe('closedDays', () => {
  it.each(['Europe/Berlin', 'UTC'])('knows the public holidays of Germany in %s', async (zone) => {
    const grid = day(zone);
    const step = (date: string): number => grid.floorStep(Date.parse(`${date}T12:00Z`));
    const [from, to] = [step('2022-01-03'), step('2023-12-30')];
    const closed = new Set(await holidaysOf('DE', [2022, 2023]));
    const absent = Array.from({ length: to - from + 1 }, (_, i) => from + i).filter((one) =>
      closed.has(Date.parse(grid.format(one).slice(0, 10)) / 86_400_000),
    );
    const found = await closedDays(grid, absent, from, to);
    expect(found).toMatchObject({ count: absent.length, holidays: 'DE', onHolidays: absent.length });
    // The first of January 2023 was a Sunday, on which it is closed anyway.
    expect(found!.days).toContain('2022-12-26');
    expect(found!.days).not.toContain('2023-01-01');
  });

  it('names days that are no holidays of anybody, and asks nothing where steps are no days', async () => {
    const grid = day('UTC', 'D');
    const from = grid.floorStep(Date.parse('2023-01-01'));
    expect(await closedDays(grid, [from + 40, from + 77, from + 131], from, from + 364)).toEqual({
      count: 3,
      days: ['2023-02-10', '2023-03-19', '2023-05-12'],
      holidays: null,
      onHolidays: 0,
    });
    expect(await closedDays(grid, [from + 40], from, from + 364)).toBeNull();
    expect(await closedDays(Frequency.parse('MS', 'UTC'), [1, 2, 3, 4], 0, 50)).toBeNull();
  });
});
