/** Negatives as accountants write them are negative. */
import { expect, it } from 'vitest';
import { Case } from '../support/cases.js';

const trial = new Case('22-accounting-negatives');
const expected = trial.json<{ values: number[]; sum: number }>('expected.json');

it.each([undefined, ','] as const)('22 accounting-negatives, thousands separated by %s', async (thousandsSeparator) => {
  const dataset = `c22${thousandsSeparator === undefined ? '' : '-grouped'}`;
  await trial.stored('ledger.csv', { dataset, ...(thousandsSeparator && { thousandsSeparator }) });
  expect((await trial.observations(dataset, 'cash')).y).toEqual(expected.values);
});
