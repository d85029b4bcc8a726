/** Lines of units, a header in the middle, merged cells and totals are named, and make no series. */
import { describe, expect, it } from 'vitest';
import { Case } from '../support/cases.js';

const trial = new Case('20-rows-that-are-no-data');
const linesOf = (rejections: { examples: { line: number | null }[] }[]): (number | null)[] =>
  rejections.flatMap(({ examples }) => examples.map(({ line }) => line)).sort((a, b) => a! - b!);

describe('20 rows-that-are-no-data', () => {
  it('units below the header', async () => {
    const { refusal, findings } = await trial.dryRun('units.csv', { maxRejectedShare: 0.1 });
    expect(refusal).toBeNull();
    expect(findings).toMatchObject({ observations: 30, rowsRejected: 2, start: '1999-07-15T00:00:00.000Z' });
    expect(linesOf(findings!.rejections)).toEqual([2, 3]);
  });

  it('the header again in the middle', async () => {
    const { refusal, findings } = await trial.dryRun('header-again.csv', { maxRejectedShare: 0.05 });
    expect(refusal).toBeNull();
    expect(findings).toMatchObject({ series: 2, observations: 60, rowsRejected: 1 });
    expect(linesOf(findings!.rejections)).toEqual([32]);
  });

  it.each([0, 1])('a pivot is refused, whatever share of rows may be rejected (%s)', async (maxRejectedShare) => {
    const { refusal, findings } = await trial.upload('pivot.csv', { dataset: 'c20-pivot', maxRejectedShare });
    expect(findings).toBeNull();
    expect(refusal).toMatchObject({ code: 'ID_MISSING', words: expect.stringMatching(/ID_MISSING 33.*TIMESTAMP_MISSING 4/) });
  });
});
