import type { Panel } from '@almanac/forecasting';
import { plans } from '@almanac/forecasting/plan';
import { expect, it } from 'vitest';
import { train, trainMember, type TrainTools } from './train.js';

const tools: TrainTools = {
  threads: 1,
  report: () => undefined,
  saveState: () => undefined,
  signal: new AbortController().signal,
};

it('joins a mix whose panel gives it fewer members than its budget let expect, and skips no series', async () => {
  // Too short for any of the six networks of the budget.
  const panel: Panel = {
    frequency: 'YS',
    timeZone: 'UTC',
    seasonLengths: [],
    series: [7, 8, 9].map((length, k) => ({
      id: `s${k}`,
      firstStep: 0,
      values: Float64Array.from({ length }, (_, t) => 100 + 3 * t + k),
    })),
  };
  const config = { budget: 'best' };
  const task = { panel, kind: 'auto', horizon: 4, holdout: 4, config, seed: 1 } as const;
  const apart = plans.of('auto').apart({ config });
  expect(apart).toBe(6);
  const members = [];
  for (let member = 0; member < apart; member++) members.push(await trainMember({ ...task, task: 'member', member }, tools));
  expect(members.some(({ checkpoint }) => checkpoint === null)).toBe(true);
  const outcome = await train({ ...task, task: 'train', members }, tools);
  expect(outcome.skippedSeries).toEqual([]);
  expect(outcome.series.map(({ uniqueId }) => uniqueId)).toEqual(['s0', 's1', 's2']);
  expect(outcome.choice!.members.map(({ kind }) => kind)).not.toContain('segment');
  // Lines of three to five steps; naive has 2.5.
  expect(outcome.score.metrics['mase']).toBeLessThan(1);
});
