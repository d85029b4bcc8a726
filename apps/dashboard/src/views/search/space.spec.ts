import { expect, it } from 'vitest';
import { linesOf, plainSettings, spaceOf } from './space';

it('a space goes to text and back, and what is empty is not varied', () => {
  const space = { hidden: [32, 64], cell: ['lstm', 'gru'], 'train.learningRate': { from: 0.0005, to: 0.005 }, residual: [true, false] };
  expect(linesOf(space)).toMatchObject({ hidden: '32, 64', cell: 'lstm, gru', 'train.learningRate': '0.0005 to 0.005' });
  expect(spaceOf(linesOf(space))).toEqual(space);
  expect(spaceOf({ hidden: ' ', cell: ',', head: 'quantile' })).toEqual({ head: ['quantile'] });
  // What is no range of positive numbers is sent as it is written, and refused by name.
  expect(spaceOf({ hidden: '0 to many' })).toEqual({ hidden: ['0 to many'] });
});

it('settings of groups are named by their path; lists have no line', () => {
  expect(plainSettings({ hidden: 8, seasonLengths: [24], train: { steps: 3, learningRate: 0.1 } })).toEqual([
    'hidden',
    'train.steps',
    'train.learningRate',
  ]);
});
