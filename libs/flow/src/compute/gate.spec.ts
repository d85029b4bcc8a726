import { createForecaster, cutPanel, type Panel, scoreForecasts, targetKindsOf } from '@almanac/forecasting';
import { DEFAULT_QUANTILES } from '@almanac/series';
import { expect, it } from 'vitest';
import { compareWithChampion } from './gate.js';
import { knownAt } from './references.js';

const HORIZON = 5;
const HOLDOUT = 20;

/**
 * Small counts, not mostly 0 (those have a rule of their own): a naive forecast's lower quantiles would lie below 0, and between whole
 * numbers.
 */
const panel: Panel = {
  frequency: '1',
  timeZone: 'UTC',
  seasonLengths: [],
  series: [0, 1].map((k) => ({
    id: `s${k}`,
    firstStep: 0,
    values: Float64Array.from({ length: 90 }, (_, t) => ((t * 7919 + k) % 7 < 2 ? 0 : (t + k) % 4)),
  })),
};

it('measures forecasts of counts as they are made and reported: whole, and not below 0', async () => {
  const task = { task: 'train', panel, kind: 'drift', horizon: HORIZON, holdout: HOLDOUT, config: {}, seed: 1 } as const;
  const checkpoint = createForecaster('naive').save();
  const history = knownAt(panel, HOLDOUT, HORIZON);
  const { signal } = new AbortController();
  const gate = await compareWithChampion(
    createForecaster('drift'),
    panel,
    history,
    { ...task, champion: { version: 3, checkpoint } },
    { threads: 1, signal },
  );
  const wqlOf = async (kind: string, keeping: boolean): Promise<number> => {
    const losses = [];
    for (let back = HOLDOUT; back >= HORIZON; back -= HORIZON) {
      const known = cutPanel(panel, ({ firstStep, values }) => firstStep + values.length - 1 - back, HORIZON);
      const targets = keeping ? { targets: targetKindsOf(known.series) } : {};
      const forecasts = await createForecaster(kind).predict(known, { horizon: HORIZON, levels: DEFAULT_QUANTILES, ...targets });
      losses.push(scoreForecasts(panel, forecasts, { levels: DEFAULT_QUANTILES }).overall.wql);
    }
    return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  };
  expect(await wqlOf('drift', true)).not.toBeCloseTo(await wqlOf('drift', false), 6);
  expect(gate!.windows).toBe(HOLDOUT / HORIZON);
  expect(gate!.tests[0]!.challengerWql).toBeCloseTo(await wqlOf('drift', true), 10);
  expect(gate!.tests[0]!.otherWql).toBeCloseTo(await wqlOf('naive', true), 10);
});
