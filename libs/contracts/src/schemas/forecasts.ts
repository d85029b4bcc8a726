/** Forecasts: asked for by model, stored per run, series and cutoff, read as JSON or CSV. */
import { z } from 'zod';
import { givenTime, name, pageOf, pageQuery, seriesIds, stepTime, uniqueId, uuid, versionNumber } from './common.js';

/** `flights`, `flights@challenger`, `flights/3` or `models:/flights@champion`; the champion by default. */
export const modelReference = z
  .string()
  .regex(/^(models:\/)?[A-Za-z0-9][A-Za-z0-9._-]{0,99}(@[a-z]+|\/\d+)?$/, 'must be NAME, NAME@ALIAS or NAME/VERSION, e.g. flights@champion')
  .meta({ example: 'models:/flights-segment@champion' });

/** @param say what is wrong with a number, for whoever wrote it */
const numberWithin = (above: number, below: number, say: (given: number) => string): z.ZodNumber => {
  const error = ({ input }: { input?: unknown }): string | undefined => (typeof input === 'number' ? say(input) : undefined);
  return z.number().gt(above, { error }).lt(below, { error });
};
const exact = (value: number): number => Number(value.toPrecision(12));
const likelyShare = (given: number): string => (given > 1 && given < 100 ? `; did you mean ${exact(given / 100)}?` : '');

/** In percent. A share, as 0.8, is a slip that would make an interval of next to no width, so levels below 1 are refused. */
export const percentLevel = numberWithin(
  0,
  100,
  (given) => `the level ${given} is not between 0 and 100: levels of intervals are percents, e.g. 80`,
).refine((given) => given >= 1 || given <= 0, {
  error: ({ input }) =>
    `the level ${String(input)} is below 1, and levels of intervals are percents; did you mean ${exact(100 * Number(input))}?`,
});

export const quantileLevels = z
  .array(numberWithin(0, 1, (given) => `the quantile level ${given} is not between 0 and 1${likelyShare(given)}`))
  .min(1)
  .max(99)
  .refine((levels) => levels.every((level, index) => index === 0 || level > (levels[index - 1] ?? 0)), 'levels must ascend');

export const covariateFill = z.enum(['none', 'zero', 'last']).meta({
  description:
    'What a hole of a future covariate within the horizon means. `none`: it is refused by its name. `zero`: 0. `last`: the last known value still holds.',
});
export type CovariateFill = z.infer<typeof covariateFill>;

/** Notes that a reader of the forecast needs. */
export const forecastNote = z
  .object({ code: z.string().meta({ description: 'Stable.', example: 'SPREAD_BORROWED' }), detail: z.string() })
  .meta({ id: 'ForecastNote' });
export type ForecastNote = z.infer<typeof forecastNote>;

export const forecastRequest = z
  .object({
    model: modelReference,
    horizon: z.number().int().positive().max(10_000).optional().meta({ description: "The model's own unless given." }),
    uniqueIds: z.array(uniqueId).optional().meta({ description: 'Every series of the dataset unless given.' }),
    search: z.string().min(1).optional().meta({ description: 'Only series whose id contains this, as when series are listed.' }),
    where: z
      .record(z.string(), z.union([z.string(), z.number()]))
      .optional()
      .meta({ description: 'Only series whose static covariates have these values.', example: { region: 'north' } }),
    datasetVersion: versionNumber.optional(),
    cutoff: givenTime.optional().meta({ description: 'Last observation the forecast may use; the end of each series unless given.' }),
    covariateFill: covariateFill.default('none'),
    attention: z.boolean().default(false),
    contributions: z.boolean().default(false).meta({
      description: 'Store what each forecast is made of, too: some hundred forecasts more for each series, so for 1,000 series at most.',
    }),
    calibrate: z.boolean().default(true).meta({
      description: 'Widen or narrow the intervals of each series by what monitoring has learned from the outcomes of earlier forecasts.',
    }),
  })
  .meta({ id: 'ForecastRequest' });
export type ForecastRequest = z.infer<typeof forecastRequest>;
export type ForecastRequestInput = z.input<typeof forecastRequest>;

export const forecast = z
  .object({
    runId: uuid,
    model: name,
    version: z.number().int(),
    uniqueId: z.string(),
    cutoff: stepTime,
    ds: z.array(stepTime),
    levels: z.array(z.number()),
    quantiles: z
      .array(z.array(z.number().nullable()))
      .meta({ description: 'One array over the horizon for each level; null where it is not known, which `notes` says why.' }),
    final: z.array(z.array(z.number().nullable())).nullable().default(null).meta({
      description: 'The quantiles with the overrides of planners; null where there is none. `quantiles` stay what the model said.',
    }),
    notes: z.array(forecastNote).default([]),
    calibration: z
      .string()
      .nullable()
      .meta({ description: "sha256 of the learned widths that were applied; null: the model's own intervals." }),
  })
  .meta({ id: 'Forecast' });
export type Forecast = z.infer<typeof forecast>;
export const forecastPage = pageOf(forecast);

export const forecastsQuery = pageQuery.extend({
  dataset: name.optional(),
  model: name.optional(),
  uniqueId: seriesIds.optional(),
  runId: uuid.optional().meta({ description: 'One run instead of the latest forecast of each series.' }),
  history: z.stringbool().default(false).meta({ description: 'Every stored forecast of each series, the oldest cutoff first.' }),
});
export const seriesForecastsQuery = pageQuery.extend({ model: name.optional() });
/** Columns: unique_id, ds, cutoff, <model>, <model>-lo-90, <model>-hi-90, … */
export const forecastsCsvQuery = forecastsQuery.omit({ after: true, limit: true });

export const attentionMaps = z
  .object({
    runId: uuid,
    uniqueId: z.string(),
    contextLength: z.number().int(),
    columnSteps: z.number().int(),
    /** Start of each look-back column and of each horizon step. */
    columns: z.array(stepTime),
    rows: z.array(stepTime),
    maps: z.record(z.string(), z.array(z.array(z.number()))),
    branches: z.array(z.string()),
    gate: z.array(z.array(z.number())),
  })
  .meta({ id: 'AttentionMaps' });
export type AttentionMapsResource = z.infer<typeof attentionMaps>;
