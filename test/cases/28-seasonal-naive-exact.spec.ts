/** Last year's value is last year's value, to the last digit and in its own week. */
import { beforeAll, describe, expect, it } from 'vitest';
import { bySeries, Case, day } from '../support/cases.js';

const trial = new Case('28-seasonal-naive-exact');
const billions = trial.json<{ billions: Record<string, number> }>('expected.json').billions;

describe('28 seasonal-naive-exact', () => {
  beforeAll(async () => {
    await trial.stored('billions.csv', { dataset: 'c28' });
    await trial.train({ dataset: 'c28', kind: 'seasonalNaive', horizon: 12 });
    await trial.forecast({ model: 'c28-seasonalNaive' });
  });

  it('every digit in the answer', async () => {
    const { answer } = await trial.post(trial.json('billions.json'));
    expect(bySeries(answer!)).toEqual({ gdp: billions });
  });

  it('every digit in the stored forecast, as CSV and as JSON', async () => {
    const rows = await trial.exported({ dataset: 'c28' });
    const median = Object.keys(rows[0]!).find((name) => !['unique_id', 'ds', 'cutoff'].includes(name) && !/-(lo|hi|q)-/.test(name))!;
    expect(Object.fromEntries(rows.map((row) => [day(row['ds']!), row[median]]))).toEqual(
      Object.fromEntries(Object.entries(billions).map(([date, value]) => [date, String(value)])),
    );
    const { items } = await trial.client.call('latestForecasts', { query: { dataset: 'c28' } as never });
    const text = JSON.stringify(items);
    for (const value of Object.values(billions)) expect(text).toContain(String(value));
  });

  it('each week by its own a year before, and none for weeks that were never seen', async () => {
    const { answer } = await trial.post(trial.json('weeks-14-52.json'));
    expect(answer).toMatchObject({ frequency: 'W-SUN', seasonLengths: [52] });
    const steps = Object.values(bySeries(answer!)['bakery']!);
    expect([steps[13], steps[14], steps[51]]).toEqual([1, 2, 39]);
    for (const value of steps.slice(0, 13)) expect([39, null]).toContain(value);
  });

  it('a season can be said, for plain integers too', async () => {
    const y = [1, 5, 9, 1, 5, 9, 1, 5];
    const { answer } = await trial.post({ series: { a: { start: 1, y } }, seasonLength: 3, model: 'seasonalNaive', horizon: 4 });
    expect(answer!.seasonLengths).toEqual([3]);
    expect(Object.values(bySeries(answer!)['a']!)).toEqual([9, 1, 5, 9]);
    const content = `unique_id,ds,y\n${y.map((value, i) => `a,${i + 1},${value}`).join('\n')}\n`;
    const findings = await trial.stored({ name: 'steps.csv', content }, { dataset: 'c28-steps', seasonLength: 3 });
    expect(findings).toMatchObject({ frequency: '1', seasonLengths: [3] });
    await trial.train({ dataset: 'c28-steps', kind: 'seasonalNaive', horizon: 3 });
    await trial.forecast({ model: 'c28-steps-seasonalNaive' });
    const rows = await trial.exported({ dataset: 'c28-steps' });
    expect(rows.map((row) => Number(Object.values(row)[3]))).toEqual([9, 1, 5]);
    const said = await trial.cli(['seasons', 'c28-steps', 'auto']);
    expect(said).toMatchObject({ code: 0, out: expect.stringContaining('no steps') });
  });
});
