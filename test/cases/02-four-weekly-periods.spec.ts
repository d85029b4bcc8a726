/** A period of four weeks is a step, and thirteen of them are a season. */
import { describe, expect, it } from 'vitest';
import { bySeries, Case } from '../support/cases.js';

const trial = new Case('02-four-weekly-periods');
const expected = trial.json<{ observations: number; gaps: number; season: number; forecast: Record<string, number> }>('expected.json');

describe('02 four-weekly-periods', () => {
  it.each(['auto', '4W-MON', '28D'])('a file, with frequency %s', async (frequency) => {
    const { refusal, findings } = await trial.dryRun('periods.csv', { frequency });
    expect(refusal).toBeNull();
    const { observations, gaps, season } = expected;
    expect(findings).toMatchObject({ observations, gaps, seasonLengths: [season], warnings: [] });
    expect(findings!.frequency).toMatch(/^4W-MON/);
  });

  it('a request', async () => {
    const { answer } = await trial.post(trial.json('body.json'));
    expect(answer!.seasonLengths).toEqual([13]);
    expect(bySeries(answer!)).toEqual({ chain: expected.forecast });
  });
});
