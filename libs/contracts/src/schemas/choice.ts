/** What a model that is made of others has chosen, in words. */
import { z } from 'zod';

export const modelChoice = z
  .object({
    summary: z.string(),
    members: z.array(
      z.object({
        label: z.string().meta({ description: 'The kind, with a number where there are several, or the season that it repeats.' }),
        kind: z.string(),
        share: z.number().meta({ description: 'Of the mix for a series of which nothing else is known, 0 to 1.' }),
        loss: z.number().nullable().meta({
          description:
            'Its loss relative to that of all together, on steps that were held back; null where that could not be measured fairly.',
        }),
        why: z.string(),
      }),
    ),
  })
  .meta({ id: 'ModelChoice' });
export type ModelChoice = z.infer<typeof modelChoice>;
