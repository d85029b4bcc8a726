/** Ids and values that look like something else after 24,000 rows are still all there. */
import { expect, it } from 'vitest';
import { Case } from '../support/cases.js';

const trial = new Case('21-late-type-change');
const expected = trial.json<{ observations: number; series: Record<string, { length: number; sum: number }> }>('expected.json');

it('21 late-type-change', async () => {
  const findings = await trial.stored('readings.csv', { dataset: 'c21' });
  expect(findings).toMatchObject({ rowsRead: 25_000, observations: expected.observations, rowsRejected: 0, series: 5 });
  for (const [id, { length, sum }] of Object.entries(expected.series)) {
    const { y } = await trial.observations('c21', id);
    expect([id, y.length, y.reduce<number>((total, value) => total + value!, 0)]).toEqual([id, length, sum]);
  }
});
