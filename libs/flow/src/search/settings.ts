/** A plan in the words of the library that halves. */
import type { SearchSettings } from '@almanac/forecasting/plan';
import type { SearchPlan } from './plan.js';

export const halvingOf = ({ kind, config, space, trials, steps, stepsPath, seed }: SearchPlan): SearchSettings => ({
  space: { kind, config, choices: space },
  trials,
  steps,
  stepsPath,
  seed,
});
