/** Cutoffs are counted back from the end, and the first scored step is the one after. */
import { backtestResult } from '@almanac/contracts';
import { beforeAll, describe, expect, it } from 'vitest';
import { Case, day } from '../support/cases.js';

const trial = new Case('37-backtest-cutoffs');
const expected = trial.json<Record<string, string[]>>('expected.json');

describe('37 backtest-cutoffs', () => {
  beforeAll(async () => {
    await trial.stored('ramp.csv', { dataset: 'c37' });
    await trial.stored('ramp-and-short.csv', { dataset: 'c37-short' });
  });

  it.each([
    [1, 'horizon 7, 3 windows, step 1'],
    [undefined, 'horizon 7, 3 windows, step left out'],
  ])('step %s', async (stepSize, wanted) => {
    const raw = await trial.backtest({
      dataset: 'c37',
      models: [{ kind: 'naive' }],
      horizon: 7,
      windows: 3,
      ...(stepSize && { stepSize }),
    });
    const { windows, models } = backtestResult.parse(raw);
    expect(windows.map(day)).toEqual(expected[wanted]);
    const naive = models.find(({ score }) => score.kind === 'naive')!;
    for (const { mae, rmse } of naive.windows) {
      expect(mae).toBeCloseTo(4, 9);
      expect(rmse).toBeCloseTo(4.472136, 6);
    }
    const seasonal = models.find(({ score }) => score.kind === 'seasonalNaive')!;
    for (const { mae, mase } of seasonal.windows) {
      expect(mae).toBeCloseTo(7, 9);
      expect(mase).toBeCloseTo(1, 9);
    }
  });

  it('a series that ended before the cutoffs takes nothing from the others', async () => {
    const raw = await trial.backtest({ dataset: 'c37-short', models: [{ kind: 'naive' }], horizon: 7, windows: 3, stepSize: 1 });
    const page = await trial.client.call('listBacktestSeries', {
      params: { runId: String(raw['runId']) },
      query: { label: 'naive' } as never,
    });
    const ramp = page.items.find(({ uniqueId }) => uniqueId === 'ramp')!;
    expect(ramp.observations).toBe(21);
    expect(ramp.mae).toBeCloseTo(4, 9);
  });
});
