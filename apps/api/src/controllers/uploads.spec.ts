import { expect, it } from 'vitest';
import { optionsFromQuery } from './uploads.js';

it('options in a query say what those of a form say: lists of names that may hold commas, seasons, numbers, flags', () => {
  expect(
    optionsFromQuery({
      dataset: 'a',
      futureCovariates: ['"Price, EUR"', 'promo,temp'],
      closedDates: '2024-12-24,2024-12-31',
      seasonLength: '24,168',
      yearPivot: '30',
      maxRejectedShare: '.1',
      dryRun: 'true',
    }),
  ).toMatchObject({
    futureCovariates: ['Price, EUR', 'promo', 'temp'],
    closedDates: ['2024-12-24', '2024-12-31'],
    seasonLength: [24, 168],
    yearPivot: 30,
    maxRejectedShare: 0.1,
    dryRun: true,
  });
  expect(() => optionsFromQuery({ dataset: ['a', 'b'] })).toThrow(/query.dataset is given more than once/);
  expect(() => optionsFromQuery({ dataset: 'a', yearPivot: 'x' })).toThrow(/yearPivot/);
});
