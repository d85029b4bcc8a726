/** What a run will take, said before it is queued. */
import { z } from 'zod';
import { problem, uuid } from './common.js';
import { runKind } from './runs.js';

const most = z.object({
  memoryBytes: z.number().nullable(),
  seconds: z.number().nullable(),
  cost: z.number().nullable(),
});

export const runEstimate = most
  .extend({
    kind: runKind,
    device: z.enum(['cpu', 'gpu']),
    steps: z.number().int().nullable().meta({ description: 'Optimiser steps of all fits together.' }),
    basis: z
      .enum(['history', 'assumed'])
      .meta({ description: 'Whether the time comes from runs measured here; else from a typical machine.' }),
    limits: most.meta({ description: 'What a run may take; null: no limit, or none known because no worker runs.' }),
    fits: z.boolean(),
    problem: problem.nullable().meta({ description: 'Why such a run would be refused.' }),
    likeRun: uuid.nullable().meta({ description: 'The newest run that the time was measured on.' }),
  })
  .meta({ id: 'RunEstimate' });
export type RunEstimate = z.infer<typeof runEstimate>;
