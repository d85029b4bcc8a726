import { searchRequest, trainRequest } from '@almanac/contracts';
import { expect, it } from 'vitest';
import { searchAsAsked, trainingAsAsked } from './asAsked';

const search = 'f0f75e3c-1d2e-4f57-9d70-0c5ce1b1f1aa';

it('a training is asked for again without what was decided for it', () => {
  const plan = { dataset: 'sales', kind: 'segment', horizon: 24, seed: 3, judged: 12, search, resumes: search, config: { hidden: 8 } };
  expect(trainRequest.strict().parse(trainingAsAsked(plan))).toMatchObject({ config: { hidden: 8 }, seed: 3 });
  const train = { steps: 60, learningRate: 0.001 };
  const started = { ...plan, startFrom: 'sales/2', startVersionId: search, config: { hidden: 8, train } };
  expect(trainRequest.strict().parse(trainingAsAsked(started))).toMatchObject({ startFrom: 'sales/2', config: { train } });
  expect(trainingAsAsked(started).config).toEqual({ train });
});

it('a search is asked for again with its own settings, and with its budget instead of what that came to', () => {
  const plan = {
    ...{
      dataset: 'sales',
      kind: 'segment',
      trials: 9,
      steps: 300,
      stepsPath: 'train.steps',
      stepSize: 24,
      config: { hidden: 8, cell: 'gru' },
    },
    ...{ space: { hidden: [8, 16] }, training: { config: { cell: 'gru' } }, resumes: search },
  };
  expect(searchRequest.strict().parse(searchAsAsked(plan))).toMatchObject({
    trials: 9,
    config: { cell: 'gru' },
    space: { hidden: [8, 16] },
  });
  const budgeted = searchRequest.strict().parse(searchAsAsked({ ...plan, budgetMinutes: 5 }));
  expect(budgeted).toMatchObject({ budgetMinutes: 5 });
  expect(budgeted.trials).toBeUndefined();
});
