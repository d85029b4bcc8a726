/** The plan of a search: a request with everything decided that its run rests on, the training of the winner among it. */
import { searchChoices, searchRequest, uuid } from '@almanac/contracts';
import { z } from 'zod';
import { trainPlan } from '../train/plan.js';

export const searchPlan = z.object({
  ...searchRequest.shape,
  kind: z.string(),
  /** Every setting of the kind; candidates differ from it by what the space varies. */
  config: z.record(z.string(), z.unknown()),
  space: searchChoices,
  trials: z.number().int(),
  steps: z.number().int(),
  /** Where the settings have their number of steps. */
  stepsPath: z.string(),
  stepSize: z.number().int(),
  /** Of the winner, whose settings take the place of those in it. */
  training: trainPlan,
  /** The cancelled or failed search whose trials it goes on from. */
  resumes: uuid.optional(),
});
export type SearchPlan = z.infer<typeof searchPlan>;
