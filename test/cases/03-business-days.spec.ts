/** Business days are steps, weekends are none: neither gaps nor forecast, from the file to the export and back. */
import { beforeAll, describe, expect, it } from 'vitest';
import { bySeries, Case, day } from '../support/cases.js';

const trial = new Case('03-business-days');
const expected = trial.json<Record<string, unknown>>('expected.json');
const next = expected['next ten business days'] as Record<string, number>;
const weekends = expected['weekend dates for which a number must not be invented'] as string[];

describe('03 business-days', () => {
  beforeAll(async () => {
    const findings = await trial.stored('workdays.csv', { dataset: 'c03' });
    expect(findings).toMatchObject({ frequency: 'B', observations: expected['observations'], gaps: 0, seasonLengths: [5], warnings: [] });
    await trial.train({ dataset: 'c03', kind: 'seasonalNaive', horizon: 14 });
    await trial.forecast({ model: 'c03-seasonalNaive' });
  });

  it('a stored forecast', async () => {
    const rows = await trial.exported({ dataset: 'c03' });
    const median = Object.keys(rows[0]!).find((name) => !['unique_id', 'ds', 'cutoff'].includes(name) && !/-(lo|hi|q)-/.test(name))!;
    const values = Object.fromEntries(rows.map((row) => [day(row['ds']!), Number(row[median])]));
    expect(values).toMatchObject(next);
    expect(Object.keys(values)).toHaveLength(14);
    expect(Object.keys(values).filter((date) => weekends.includes(date))).toEqual([]);
  });

  it('a request', async () => {
    const { answer } = await trial.post(trial.json('body.json'));
    expect(answer!.frequency).toBe('B');
    const values = bySeries(answer!)['desk']!;
    for (const [date, value] of Object.entries(next)) expect(values[date]).toBeCloseTo(value, 6);
    expect(Object.keys(values).filter((date) => weekends.includes(date))).toEqual([]);
  });

  it('an observation on a weekend is named', async () => {
    const row = 'unique_id,ds,y\ndesk,2024-01-05,50\ndesk,2024-01-06,60\n';
    const { refusal } = await trial.dryRun({ name: 'weekend.csv', content: row }, { dataset: 'c03' });
    expect(refusal).toMatchObject({ code: 'CLOSED_DAY', words: expect.stringContaining('line 3 (desk 2024-01-06)') });
  });
});

describe('a closure calendar', () => {
  // Every day but Sundays and the public holidays of Bavaria, 2022 and 2023, with one of them by mistake.
  const closed = [
    '2022-01-01',
    '2022-01-06',
    '2022-04-15',
    '2022-04-18',
    '2022-05-26',
    '2022-06-06',
    '2022-06-16',
    '2022-10-03',
    '2022-11-01',
    '2022-12-26',
    '2023-01-06',
    '2023-04-07',
    '2023-04-10',
    '2023-05-01',
    '2023-05-18',
    '2023-05-29',
    '2023-06-08',
    '2023-10-03',
    '2023-11-01',
    '2023-12-25',
    '2023-12-26',
  ];
  const days = Array.from({ length: 724 }, (_, i) => new Date(Date.UTC(2022, 0, 3 + i)))
    .filter((date) => date.getUTCDay() !== 0)
    .map((date) => date.toISOString().slice(0, 10));
  const csv = (dates: readonly string[]): string => `unique_id,ds,y\n${dates.map((ds, i) => `shop,${ds},${100 + (i % 6)}`).join('\n')}\n`;
  const open = days.filter((date) => !closed.includes(date));
  const options = { closedWeekdays: ['SUN' as const], closedHolidays: 'DE-BY' };

  it('takes Sundays and holidays off the grid, and names what is observed on one', async () => {
    const findings = await trial.stored({ name: 'shop.csv', content: csv(open) }, { dataset: 'c03-closed', ...options });
    expect(findings).toMatchObject({ frequency: 'D-MON-SAT closed DE-BY', gaps: 0, observations: open.length });
    const again = await trial.dryRun(
      { name: 'more.csv', content: csv(['2023-12-27', '2024-01-06', '2024-01-08']) },
      { dataset: 'c03-closed' },
    );
    expect(again.refusal).toMatchObject({ code: 'CLOSED_DAY', words: expect.stringContaining('line 3 (shop 2024-01-06)') });
  });

  it('is kept: what is exported comes back, and forecasts leave the days out', async () => {
    await trial.train({ dataset: 'c03-closed', kind: 'naive', horizon: 8 });
    await trial.forecast({ model: 'c03-closed-naive' });
    const rows = await trial.exported({ dataset: 'c03-closed' });
    expect(rows.map((row) => day(row['ds']!))).toEqual([
      '2023-12-28',
      '2023-12-29',
      '2023-12-30',
      '2024-01-02',
      '2024-01-03',
      '2024-01-04',
      '2024-01-05',
      '2024-01-08',
    ]);
    const { ds, y } = await trial.observations('c03-closed', 'shop');
    expect(ds.map(day)).toEqual(open);
    expect(y).not.toContain(null);
    const [dataset] = (await trial.client.call('listDatasets', { query: { limit: 1000 } })).items.filter(
      ({ name }) => name === 'c03-closed',
    );
    expect(dataset!.closures).toMatchObject({ label: 'DE-BY' });
  });

  it('is refused by name for weeks, and where no day is left', async () => {
    const weeks = { name: 'weeks.csv', content: csv(['2024-01-01', '2024-01-08', '2024-01-15']) };
    expect((await trial.dryRun(weeks, options)).refusal).toMatchObject({ code: 'CLOSURES_WITHOUT_DAYS' });
    const nowhere = await trial.dryRun({ name: 'x.csv', content: csv(open) }, { closedHolidays: 'XX' });
    expect(nowhere.refusal).toMatchObject({ code: 'COUNTRY_UNKNOWN' });
  });
});
