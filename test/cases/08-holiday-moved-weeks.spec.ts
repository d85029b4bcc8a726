/** A few rows off the rhythm are named with the ways to keep them; they do not make the grid seven times as fine. */
import { describe, expect, it } from 'vitest';
import { Case, day } from '../support/cases.js';

const trial = new Case('08-holiday-moved-weeks');
const lines = Object.entries(trial.json<{ 'lines off the grid': Record<string, string> }>('expected.json')['lines off the grid']);

describe('08 holiday-moved-weeks', () => {
  it.each(['auto', 'W-MON'])('names the rows with frequency %s, and what to do about them', async (frequency) => {
    const { refusal, findings } = await trial.dryRun('weekly.csv', { frequency });
    expect(findings).toMatchObject({ frequency: 'W-MON', rowsRejected: 3 });
    expect(refusal!.code).toBe('OFF_GRID');
    for (const [line, date] of lines) expect(refusal!.words).toContain(`line ${line} (report ${date})`);
    expect(refusal!.words).toMatch(/3 of 104 rows .*W-MON.* aggregation.*last.* D/s);
  });

  it('gathers them in their weeks when asked to', async () => {
    const findings = await trial.stored('weekly.csv', { dataset: 'c08', frequency: 'W-MON', aggregation: 'last' });
    expect(findings).toMatchObject({ observations: 104, gaps: 0, rowsRejected: 0 });
    await trial.train({ dataset: 'c08', kind: 'naive', horizon: 1 });
    await trial.forecast({ model: 'c08-naive' });
    expect((await trial.exported({ dataset: 'c08' })).map((row) => day(row['ds']!))).toEqual(['2024-01-01']);
  });

  it('keeps every date apart when asked to', async () => {
    const { refusal, findings } = await trial.dryRun('weekly.csv', { frequency: 'D' });
    expect(refusal).toBeNull();
    expect(findings).toMatchObject({ frequency: 'D', gaps: 618 });
    expect(findings!.warnings.join()).toMatch(/7 steps of D after the one before/);
  });

  it.each([
    ['a row in 2608', '2608-01-05'],
    ['a slip of ten years', '2012-01-03'],
  ])('%s is named', async (_, date) => {
    const content = `unique_id,ds,y\n${trial
      .text('weekly.csv')
      .trim()
      .split('\n')
      .slice(1)
      .filter((row) => !lines.some(([, off]) => row.includes(off)))
      .join('\n')}\nreport,${date},1\n`;
    const { refusal } = await trial.dryRun({ name: 'slip.csv', content });
    expect(refusal!.words).toContain(date);
  });
});
