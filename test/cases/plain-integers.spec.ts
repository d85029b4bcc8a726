/** A series on plain integers has integers everywhere: steps are no milliseconds of 1970. Neighbours of case 36. */
import { backtestResult, trainResult } from '@almanac/contracts';
import { beforeAll, describe, expect, it } from 'vitest';
import { Case } from '../support/cases.js';

const trial = new Case('36-newest-first');
const dataset = 'plain-integers';
const STEPS = Array.from({ length: 60 }, (_, i) => i - 20);
const HEAD = 'unique_id,ds,y\n';
const content = HEAD + STEPS.map((step) => `a,${step},${10 + (step % 3)}\n`).join('');

describe('plain integers', () => {
  beforeAll(async () => {
    const findings = await trial.stored({ name: 'steps.csv', content }, { dataset });
    expect([findings.frequency, findings.start, findings.end]).toEqual(['1', -20, 39]);
    const result = trainResult.parse(await trial.train({ dataset, kind: 'naive', model: 'plain-naive', horizon: 5 }));
    expect([result.holdout.start, result.holdout.end].every((time) => Number.isInteger(time))).toBe(true);
  });

  it('are what was uploaded, wherever they are read', async () => {
    expect((await trial.observations(dataset, 'a')).ds).toEqual(STEPS);
    const { items } = await trial.client.call('listSeries', { params: { dataset }, query: {} });
    expect(items.map(({ start, end }) => [start, end])).toEqual([[-20, 39]]);
    const { start, end } = await trial.client.call('getDataset', { params: { dataset } });
    expect([start, end]).toEqual([-20, 39]);
    const part = await trial.client.call('getObservations', { params: { dataset, uniqueId: 'a' }, query: { from: -1, to: 2 } as never });
    expect(part.ds).toEqual([-1, 0, 1, 2]);
  });

  it('are forecast from a whole number on, and a date is refused by name', async () => {
    await trial.forecast({ model: 'plain-naive', cutoff: 0 });
    const { items } = await trial.client.call('latestForecasts', { query: { dataset, model: 'plain-naive', history: true } as never });
    expect(items.map(({ cutoff, ds }) => [cutoff, ds])).toContainEqual([0, [1, 2, 3, 4, 5]]);
    await expect(
      trial.client.call('forecast', { body: { model: 'plain-naive', cutoff: '1970-01-01T00:00:00.010Z' } as never }),
    ).rejects.toMatchObject({
      problem: { code: 'TIME_INVALID', hint: expect.stringContaining('whole number') as string },
    });
  });

  it('have no holidays', async () => {
    expect((await trial.client.call('listHolidays', { params: { dataset }, query: { country: 'DE' } as never })).items).toEqual([]);
  });

  it('are the cutoffs of a backtest', async () => {
    const { windows } = backtestResult.parse(await trial.backtest({ dataset, models: [{ kind: 'naive' }], horizon: 5, windows: 3 }));
    expect(windows).toEqual([24, 29, 34]);
  });

  it('are exported, and the export is a file again', async () => {
    await trial.forecast({ model: 'plain-naive' });
    const rows = await trial.exported({ dataset, model: 'plain-naive' });
    expect(rows.map((row) => [row['ds'], row['cutoff']])).toEqual([40, 41, 42, 43, 44].map((ds) => [String(ds), '39']));
    const again = HEAD + rows.map((row) => `${row['unique_id']},${row['ds']},${row['plain-naive']}\n`).join('');
    await trial.stored({ name: 'again.csv', content: again }, { dataset });
    expect((await trial.observations(dataset, 'a')).ds).toEqual([...STEPS, 40, 41, 42, 43, 44]);
  });

  it('are numbers on the command line', async () => {
    const [series, datasets] = [await trial.cli(['series', dataset]), await trial.cli(['datasets'])];
    expect(series.out).toMatch(/-20 +4[34]|-20 +39/);
    expect(`${series.out}${datasets.out.split('\n').find((line) => line.includes(dataset))}`).not.toContain('1970');
  });
});
