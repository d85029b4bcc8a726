/** Quarters of a fiscal year are quarters, and so are their neighbours by other anchors. */
import { describe, expect, it } from 'vitest';
import { bySeries, Case } from '../support/cases.js';

const trial = new Case('01-fiscal-quarters');
const expected = trial.json<{ observations: number; gaps: number; seasonLengths: number[]; forecast: Record<string, number> }>(
  'expected.json',
);

describe('01 fiscal-quarters', () => {
  it('a file', async () => {
    const { refusal, findings } = await trial.dryRun('quarters.csv');
    expect(refusal).toBeNull();
    const { observations, gaps, seasonLengths } = expected;
    expect(findings).toMatchObject({ frequency: 'QS-MAR', observations, gaps, seasonLengths, warnings: [] });
  });

  it('a request', async () => {
    const { answer } = await trial.post(trial.json('body.json'));
    expect(answer).toMatchObject({ frequency: 'QS-MAR', seasonLengths: [4] });
    expect(bySeries(answer!)).toEqual({ plant: expected.forecast });
  });

  it.each([
    ['QE-FEB', ['2022-02-28', '2022-05-31', '2022-08-31', '2022-11-30', '2023-02-28'], '2023-05-31'],
    ['YS-APR', ['2019-04-01', '2020-04-01', '2021-04-01', '2022-04-01'], '2023-04-01'],
    ['YE-JUN', ['2019-06-30', '2020-06-30', '2021-06-30', '2022-06-30'], '2023-06-30'],
    ['2QS', ['2020-01-01', '2020-07-01', '2021-01-01', '2021-07-01'], '2022-01-01'],
    ['BME', ['2024-01-31', '2024-02-29', '2024-03-29', '2024-04-30', '2024-05-31', '2024-06-28'], '2024-07-31'],
    ['MS-15', ['2024-01-15', '2024-02-15', '2024-03-15'], '2024-04-15'],
    [
      'D-MON-SAT',
      Array.from({ length: 40 }, (_, i) => new Date(Date.UTC(2024, 0, 1 + i)))
        .filter((date) => date.getUTCDay() !== 0)
        .map((date) => date.toISOString().slice(0, 10)),
      '2024-02-10',
    ],
    [
      '15min+7min',
      [0, 1, 2, 3, 4].map((i) => `2024-01-01T0${i >> 2}:${String(7 + 15 * (i % 4)).padStart(2, '0')}:00Z`),
      '2024-01-01T01:22:00Z',
    ],
    ['D+7h', ['2024-01-01T07:00:00Z', '2024-01-02T07:00:00Z', '2024-01-03T07:00:00Z'], '2024-01-04T07:00:00Z'],
    ['6h+3h', ['2024-01-01T03:00:00Z', '2024-01-01T09:00:00Z', '2024-01-01T15:00:00Z', '2024-01-01T21:00:00Z'], '2024-01-02T03:00:00Z'],
  ])('its neighbour %s', async (frequency, ds, next) => {
    const { answer } = await trial.post({ series: { a: { ds, y: ds.map((_, i) => i) } }, horizon: 1, model: 'naive' });
    expect(answer).toMatchObject({ frequency });
    expect(answer!.columns['ds']).toEqual([next]);
  });
});
