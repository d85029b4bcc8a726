/** Months by their names in the languages that `Intl` knows. */
import { describe, expect, it } from 'vitest';
import { Case } from '../support/cases.js';

const trial = new Case('12-german-month-names');

describe('12 german-month-names', () => {
  it.each([0, 0.5])('are months, whatever share of rows may be rejected (%s)', async (maxRejectedShare) => {
    const { refusal, findings } = await trial.dryRun('monate.csv', { maxRejectedShare });
    expect(refusal).toBeNull();
    expect(findings).toMatchObject({ frequency: 'MS', observations: 36, gaps: 0, rowsRejected: 0 });
    expect(findings).toMatchObject({ start: '2021-01-01T00:00:00.000Z', end: '2023-12-01T00:00:00.000Z' });
  });

  it('and so they are in a request', async () => {
    const lines = trial.text('monate.csv').trim().split('\n').slice(1);
    const [ds, y] = [lines.map((line) => line.split(';')[1]), lines.map((line) => Number(line.split(';')[2]))];
    const { answer } = await trial.post({ series: { werk: { ds, y } }, model: 'naive', horizon: 1 });
    expect(answer).toMatchObject({ frequency: 'MS', columns: { ds: ['2024-01-01'], cutoff: ['2023-12-01'] } });
  });
});
