/** Dates that a spreadsheet turned into its own serial numbers are read as dates, and said to be. */
import { describe, expect, it } from 'vitest';
import { bySeries, Case } from '../support/cases.js';

const trial = new Case('09-excel-serial-dates');
interface Expected {
  'days.csv': { observations: number; gaps: number; forecast: Record<string, number> };
  'hours.csv': { observations: number; start: string; end: string };
}
const expected = trial.json<Expected>('expected.json');

describe('09 excel-serial-dates', () => {
  it.each([undefined, 'D'])('days are days, with frequency %s', async (frequency) => {
    const { refusal, findings } = await trial.dryRun('days.csv', frequency === undefined ? {} : { frequency });
    expect(refusal).toBeNull();
    expect(findings).toMatchObject({ frequency: 'D', observations: 70, gaps: 0, rowsRejected: 0 });
    expect(findings).toMatchObject({ start: '2024-01-01T00:00:00.000Z', end: '2024-03-10T00:00:00.000Z' });
    expect(findings!.warnings.join()).toContain('serial');
  });

  it.each([undefined, 'h'])('hours are hours, with frequency %s', async (frequency) => {
    const { refusal, findings } = await trial.dryRun('hours.csv', frequency === undefined ? {} : { frequency });
    expect(refusal).toBeNull();
    const { observations, start, end } = expected['hours.csv'];
    expect(findings).toMatchObject({ frequency: 'h', observations, gaps: 0, rowsRejected: 0 });
    expect([Date.parse(String(findings!.start)), Date.parse(String(findings!.end))]).toEqual([Date.parse(start), Date.parse(end)]);
  });

  it('the week after is forecast by its days', async () => {
    await trial.stored('days.csv', { dataset: 'c09' });
    await trial.train({ dataset: 'c09', model: 'c09-naive', kind: 'seasonalNaive', horizon: 7 });
    await trial.forecast({ model: 'c09-naive' });
    const rows = await trial.exported({ model: 'c09-naive' });
    expect(Object.fromEntries(rows.map((row) => [row['ds'], Number(row['c09-naive'])]))).toEqual(expected['days.csv'].forecast);
  });

  it('and so they are in a request', async () => {
    const lines = trial.text('days.csv').trim().split('\n').slice(1);
    const [ds, y] = [1, 2].map((at) => lines.map((line) => Number(line.split(',')[at])));
    for (const frequency of ['auto', 'D']) {
      const { answer } = await trial.post({ series: { shop: { ds, y } }, model: 'seasonalNaive', horizon: 7, frequency });
      expect(answer).toMatchObject({ frequency: 'D', warnings: [expect.stringContaining('Excel serial dates')] });
      expect(bySeries(answer!)['shop']).toEqual(expected['days.csv'].forecast);
    }
  });
});
