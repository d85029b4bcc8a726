/** A series taken apart: level and trend, seasons, holidays, and the rest. */
import { z } from 'zod';
import { stepTime } from './common.js';
import { changepointList, countryCode } from './datasets.js';

export const MOST_DECOMPOSED = 50_000;

export const decompositionQuery = z.object({
  steps: z.coerce
    .number()
    .int()
    .min(1)
    .max(MOST_DECOMPOSED)
    .default(2000)
    .meta({
      description: `How many of the last steps are answered. The last ${MOST_DECOMPOSED.toLocaleString('en')} are taken apart in any case.`,
    }),
  country: z
    .union([countryCode, z.literal('none')])
    .optional()
    .meta({
      description: "Whose public holidays are looked at (ISO 3166), or `none`; the country of the dataset's time zone unless given.",
    }),
});

const numbers = z.array(z.number());
/** Arrays of equal length; the parts of an observed step add up to it. */
export const decomposition = z
  .object({
    uniqueId: z.string(),
    country: countryCode.nullable().meta({ description: "Whose holidays were looked at; null: nobody's." }),
    ds: z.array(stepTime),
    y: z.array(z.number().nullable()).meta({ description: 'What was observed; null is a gap.' }),
    trend: numbers.meta({ description: 'Level and trend together.' }),
    seasons: z.array(
      z.object({
        length: z.number().int().meta({ description: 'In steps.' }),
        values: numbers,
        strength: z
          .number()
          .meta({ description: '0 to 1: how much of what level and trend leave follows this season (Wang et al. 2006).' }),
      }),
    ),
    holidays: numbers.nullable().meta({ description: 'Null where no step is a holiday.' }),
    rest: z.array(z.number().nullable()).meta({ description: 'What no part explains; null at a gap.' }),
    unseen: z.array(z.number().int()).meta({ description: 'Seasons, in steps, of which the series does not show two whole cycles.' }),
    changepoints: changepointList.shape.items,
  })
  .meta({ id: 'Decomposition' });
export type SeriesDecomposition = z.infer<typeof decomposition>;
