/** What the gaps of stored series would have held, and values that are unlike the others; nothing of it is stored. */
import { z } from 'zod';
import { pageOf, pageQuery, stepTime, uniqueId } from './common.js';
import { percentLevel } from './forecasts.js';

/** Each series of a page is taken apart anew. */
const limit = z.coerce.number().int().min(1).max(100).default(100);

export const gapsQuery = pageQuery.extend({
  limit,
  uniqueId: uniqueId.optional().meta({ description: 'Only this series.' }),
  level: z.coerce.number().pipe(percentLevel).default(80).meta({ description: 'Prediction interval, in percent.' }),
});
export const filledSeries = z.object({
  uniqueId: z.string(),
  ds: z.array(stepTime).meta({ description: 'The steps between its first and last observation that have none.' }),
  median: z.array(z.number()),
  lower: z.array(z.number()),
  upper: z.array(z.number()),
  unfilled: z.number().int().meta({ description: 'Gaps that were left: too little was observed.' }),
});
export const filledPage = pageOf(filledSeries).meta({ id: 'FilledGaps' });
export type FilledSeries = z.infer<typeof filledSeries>;

export const unusualQuery = pageQuery.extend({
  limit,
  uniqueId: uniqueId.optional().meta({ description: 'Only this series.' }),
  threshold: z.coerce
    .number()
    .min(2)
    .max(100)
    .default(5)
    .meta({ description: 'How far a value is from what level, trend, seasons and holidays say, in usual deviations.' }),
});
export const unusualSeries = z.object({
  uniqueId: z.string(),
  values: z.array(
    z.object({
      ds: stepTime,
      value: z.number(),
      expected: z.number(),
      score: z.number().meta({ description: 'Distance in usual deviations of this phase of the season; negative below.' }),
    }),
  ),
});
export const unusualPage = pageOf(unusualSeries).meta({ id: 'UnusualValues' });
export type UnusualSeries = z.infer<typeof unusualSeries>;
