/** Sums of stored forecasts over steps and series, and the sampled paths that they are made of. */
import { z } from 'zod';
import { givenTime, name, stepTime, uniqueId, uuid } from './common.js';
import { forecastNote, percentLevel } from './forecasts.js';
import { dependence } from './models.js';

const pathCount = z.number().int().min(100).max(10_000);
const seed = z.number().int().min(0).max(4_294_967_295);

export const totalsRequest = z
  .object({
    runId: uuid.optional().meta({ description: 'Of this forecast run.' }),
    model: name.optional().meta({ description: 'Of the latest forecast run of this model.' }),
    uniqueIds: z.array(uniqueId).min(1).optional().meta({ description: 'Every series of the run unless given.' }),
    search: z.string().min(1).optional(),
    where: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
    by: z.string().min(1).optional().meta({ description: 'A static covariate: one sum for each of its values.', example: 'region' }),
    from: givenTime.optional().meta({ description: 'First step of the sum; the first that is forecast unless given.' }),
    to: givenTime.optional().meta({ description: 'Last step of the sum; the last that is forecast unless given.' }),
    every: z.number().int().positive().optional().meta({ description: 'One sum for each so many steps, e.g. 7 of daily data for weeks.' }),
    level: z.array(percentLevel).min(1).max(20).default([80, 95]).meta({ description: 'Prediction intervals, in percent.' }),
    paths: pathCount.default(1000),
    seed: seed.default(1),
  })
  .refine(({ runId, model }) => (runId === undefined) !== (model === undefined), 'give runId or model, one of them')
  .meta({ id: 'TotalsRequest' });
export type TotalsRequest = z.infer<typeof totalsRequest>;

const dependenceUsed = dependence.extend({
  basis: z.enum(['measured', 'assumed']).meta({ description: 'Whether it was measured on steps that the model version held out.' }),
});

export const totals = z
  .object({
    runId: uuid,
    model: name,
    version: z.number().int(),
    paths: z.number().int(),
    seed: z.number().int(),
    dependence: dependenceUsed,
    items: z.array(
      z.object({
        group: z.string().nullable().meta({ description: 'The value of `by`; null without it, and for series that have none.' }),
        series: z.number().int(),
        from: stepTime,
        to: stepTime,
        steps: z.number().int(),
        median: z.number().nullable(),
        mean: z.number().nullable(),
        intervals: z.array(z.object({ level: z.number(), lower: z.number().nullable(), upper: z.number().nullable() })),
      }),
    ),
    notes: z.array(forecastNote),
  })
  .meta({ id: 'Totals' });
export type Totals = z.infer<typeof totals>;

export const pathsQuery = z.object({
  uniqueId: uniqueId,
  count: z.coerce.number().pipe(pathCount).default(500),
  seed: z.coerce.number().pipe(seed).default(1),
});
export const paths = z
  .object({
    runId: uuid,
    model: name,
    version: z.number().int(),
    uniqueId: z.string(),
    cutoff: stepTime,
    ds: z.array(stepTime),
    seed: z.number().int(),
    dependence: dependenceUsed,
    paths: z.array(z.array(z.number().nullable())).meta({ description: 'One array over the horizon for each path.' }),
  })
  .meta({ id: 'ForecastPaths' });
export type ForecastPaths = z.infer<typeof paths>;
