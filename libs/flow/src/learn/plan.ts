/** The plan of a learning run. */
import { learnRequest } from '@almanac/contracts';
import { z } from 'zod';

export const learnPlan = z.object({
  ...learnRequest.shape,
  datasetVersion: z.number().int(),
  /** None: the version that comes of it has learned from all of the dataset version. */
  holdout: z.literal(0),
});
export type LearnPlan = z.infer<typeof learnPlan>;
