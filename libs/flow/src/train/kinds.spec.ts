import { FORECASTER_KINDS } from '@almanac/forecasting';
import { expect, it } from 'vitest';
import { MODEL_KINDS } from './kinds.js';

it('lists the kinds that the forecasting library has, no more and no less', () => {
  expect(MODEL_KINDS.map(({ kind }) => kind).sort()).toEqual([...FORECASTER_KINDS].sort());
});
