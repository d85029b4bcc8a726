/** Online learning: the shadow of a model learns from what was observed since, and takes its place once it is better. */
import { z } from 'zod';
import { name } from './common.js';
import { stepsLeftOut } from './runs.js';

export const learnRequest = z
  .object({ model: name.meta({ description: 'A model of the kind `online`; its champion goes on learning.' }) })
  .meta({ id: 'LearnRequest' });
export type LearnRequest = z.infer<typeof learnRequest>;
export type LearnRequestInput = z.input<typeof learnRequest>;

export const learnResult = z
  .object({
    model: name,
    from: z.number().int().meta({ description: 'The champion whose shadow learned.' }),
    version: z.number().int().nullable().meta({ description: 'The new champion; null where there is none.' }),
    outcome: z.enum(['kept', 'promoted', 'superseded']).meta({
      description:
        '`kept`: the shadow goes on learning; `superseded`: another version became champion meanwhile, what was learned is dropped.',
    }),
    reason: z.string(),
    datasetVersion: z.number().int(),
    series: z.number().int(),
    observations: z.number().int(),
    promotedSeries: z.number().int(),
    rolledBackSeries: z
      .number()
      .int()
      .meta({ description: 'Series whose shadow had become worse or broken, and starts again from the champion.' }),
    pinball: z
      .object({ champion: z.number(), shadow: z.number() })
      .nullable()
      .meta({ description: 'Mean one-step pinball loss of both on what was observed.' }),
    state: z.string().nullable().meta({ description: 'Object that holds the shadows for the next run.' }),
    partialSteps: stepsLeftOut,
  })
  .meta({ id: 'LearnResult' });
export type LearnResult = z.infer<typeof learnResult>;
